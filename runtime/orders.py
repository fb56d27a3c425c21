"""From an intent to the requests that carry it out, rounded toward safety, or the reason why none can."""

from dataclasses import dataclass
from decimal import Decimal, localcontext

from machines.intents import Buy, CancelOpen, Direction, Enter, Leave, MoveStop, Sell, Urgency
from runtime.decimals import DOWNWARDS, ONE, ZERO, plain, readable
from runtime.instrument import Instrument, Market
from runtime.order_form import OrderForm, whole
from runtime.order_id import Naming
from runtime.requests import CancelOrder, ChangeStop, PlaceOrder, Request, SetLeverage, Side
from runtime.reservations import Reservation
from runtime.sizing import AccountView, Checked, Limit, Size, cap_by_margin, entry_size, margin_of, stop_price

__all__ = ["UNCHECKED", "Checked", "Naming", "Plannable", "Planned", "Unplannable", "plan", "wanted_notional"]

Plannable = Enter | Buy | Sell | Leave | MoveStop | CancelOpen
UNCHECKED = Checked()


@dataclass(frozen=True, slots=True)
class Planned:
    """Requests in the order in which to send them, what they will spend, and what made them smaller.

    There are no requests where everything is already as it was asked for.
    """

    requests: tuple[Request, ...]
    limits: tuple[Limit, ...] = ()
    reservation: Reservation | None = None


@dataclass(frozen=True, slots=True)
class Unplannable:
    """No order can do this, with the reason as a sentence."""

    reason: str
    limits: tuple[Limit, ...] = ()


def wanted_notional(intent: Plannable, instrument: Instrument, price: Decimal, view: AccountView) -> Decimal:
    """Give the notional that an intent asks for before any check, in quote coin; 0 for what only takes risk away."""
    with localcontext(DOWNWARDS):
        if isinstance(intent, Buy):
            return intent.amount
        if isinstance(intent, Enter) and _entry_problem(intent, instrument, price, view) is None:
            return entry_size(intent, instrument, price, view).notional
        return ZERO


def plan(
    intent: Plannable,
    instrument: Instrument,
    price: Decimal,
    view: AccountView,
    naming: Naming,
    checked: Checked = UNCHECKED,
) -> Planned | Unplannable:
    """Turn one intent into requests at a reference price.

    Checks make entries and purchases smaller; what takes risk away always passes whole.
    """
    with localcontext(DOWNWARDS):
        return _Planner(instrument, price, view, naming).plan(intent, checked)


class _Planner:
    """Everything that one plan looks at."""

    def __init__(self, instrument: Instrument, price: Decimal, view: AccountView, naming: Naming) -> None:
        self._instrument, self._price, self._view, self._naming = instrument, price, view, naming

    @property
    def _form(self) -> OrderForm:
        return OrderForm(self._view.account, self._instrument, self._naming, self._view.slippage_cap)

    def plan(self, intent: Plannable, checked: Checked) -> Planned | Unplannable:
        """Choose what to plan by the kind of intent."""
        match intent:
            case CancelOpen():
                return self.cancel_open()
            case _ if not self._price > 0:
                return self.no(f"a price of {plain(self._price)} is no price to trade at.")
            case Enter():
                return self.enter(intent, checked)
            case Buy():
                return self.buy(intent, checked)
            case MoveStop():
                return self.move_stop(intent)
            case _:
                return self._take_off(intent)

    def enter(self, intent: Enter, checked: Checked) -> Planned | Unplannable:
        """Open at the market with the stop attached; the leverage goes first where it isn't set yet."""
        instrument, view = self._instrument, self._view
        problem = _entry_problem(intent, instrument, self._price, view)
        if problem is not None:
            return self.no(problem)
        leverage = max(ONE, min(intent.leverage, instrument.maximum_leverage))
        size = entry_size(intent, instrument, self._price, view)
        size.check(checked)
        cap_by_margin(size, instrument, view, leverage)
        quantity = instrument.quantity_down(size.amount)
        problem = self._too_small(quantity, quantity * self._price)
        if problem is not None:
            return self.no(problem, size.limits)
        side = Side.BUY if intent.direction is Direction.LONG else Side.SELL
        stop = stop_price(intent.direction, self._price, intent.stop_distance, instrument)
        order = self._form.market(side, quantity, Urgency.NORMAL, stop_loss=stop)
        margin = min(margin_of(quantity * self._price, instrument, leverage, view.slippage_cap), view.available)
        return self._spending(order, instrument.quote, margin, size.limits, self._leverage_first(leverage))

    def buy(self, intent: Buy, checked: Checked) -> Planned | Unplannable:
        """Spend an amount of quote coin: at the market, or as a maker at the best bid."""
        instrument, available = self._instrument, self._view.available
        if instrument.market is not Market.SPOT:
            return self.no("a purchase is for spot; a perpetual is entered with a stop instead.")
        size = Size(intent.amount, ONE, instrument.quote)
        size.check(checked)
        size.cap("cash", available, f"{readable(available)} {instrument.quote} of the account is not spoken for")
        if intent.urgency is Urgency.PATIENT:
            return self._patient_purchase(size)
        amount = instrument.quote_down(size.amount)
        problem = self._too_small(instrument.quantity_down(amount / self._price), amount)
        if problem is not None:
            return self.no(problem, size.limits)
        return self._spending(self._form.market_purchase(amount, intent.urgency), instrument.quote, amount, size.limits)

    def sell(self, amount: Decimal | None, urgency: Urgency) -> Planned | Unplannable:
        """Sell for an amount of quote coin, or everything that is free."""
        instrument, free = self._instrument, self._view.free
        if instrument.market is not Market.SPOT:
            return self.no("a sale is for spot; a perpetual position is left instead.")
        price = self._maker_price(Side.SELL) if urgency is Urgency.PATIENT else self._price
        size = Size(free if amount is None else amount / price, price, instrument.quote)
        if amount is not None:
            size.cap("free", free * price, f"{readable(free)} {instrument.base} of the account is not spoken for")
        quantity = instrument.quantity_down(size.amount)
        problem = self._too_small(quantity, quantity * price)
        if problem is not None:
            return self.no(problem, size.limits)
        order = self._closing(Side.SELL, quantity, urgency)
        return self._spending(order, instrument.base, quantity, size.limits)

    def leave(self, urgency: Urgency) -> Planned | Unplannable:
        """Close everything; on a perpetual the order can only reduce, and no size is too small for that."""
        if self._instrument.market is Market.SPOT:
            return self.sell(None, urgency)
        held = self._view.position.quantity
        quantity = self._instrument.quantity_down(abs(held))
        if not quantity:
            return self.no("nothing is held, so there is nothing to leave.")
        return Planned((self._closing(Side.SELL if held > 0 else Side.BUY, quantity, urgency),))

    def move_stop(self, intent: MoveStop) -> Planned | Unplannable:
        """Tighten the stop in place, or anchor it; where it is there already, or would be loosened, ask for nothing."""
        direction = self._view.position.direction
        if direction is None:
            return self.no("nothing is held, so there is no stop to move.")
        stop, limits = moved_stop(intent, direction, self._view.stop, self._instrument, self._price)
        if stop is None:
            return Planned((), limits)
        return Planned((ChangeStop(self._view.account, self._instrument.symbol, stop),), limits)

    def cancel_open(self) -> Planned:
        """Take back every open order of the symbol."""
        account, market, symbol = self._view.account, self._instrument.market, self._instrument.symbol
        return Planned(tuple(CancelOrder(name, account, market, symbol) for name in self._view.open_orders))

    def no(self, problem: str, limits: list[Limit] | None = None) -> Unplannable:
        """Refuse with the problem and with what made the order so small."""
        made_smaller = tuple(limits or ())
        because = "".join(f" ({limit.text})" for limit in made_smaller)
        return Unplannable(f"{self._view.account} {self._instrument.symbol}: {problem}{because}", made_smaller)

    def _take_off(self, intent: Sell | Leave) -> Planned | Unplannable:
        if isinstance(intent, Sell):
            return self.sell(intent.amount, intent.urgency)
        return self.leave(intent.urgency)

    def _patient_purchase(self, size: Size) -> Planned | Unplannable:
        price = self._maker_price(Side.BUY)
        if not price > 0:
            return self.no(f"a bid of {plain(price)} is no price to buy at.", size.limits)
        quantity = self._instrument.quantity_down(size.amount / price)
        problem = self._too_small(quantity, quantity * price)
        if problem is not None:
            return self.no(problem, size.limits)
        order = self._form.maker(Side.BUY, quantity, price)
        return self._spending(order, self._instrument.quote, quantity * price, size.limits)

    def _closing(self, side: Side, quantity: Decimal, urgency: Urgency) -> PlaceOrder:
        reduce_only = self._instrument.market is Market.LINEAR
        if urgency is Urgency.PATIENT:
            return self._form.maker(side, quantity, self._maker_price(side), reduce_only)
        return self._form.market(side, quantity, urgency, reduce_only)

    def _maker_price(self, side: Side) -> Decimal:
        if side is Side.BUY:
            return self._instrument.price_down(self._price if self._view.bid is None else self._view.bid)
        return self._instrument.price_up(self._price if self._view.ask is None else self._view.ask)

    def _too_small(self, quantity: Decimal, notional: Decimal) -> str | None:
        """Say which minimum of the instrument an order would miss."""
        instrument = self._instrument
        if quantity < instrument.minimum_quantity or not quantity:
            least = max(instrument.minimum_quantity, instrument.quantity_step)
            return (
                f"{plain(quantity)} {instrument.base} is under the minimum order of {plain(least)} {instrument.base}."
            )
        if notional < instrument.minimum_notional:
            least = instrument.minimum_notional
            return f"{readable(notional)} {instrument.quote} is under the minimum of {plain(least)} {instrument.quote}."
        return None

    def _leverage_first(self, leverage: Decimal) -> tuple[Request, ...]:
        if self._view.leverage == leverage:
            return ()
        return (SetLeverage(self._view.account, self._instrument.symbol, whole(leverage)),)

    def _spending(
        self, order: PlaceOrder, coin: str, amount: Decimal, limits: list[Limit], first: tuple[Request, ...] = ()
    ) -> Planned:
        return Planned((*first, order), tuple(limits), Reservation(order.order_id, order.account, coin, amount))


def moved_stop(
    intent: MoveStop, direction: Direction, now: Decimal | None, instrument: Instrument, price: Decimal
) -> tuple[Decimal | None, tuple[Limit, ...]]:
    """Give the price to which a stop moves, None where it stays, and what has kept it away from where it was wanted."""
    stop, limits = _short_of_market(
        direction, stop_price(direction, intent.behind, intent.distance, instrument), instrument, price
    )
    looser = now is not None and (stop <= now if direction is Direction.LONG else stop >= now)
    stays = (looser and not intent.anchor) or stop in (now, ZERO) or stop < 0
    return None if stays else whole(stop), limits


def _short_of_market(
    direction: Direction, wanted: Decimal, instrument: Instrument, price: Decimal
) -> tuple[Decimal, tuple[Limit, ...]]:
    """An exchange refuses a stop on the wrong side of the price; one tick short of it protects most."""
    step = instrument.price_step
    if wanted <= price - step if direction is Direction.LONG else wanted >= price + step:
        return wanted, ()
    if direction is Direction.LONG:
        stop = min(wanted, instrument.price_up(price) - step)
    else:
        stop = max(wanted, instrument.price_down(price) + step)
    if stop == wanted:
        return wanted, ()
    text = f"stop: {readable(wanted)} becomes {readable(stop)}, because the price is already {readable(price)}"
    return stop, (Limit("stop", text, wanted, stop),)


def _entry_problem(intent: Enter, instrument: Instrument, price: Decimal, view: AccountView) -> str | None:
    """Say why an entry can't be sized, or None when it can."""
    if instrument.market is not Market.LINEAR:
        return "an entry with a stop is for perpetuals; on spot a coin is bought for an amount."
    if view.equity is None or view.notional is None:
        return "the account's equity is unknown because something it holds has no price; wait for one."
    if not view.equity > 0:
        return f"the account's equity of {readable(view.equity)} {instrument.quote} leaves nothing to risk."
    if view.position.direction not in (None, intent.direction):
        return f"a {intent.direction.value} can't be opened over the position held the other way; leave that first."
    stop = stop_price(intent.direction, price, intent.stop_distance, instrument)
    right_side = ZERO < stop < price if intent.direction is Direction.LONG else stop > price
    if not right_side:
        return (
            f"a stop at {readable(intent.stop_distance)} from {readable(price)} {instrument.quote} would stand at "
            f"{readable(stop)}, where it protects nothing."
        )
    return None

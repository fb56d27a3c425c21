"""A coin and its perpetual as one plan: the same quantity on both sides, or what is left of it closed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext

from machines.intents import CancelOpen, ClosePair, Direction, EvenPair, OpenPair, PairIntent, Urgency
from runtime.decimals import DOWNWARDS, ONE, ZERO, plain, readable
from runtime.desk import Desk, Purpose, Ticket
from runtime.draft import Draft
from runtime.envelope import EnvelopeWatch
from runtime.instance import Instance
from runtime.instrument import Instrument, Market
from runtime.order_form import OrderForm, whole
from runtime.order_id import Naming, order_id
from runtime.portfolio import Portfolio
from runtime.requests import PlaceOrder, Request, SetLeverage, Side
from runtime.review import Passed, Review, Stopped
from runtime.sizing import Checked, Limit, Size, margin_of
from runtime.step import Approved, Outcome, Refused
from runtime.view import Proposal

Allowance = str | tuple[Decimal, tuple[Limit, ...]]
"""Why nothing may be opened, or the factor that is left of a size, with the limits to show for it."""
LEGS = (Market.SPOT, Market.LINEAR)


@dataclass(frozen=True, slots=True)
class Leg:
    """One side of a pair: its instrument, its price, and what is held of it without a sign."""

    instrument: Instrument
    price: Decimal
    held: Decimal
    underway: Decimal = ZERO

    @property
    def free(self) -> Decimal:
        """What no order has spoken for yet, in steps that an order can have."""
        return self.instrument.quantity_down(max(ZERO, self.held - self.underway))

    def takes(self, quantity: Decimal) -> bool:
        """Whether so much can be an order that opens."""
        big_enough = quantity >= self.instrument.minimum_quantity and quantity > 0
        return big_enough and quantity * self.price >= self.instrument.minimum_notional

    def closes(self, quantity: Decimal) -> bool:
        """Whether so much can be closed: a perpetual's reducing order is never too small."""
        return quantity > 0 if self.instrument.market is Market.LINEAR else self.takes(quantity)


@dataclass(frozen=True, slots=True)
class Order:
    """A request of a plan, with what it ties up: an amount of a coin until it is done."""

    request: PlaceOrder
    purpose: Purpose
    coin: str = ""
    amount: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class PairPlan:
    """An approved intent and its orders."""

    approved: Approved
    orders: tuple[Order, ...]


class Pairs:
    """Plans both legs of a pair together, and follows neither without the other."""

    def __init__(
        self,
        portfolio: Portfolio,
        desk: Desk,
        envelope: EnvelopeWatch,
        review: Callable[[str], Review],
        allowance: Callable[[Instance, Decimal, int], Allowance],
    ) -> None:
        self._portfolio = portfolio
        self._desk = desk
        self._envelope = envelope
        self._review = review
        self._allowance = allowance

    # ── answers ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def consider(self, instance: Instance, rule: str, intent: PairIntent | CancelOpen, draft: Draft) -> Outcome:
        """Say yes or no to an intent; a yes has its requests in the draft already."""
        if isinstance(intent, CancelOpen):
            return Approved(intent, self._take_back(instance, intent.symbol, draft), ())
        answer = self.answer(instance, rule, intent, draft.at_ms)
        if isinstance(answer, Refused):
            return answer
        for order in answer.orders:
            self._place(instance, rule, order, draft)
        draft.requests += answer.approved.requests
        return answer.approved

    def answer(self, instance: Instance, rule: str, intent: PairIntent, now_ms: int) -> PairPlan | Refused:
        """Say what would be asked of the exchange, or why nothing; nothing is placed."""
        legs = self._legs(instance, intent.symbol)
        if legs is None:
            return Refused(intent, "price", f"{intent.symbol} has no price on both markets yet.")
        naming = Naming(
            rule, f"{instance.book.name}:{now_ms}", 1 + self._desk.failed_exits(instance.book.name, intent.symbol)
        )
        planner = _Planner(instance.book.account, legs, naming, self._desk, self._envelope.slippage_cap)
        with localcontext(DOWNWARDS):
            match intent:
                case OpenPair():
                    return self._open(instance, intent, planner, now_ms)
                case ClosePair():
                    orders = planner.close(intent.part, intent.urgency)
                case EvenPair():
                    orders = planner.even(intent.urgency)
        if not orders:
            return Refused(
                intent, "size", f"{instance.book.account} {intent.symbol}: nothing is held that can be closed."
            )
        return PairPlan(Approved(intent, tuple(order.request for order in orders), ()), orders)

    def liquidate(self, instance: Instance, cause: str, draft: Draft) -> None:
        """Close whatever is held and not being closed already."""
        for symbol in instance.symbols:
            waiting = list(self._desk.live(instance.book.name, symbol))
            closing = any(ticket.purpose is Purpose.EXIT for ticket in waiting)
            held = any(self._portfolio.holds(instance.book.account, market, symbol) for market in LEGS)
            if held and not closing:
                outcome = self.consider(instance, cause, ClosePair(symbol, ONE, Urgency.URGENT, cause), draft)
                if isinstance(outcome, Refused):
                    draft.tell("P0", instance.book.name, f"{symbol} could not be closed: {outcome.reason}")

    # ── how ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _legs(self, instance: Instance, symbol: str) -> tuple[Leg, Leg] | None:
        view, account = instance.view, instance.book.account
        found = []
        for instrument in (view.instrument(symbol), view.perpetual(symbol)):
            price = view.board.price(instrument.market, symbol)
            if price is None:
                return None
            held = self._portfolio.position(account, instrument.market, symbol).quantity
            if instrument.market is Market.SPOT:
                held = min(held, self._portfolio.wallet(account, instrument.base))
            found.append(Leg(instrument, price, abs(held), self._underway(instance, instrument)))
        return found[0], found[1]

    def _underway(self, instance: Instance, instrument: Instrument) -> Decimal:
        """What orders that are still open will close."""
        closing = Side.SELL if instrument.market is Market.SPOT else Side.BUY
        tickets = self._desk.live(instance.book.name, instrument.symbol)
        mine = (t for t in tickets if t.request.market is instrument.market and t.request.side is closing)
        return sum(((t.request.quantity or ZERO) - t.filled for t in mine if not t.giving_up), ZERO)

    def _open(self, instance: Instance, intent: OpenPair, planner: "_Planner", now_ms: int) -> PairPlan | Refused:
        proposal = Proposal(intent.symbol, Side.BUY, Direction.LONG, intent.amount)
        passed = self._review(instance.book.name).ask(proposal)
        if isinstance(passed, Stopped):
            return Refused(intent, passed.check, passed.reason, passed.trace)
        allowance = self._allowance(instance, intent.amount, now_ms)
        if isinstance(allowance, str):
            return Refused(intent, "gate", allowance)
        factor, limits = allowance
        available = self._portfolio.available(instance.book.account, planner.spot.instrument.quote)
        size = planner.size(intent, checked(passed, factor), available)
        first = (*passed.limits, *limits, *size.limits)
        quantity = planner.whole_steps(size.amount)
        if not (planner.spot.takes(quantity) and planner.perpetual.takes(quantity)):
            because = "".join(f" ({limit.text})" for limit in first)
            text = f"{plain(quantity)} {planner.spot.instrument.base} is under the minimum order of a leg.{because}"
            return Refused(intent, "size", f"{instance.book.account} {intent.symbol}: {text}")
        orders = planner.open(quantity, planner.leverage(intent), available)
        requests = (*self._leverage_first(instance, intent, planner), *(order.request for order in orders))
        reason = self._envelope.refuses(requests, planner.spot.price, now_ms)
        if reason is not None:
            return Refused(intent, "envelope", reason)
        return PairPlan(Approved(intent, requests, first), orders)

    def _leverage_first(self, instance: Instance, intent: OpenPair, planner: "_Planner") -> tuple[Request, ...]:
        leverage, account = planner.leverage(intent), instance.book.account
        if self._portfolio.leverage_set(account, intent.symbol) == leverage:
            return ()
        return (SetLeverage(account, intent.symbol, whole(leverage)),)

    def _take_back(self, instance: Instance, symbol: str, draft: Draft) -> tuple[Request, ...]:
        """Cancel every open order of both legs, each on its own market and once."""
        tickets = [ticket for ticket in self._desk.live(instance.book.name, symbol) if ticket.cancel_ms is None]
        requests = tuple(self._desk.cancel(ticket, draft.at_ms) for ticket in tickets)
        draft.requests += requests
        return requests

    def _place(self, instance: Instance, rule: str, order: Order, draft: Draft) -> None:
        request = order.request
        if order.amount:
            # An order that is being taken back still holds its own.
            amount = min(order.amount, self._portfolio.available(request.account, order.coin))
            self._portfolio.reserve(request.order_id, request.account, order.coin, amount)
        ticket = Ticket(
            request=request,
            book=instance.book.name,
            symbol=instance.symbol,
            purpose=order.purpose,
            rule=rule,
            placed_ms=draft.at_ms,
            attempt=int(request.order_id.rpartition("-")[2]),
            snapshot=self._desk.fresh(draft.at_ms),
        )
        self._desk.open(ticket)
        self._envelope.count(request, instance.view.price(request.symbol) or ZERO, draft.at_ms)


class _Planner:
    """Everything that one plan looks at."""

    def __init__(self, account: str, legs: tuple[Leg, Leg], naming: Naming, desk: Desk, slippage_cap: Decimal) -> None:
        self.spot, self.perpetual = legs
        self._account = account
        self._naming = naming
        self._taken = desk.tickets
        self._slippage_cap = slippage_cap

    # Opening.

    def leverage(self, intent: OpenPair) -> Decimal:
        """Give the leverage that the exchange allows of what was asked for."""
        return max(ONE, min(intent.leverage, self.perpetual.instrument.maximum_leverage))

    def size(self, intent: OpenPair, allowed: Checked, available: Decimal) -> Size:
        """Size both legs by what was asked for, the checks, and the money for coins and margin together."""
        size = Size(intent.amount / self.spot.price, self.spot.price, self.spot.instrument.quote)
        size.check(allowed)
        a_coin = self.spot.price * (ONE + self._slippage_cap) + self._margin(ONE, self.leverage(intent))
        most = available / a_coin * self.spot.price
        why = f"{readable(available)} {self.spot.instrument.quote} has to pay for the coins and the short's margin"
        size.cap("cash", most, why)
        return size

    def whole_steps(self, quantity: Decimal) -> Decimal:
        """Round a quantity down to the coarser step of both legs."""
        coarser = max(self.spot.instrument, self.perpetual.instrument, key=lambda one: one.quantity_step)
        return coarser.quantity_down(quantity)

    def open(self, quantity: Decimal, leverage: Decimal, available: Decimal) -> tuple[Order, Order]:
        """Buy the coin and sell as much of the perpetual, at the market."""
        coin = self.spot.instrument.quote
        price = min(quantity * self.spot.price * (ONE + self._slippage_cap), available)
        margin = min(self._margin(quantity, leverage), available - price)
        buy = self._order(self.spot, Side.BUY, quantity, Urgency.NORMAL)
        sell = self._order(self.perpetual, Side.SELL, quantity, Urgency.NORMAL)
        return Order(buy, Purpose.ENTRY, coin, price), Order(sell, Purpose.ENTRY, coin, margin)

    def _margin(self, quantity: Decimal, leverage: Decimal) -> Decimal:
        instrument = self.perpetual.instrument
        return margin_of(quantity * self.perpetual.price, instrument, leverage, self._slippage_cap)

    # Closing.

    def close(self, part: Decimal, urgency: Urgency) -> tuple[Order, ...]:
        """Close a part of what both legs have in common, or, when it is all of it, whatever is held."""
        if part >= ONE:
            return self._closing(self.spot.free, self.perpetual.free, urgency)
        quantity = self.whole_steps(min(self.spot.free, self.perpetual.free) * part)
        if not (self.spot.closes(quantity) and self.perpetual.closes(quantity)):
            return ()
        return self._closing(quantity, quantity, urgency)

    def even(self, urgency: Urgency) -> tuple[Order, ...]:
        """Cut the larger leg to the smaller; close both where that is too small, or too little to cut."""
        coins, short = self.spot.free, self.perpetual.free
        smaller = min(coins, short)
        too_much, too_short = self._down(self.spot, coins - smaller), self._down(self.perpetual, short - smaller)
        is_pair = self.spot.takes(smaller) and self.perpetual.takes(smaller)
        orders = self._closing(too_much, too_short, urgency) if is_pair else ()
        return orders or self._closing(coins, short, urgency)

    def _down(self, leg: Leg, quantity: Decimal) -> Decimal:
        return leg.instrument.quantity_down(quantity)

    def _closing(self, coins: Decimal, short: Decimal, urgency: Urgency) -> tuple[Order, ...]:
        return tuple(self._closers(coins, short, urgency))

    def _closers(self, coins: Decimal, short: Decimal, urgency: Urgency) -> Iterator[Order]:
        if self.spot.closes(coins):
            sell = self._order(self.spot, Side.SELL, coins, urgency)
            yield Order(sell, Purpose.EXIT, self.spot.instrument.base, coins)
        if self.perpetual.closes(short):
            yield Order(self._order(self.perpetual, Side.BUY, short, urgency, reduce_only=True), Purpose.EXIT)

    # Orders.

    def _order(
        self, leg: Leg, side: Side, quantity: Decimal, urgency: Urgency, reduce_only: bool = False
    ) -> PlaceOrder:
        # The legs protect each other: neither has a stop of its own, which would leave the other alone.
        form = OrderForm(self._account, leg.instrument, self._named(leg), self._slippage_cap)
        return form.market(side, quantity, urgency, reduce_only)

    def _named(self, leg: Leg) -> Naming:
        """Name an order after its leg as well: both legs have one symbol."""
        naming = replace(self._naming, leg=f"{leg.instrument.symbol}.{leg.instrument.market}")
        while self._order_id(naming) in self._taken:
            naming = replace(naming, attempt=naming.attempt + 1)
        return naming

    def _order_id(self, naming: Naming) -> str:
        return order_id(self._account, naming.rule, naming.slot, naming.leg, naming.attempt)


def checked(passed: Passed, factor: Decimal) -> Checked:
    """Join what the checks and the breaker leave of a size."""
    return Checked(passed.scale * factor, passed.cap)

"""How large an order may be: what was asked, and every limit that made it smaller."""

from dataclasses import dataclass
from decimal import Decimal

from machines.intents import Direction, Enter
from runtime.decimals import DOWNWARDS, ONE, ZERO, percent, readable
from runtime.instrument import Instrument
from runtime.position import Position

# A market order may fill this much worse than the reference price; margin is planned for it.
SLIPPAGE_CAP = Decimal("0.005")


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit that made an order smaller; before and after are its notional in quote coin (for a stop: its price)."""

    name: str
    text: str
    before: Decimal
    after: Decimal


@dataclass(frozen=True, slots=True)
class Checked:
    """What the pre-trade checks allow: a ratio of the size, and a largest notional in quote coin (None: no cap)."""

    scale: Decimal = ONE
    cap: Decimal | None = None


@dataclass(frozen=True, slots=True)
class AccountView:
    """What planning needs to know of one account and one symbol at one moment; money in quote coin.

    `available` is the quote coin and `free` the base coin that nothing has spoken for, `notional` the value of all
    perpetual positions and of the orders that would open more. `leverage` and `stop` are what the exchange has now.
    `open_orders` are the ids of the symbol's open orders that nobody takes back yet. Without a bid or ask the reference
    price stands for it. `slippage_cap` is by how much worse than the last price a market order may fill, as a ratio.
    """

    account: str
    equity: Decimal | None
    available: Decimal
    free: Decimal
    notional: Decimal | None
    position: Position
    leverage: Decimal | None = None
    stop: Decimal | None = None
    open_orders: tuple[str, ...] = ()
    bid: Decimal | None = None
    ask: Decimal | None = None
    slippage_cap: Decimal = SLIPPAGE_CAP


class Size:
    """An amount that limits make smaller and nothing makes larger.

    For entries it is a quantity and `price` turns it into a notional; for purchases it is quote coin and `price` is 1.
    """

    def __init__(self, asked: Decimal, price: Decimal, quote: str) -> None:
        self.amount = asked
        self.limits: list[Limit] = []
        self._price = price
        self._quote = quote

    @property
    def notional(self) -> Decimal:
        """Give the size in quote coin."""
        return DOWNWARDS.multiply(self.amount, self._price)

    def check(self, checked: Checked) -> None:
        """Apply what the checks allow, which they have recorded themselves; a scale above 1 changes nothing."""
        self.amount = DOWNWARDS.multiply(self.amount, max(ZERO, min(ONE, checked.scale)))
        if checked.cap is not None:
            self.amount = min(self.amount, DOWNWARDS.divide(max(ZERO, checked.cap), self._price))

    def cap(self, name: str, largest: Decimal, why: str) -> None:
        """Hold the notional to a largest value and record it if that changes anything."""
        amount, before = DOWNWARDS.divide(max(ZERO, largest), self._price), self.notional
        if amount >= self.amount:
            return
        self.amount = amount
        becomes = f"{readable(before)} {self._quote} becomes {readable(self.notional)} {self._quote}"
        self.limits.append(Limit(name, f"{name}: {becomes}, because {why}", before, self.notional))


def entry_size(intent: Enter, instrument: Instrument, price: Decimal, view: AccountView) -> Size:
    """Size an entry by its risk, inside its own bounds on the symbol and on the account's leverage.

    The account's equity and notional must be known.
    """
    equity, notional = _known(view.equity), _known(view.notional)
    risked = DOWNWARDS.multiply(intent.risk, max(ZERO, equity))
    size = Size(DOWNWARDS.divide(risked, intent.stop_distance), price, instrument.quote)
    held = view.position.notional(price)
    money = f"the account's equity of {readable(equity)} {instrument.quote}"
    size.cap(
        "largest",
        intent.largest * equity - held,
        f"one symbol may have {percent(intent.largest)} of {money} and has {readable(held)} {instrument.quote}",
    )
    size.cap(
        "leverage",
        intent.leverage * equity - notional,
        f"all positions may be {readable(intent.leverage)} × {money} and are {readable(notional)} {instrument.quote}",
    )
    return size


def cap_by_margin(size: Size, instrument: Instrument, view: AccountView, leverage: Decimal) -> None:
    """Hold an entry to what the available money carries as margin, with slippage and the fees of both ways."""
    worst = ONE + view.slippage_cap
    a_unit = DOWNWARDS.divide(worst, leverage) + 2 * instrument.taker_fee * worst
    why = f"{readable(view.available)} {instrument.quote} is available as margin at {readable(leverage)} × leverage"
    size.cap("margin", DOWNWARDS.divide(view.available, a_unit), why)


def margin_of(notional: Decimal, instrument: Instrument, leverage: Decimal, slippage_cap: Decimal) -> Decimal:
    """Give what an entry ties up until it is filled."""
    return notional * (ONE + slippage_cap) * (ONE / leverage + 2 * instrument.taker_fee)


def stop_price(direction: Direction, behind: Decimal, distance: Decimal, instrument: Instrument) -> Decimal:
    """Give the stop at a distance behind a price, rounded toward it: the loss never gets larger by rounding."""
    if direction is Direction.LONG:
        return instrument.price_up(behind - distance)
    return instrument.price_down(behind + distance)


def _known(value: Decimal | None) -> Decimal:
    assert value is not None, "expected a known equity and notional: plan refuses unknown ones first"
    return value

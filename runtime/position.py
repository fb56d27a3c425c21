"""What is held of one symbol, what it cost, and what one fill does to it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from machines.intents import Direction
from runtime.decimals import EXACT, ZERO, optional_decimal, optional_plain, plain, share
from runtime.events import Fill
from runtime.instrument import Market


@dataclass(frozen=True, slots=True)
class Position:
    """A signed quantity in base coin and its signed cost in quote coin; short positions have both below zero.

    `unpriced` is the part of a spot holding that came without a purchase, so that its cost is unknown. `fees` (paid)
    and `funding` (received, with interest) belong to the quantity still held; `realised` is the profit by price of what
    was already taken off. Best and worst price count from the opening, as seen by someone who earns in the position's
    direction.
    """

    market: Market
    symbol: str
    quantity: Decimal = ZERO
    cost: Decimal = ZERO
    unpriced: Decimal = ZERO
    opened_ms: int | None = None
    best_price: Decimal | None = None
    worst_price: Decimal | None = None
    realised: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO

    @property
    def is_flat(self) -> bool:
        """Say whether nothing at all is held."""
        return not self.quantity

    @property
    def direction(self) -> Direction | None:
        """Give the way the position earns, or None when nothing is held."""
        if not self.quantity:
            return None
        return Direction.LONG if self.quantity > 0 else Direction.SHORT

    @property
    def average_price(self) -> Decimal | None:
        """Give the average price paid for the part whose cost is known, or None when there is no such part."""
        priced = EXACT.subtract(self.quantity, self.unpriced)
        return self.cost / priced if priced else None

    def notional(self, price: Decimal) -> Decimal:
        """Give the unsigned value of the position at a price, in quote coin."""
        return abs(EXACT.multiply(self.quantity, price))

    def unrealised(self, price: Decimal) -> Decimal:
        """Give the profit by price of what is held and has a known cost, in quote coin."""
        priced = EXACT.subtract(self.quantity, self.unpriced)
        return EXACT.subtract(EXACT.multiply(priced, price), self.cost)

    def has_seen(self, high: float, low: float) -> bool:
        """Whether a price range is certainly inside what was seen: rounding to floats keeps the order of decimals."""
        best, worst = self.best_price, self.worst_price
        if best is None or worst is None:
            return False
        if self.quantity > 0:
            return high < float(best) and low > float(worst)
        return low > float(best) and high < float(worst)

    def seen(self, high: Decimal, low: Decimal) -> "Position":
        """Take a price range into the best and the worst price."""
        best, worst = (high, low) if self.quantity > 0 else (low, high)
        sign = 1 if self.quantity > 0 else -1
        if self.best_price is not None and (best - self.best_price) * sign <= 0:
            best = self.best_price
        if self.worst_price is not None and (self.worst_price - worst) * sign <= 0:
            worst = self.worst_price
        if best == self.best_price and worst == self.worst_price:
            return self
        return self._ranging(best, worst)

    def _ranging(self, best: Decimal | None, worst: Decimal | None) -> "Position":
        """Every new best price makes one, so it is written out: that takes a third of the time of `replace`."""
        return Position(
            self.market,
            self.symbol,
            self.quantity,
            self.cost,
            self.unpriced,
            self.opened_ms,
            best,
            worst,
            self.realised,
            self.fees,
            self.funding,
        )

    def funded(self, amount: Decimal) -> "Position":
        """Add a funding payment, positive when received."""
        return replace(self, funding=EXACT.add(self.funding, amount))

    def grown(self, amount: Decimal, price: Decimal | None, at_ms: int) -> "Position":
        """Take interest in coins, which is earned at the price of the moment; without a price its cost is unknown."""
        if price is None:
            return self.moved_in(amount, at_ms)
        value = EXACT.multiply(amount, price)
        return replace(
            self,
            quantity=EXACT.add(self.quantity, amount),
            cost=EXACT.add(self.cost, value),
            funding=EXACT.add(self.funding, value),
            opened_ms=at_ms if self.opened_ms is None else self.opened_ms,
        )

    def moved_in(self, amount: Decimal, at_ms: int | None) -> "Position":
        """Take coins that came (or left, below zero) without a trade; what comes has no known cost."""
        if amount < 0:
            left, _ = _take_off(self, min(-amount, max(self.quantity, ZERO)), ZERO)
            return replace(left, quantity=EXACT.add(self.quantity, amount), realised=self.realised)
        return replace(
            self,
            quantity=EXACT.add(self.quantity, amount),
            unpriced=EXACT.add(self.unpriced, amount),
            opened_ms=at_ms if self.opened_ms is None else self.opened_ms,
        )

    def to_plain(self) -> dict[str, Any]:
        """Give the position as JSON-able data."""
        return {
            "market": self.market.value,
            "symbol": self.symbol,
            "quantity": plain(self.quantity),
            "cost": plain(self.cost),
            "unpriced": plain(self.unpriced),
            "opened_ms": self.opened_ms,
            "best_price": optional_plain(self.best_price),
            "worst_price": optional_plain(self.worst_price),
            "realised": plain(self.realised),
            "fees": plain(self.fees),
            "funding": plain(self.funding),
        }

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> "Position":
        """Read what `to_plain` wrote."""
        return cls(
            Market(data["market"]),
            data["symbol"],
            Decimal(data["quantity"]),
            Decimal(data["cost"]),
            Decimal(data["unpriced"]),
            data["opened_ms"],
            optional_decimal(data["best_price"]),
            optional_decimal(data["worst_price"]),
            Decimal(data["realised"]),
            Decimal(data["fees"]),
            Decimal(data["funding"]),
        )


@dataclass(frozen=True, slots=True)
class TakenOff:
    """The part of a position that a fill closed, with its share of everything; money in quote coin.

    `quantity` counts only what had a known cost. `fees` holds the entry's share and the fee of the close.
    """

    quantity: Decimal = ZERO
    cost: Decimal = ZERO
    proceeds: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO

    @property
    def gross(self) -> Decimal:
        """Give the profit by price alone."""
        return EXACT.subtract(self.proceeds, self.cost)

    @property
    def net(self) -> Decimal:
        """Give the profit after fees and funding."""
        return EXACT.add(EXACT.subtract(self.gross, self.fees), self.funding)


@dataclass(frozen=True, slots=True)
class Applied:
    """What one fill did to one position.

    `opened` and `closed` are unsigned quantities; a flip has both. `fresh` says that a position began with this fill,
    `ended` that what was held before is gone (but for dust).
    """

    fill: Fill
    before: Position
    after: Position
    opened: Decimal
    closed: Decimal
    taken_off: TakenOff
    fresh: bool
    ended: bool


def book(position: Position, fill: Fill, change: Decimal, fee: Decimal, dust: Decimal) -> Applied:
    """Work out what a fill does to a position: close first, then open with the rest.

    `change` is the signed change of the quantity, `fee` the fee in quote coin. Spot holdings worth less than `dust`
    quote coin count as nothing.
    """
    closed = min(abs(change), abs(position.quantity)) if change * position.quantity < 0 else ZERO
    opened = EXACT.subtract(abs(change), closed)
    fee_of_close = share(fee, closed, abs(change)) if closed else ZERO
    left, taken_off = _take_off(position, closed, fill.price, fee_of_close)
    after = _put_on(left, fill, opened.copy_sign(change), EXACT.subtract(fee, fee_of_close), dust) if opened else left
    fresh = bool(opened) and _is_nothing(left, fill.price, dust)
    ended = bool(closed) and _is_nothing(left, fill.price, dust)
    return Applied(fill, position, after, opened, closed, taken_off, fresh, ended)


def _take_off(position: Position, closed: Decimal, price: Decimal, fee: Decimal = ZERO) -> tuple[Position, TakenOff]:
    whole = abs(position.quantity)
    if not closed:
        return position, TakenOff()
    unpriced = share(position.unpriced, closed, whole)
    signed = closed.copy_sign(position.quantity)
    priced = EXACT.subtract(closed, unpriced)
    taken = TakenOff(
        priced,
        share(position.cost, closed, whole),
        EXACT.multiply(priced.copy_sign(position.quantity), price),
        EXACT.add(share(position.fees, closed, whole), fee),
        share(position.funding, closed, whole),
    )
    left = replace(
        position,
        quantity=EXACT.subtract(position.quantity, signed),
        cost=EXACT.subtract(position.cost, taken.cost),
        unpriced=EXACT.subtract(position.unpriced, unpriced),
        realised=EXACT.add(position.realised, taken.gross),
        fees=EXACT.subtract(EXACT.add(position.fees, fee), taken.fees),
        funding=EXACT.subtract(position.funding, taken.funding),
    )
    return left, taken


def _put_on(position: Position, fill: Fill, signed: Decimal, fee: Decimal, dust: Decimal) -> Position:
    more = replace(
        position,
        quantity=EXACT.add(position.quantity, signed),
        cost=EXACT.add(position.cost, EXACT.multiply(signed, fill.price)),
        fees=EXACT.add(position.fees, fee),
    )
    if _is_nothing(position, fill.price, dust):
        return replace(more, opened_ms=fill.at_ms, best_price=fill.price, worst_price=fill.price, realised=ZERO)
    return more.seen(fill.price, fill.price)


def _is_nothing(position: Position, price: Decimal, dust: Decimal) -> bool:
    return position.is_flat or (position.market is Market.SPOT and position.notional(price) < dust)

"""An order book kept sorted from snapshots and changes."""

from bisect import bisect_left
from collections.abc import Sequence
from decimal import Decimal

from adapters.bybit.fields import MalformedError, Row, decimal_of, items, shown

NEAR = Decimal("0.005")


class Side:
    """One side: prices in rising order, and how much rests at each."""

    def __init__(self) -> None:
        self._prices: list[Decimal] = []
        self._sizes: dict[Decimal, Decimal] = {}

    def replace(self, levels: Sequence[tuple[Decimal, Decimal]]) -> None:
        """Begin anew."""
        self._sizes = {price: size for price, size in levels if size}
        self._prices = sorted(self._sizes)

    def change(self, levels: Sequence[tuple[Decimal, Decimal]]) -> None:
        """Set the size at some prices; zero takes a price away, even one that isn't there."""
        for price, size in levels:
            if size and price not in self._sizes:
                self._prices.insert(bisect_left(self._prices, price), price)
            elif not size and price in self._sizes:
                del self._prices[bisect_left(self._prices, price)]
            if size:
                self._sizes[price] = size
            else:
                self._sizes.pop(price, None)

    @property
    def lowest(self) -> Decimal | None:
        """The lowest price, None when there is none."""
        return self._prices[0] if self._prices else None

    @property
    def highest(self) -> Decimal | None:
        """The highest price, None when there is none."""
        return self._prices[-1] if self._prices else None

    def notional(self, low: Decimal, high: Decimal) -> Decimal:
        """Sum what rests from one price to another, both included, in quote coin."""
        start = bisect_left(self._prices, low)
        near = (price for price in self._prices[start:] if price <= high)
        return sum((price * self._sizes[price] for price in near), Decimal(0))


class Book:
    """One symbol's order book; empty until a snapshot has come."""

    def __init__(self) -> None:
        self.bids, self.asks = Side(), Side()
        self._update = 0

    def read(self, kind: object, data: Row) -> None:
        """Take in a message's data.

        Raises MalformedError and is empty afterwards when a change can't be read or one before it is missing.
        """
        try:
            bids, asks = _levels(data, "b"), _levels(data, "a")
            update = data.get("u")
            if not isinstance(update, int) or isinstance(update, bool):
                raise MalformedError(f"u: expected the number of the update, found {shown(update)}.")
            if kind == "snapshot" or update == 1:
                self.bids.replace(bids)
                self.asks.replace(asks)
            elif kind != "delta" or update != self._update + 1:
                raise MalformedError(
                    f"u: expected update {self._update + 1} of the book, found {shown(kind)} {update}."
                )
            else:
                self.bids.change(bids)
                self.asks.change(asks)
        except MalformedError:
            self.clear()
            raise
        self._update = update

    def clear(self) -> None:
        """Forget everything until the next snapshot."""
        self.bids.replace(())
        self.asks.replace(())
        self._update = -1

    @property
    def best(self) -> tuple[Decimal, Decimal] | None:
        """The best bid and ask; None for a book that is empty on a side or crossed."""
        bid, ask = self.bids.highest, self.asks.lowest
        return None if bid is None or ask is None or bid >= ask else (bid, ask)

    def depth(self, near: Decimal = NEAR) -> Decimal:
        """Sum what rests on both sides within a ratio of the middle, in quote coin; 0 where there is no middle."""
        best = self.best
        if best is None:
            return Decimal(0)
        middle = (best[0] + best[1]) / 2
        low, high = middle * (1 - near), middle * (1 + near)
        return self.bids.notional(low, high) + self.asks.notional(low, high)


def _levels(data: Row, name: str) -> list[tuple[Decimal, Decimal]]:
    return [_level(entry, name) for entry in items(data, name)]


def _level(entry: object, name: str) -> tuple[Decimal, Decimal]:
    if not isinstance(entry, list) or len(entry) != 2:
        raise MalformedError(f"{name}: expected a price and a size, found {shown(entry)}.")
    price, size = decimal_of(entry[0], name), decimal_of(entry[1], name)
    if not price > 0 or size < 0:
        raise MalformedError(f"{name}: expected a price above zero and a size, found {price} and {size}.")
    return price, size

"""One perpetual position: how much is open, what was paid for it, and where it is protected."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from adapters.simulated.precision import EXACT, ZERO, share
from runtime.requests import Side


@dataclass(frozen=True, slots=True)
class Position:
    """A one-way position; a short has a negative quantity and a negative cost.

    `cost` in quote coin is what the open quantity was traded for; it, not the average, is kept, because it is exact.
    `order_id` is the order that opened the position, `stop_order_id` the one that carried its stop.
    """

    quantity: Decimal = ZERO
    cost: Decimal = ZERO
    order_id: str = ""
    stop: Decimal | None = None
    stop_order_id: str = ""

    @property
    def size(self) -> Decimal:
        """Quantity without its sign."""
        return abs(self.quantity)

    @property
    def value(self) -> Decimal:
        """Entry value in quote coin, without its sign."""
        return abs(self.cost)

    @property
    def average(self) -> Decimal:
        """Average entry price; zero when flat."""
        return self.cost / self.quantity if self.quantity else ZERO

    @property
    def is_long(self) -> bool:
        """Whether it earns when the price rises."""
        return self.quantity > ZERO

    @property
    def closing_side(self) -> Side:
        """The side of a trade that makes it smaller."""
        return Side.SELL if self.is_long else Side.BUY

    def unrealised(self, mark: Decimal) -> Decimal:
        """Profit in quote coin if it were closed at this price without fees."""
        return EXACT.subtract(EXACT.multiply(self.quantity, mark), self.cost)

    def closable(self, side: Side) -> Decimal:
        """How much a trade on this side would close."""
        return self.size if self.quantity and side is self.closing_side else ZERO

    def after(self, order_id: str, change: Decimal, price: Decimal) -> tuple["Position", Decimal]:
        """Trade a signed quantity; return the new position and the profit that this realised, in quote coin."""
        if self.quantity * change >= ZERO:
            return self._grown(order_id, change, price), ZERO
        if abs(change) < self.size:
            return self._shrunk(change, price)
        closed = -self.quantity
        realised = EXACT.subtract(EXACT.multiply(-closed, price), self.cost)
        return Position()._grown(order_id, change - closed, price), realised

    def _grown(self, order_id: str, change: Decimal, price: Decimal) -> "Position":
        if not change:
            return self
        opener = self.order_id or order_id
        cost = EXACT.add(self.cost, EXACT.multiply(change, price))
        return Position(EXACT.add(self.quantity, change), cost, opener, self.stop, self.stop_order_id)

    def _shrunk(self, change: Decimal, price: Decimal) -> tuple["Position", Decimal]:
        released = share(self.cost, -change, self.quantity)
        quantity, cost = EXACT.add(self.quantity, change), EXACT.subtract(self.cost, released)
        rest = Position(quantity, cost, self.order_id, self.stop, self.stop_order_id)
        return rest, EXACT.subtract(EXACT.multiply(-change, price), released)

    def protected(self, stop: Decimal | None, order_id: str) -> "Position":
        """Put the stop at a price, in place of the one before; None takes it away."""
        return Position(self.quantity, self.cost, self.order_id, stop, order_id)

    def to_plain(self) -> dict[str, Any]:
        """Give it as JSON-able values."""
        return {
            "quantity": str(self.quantity),
            "cost": str(self.cost),
            "order_id": self.order_id,
            "stop": None if self.stop is None else str(self.stop),
            "stop_order_id": self.stop_order_id,
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Position":
        """Build it from what to_plain gave."""
        return cls(
            Decimal(plain["quantity"]),
            Decimal(plain["cost"]),
            plain["order_id"],
            None if plain["stop"] is None else Decimal(plain["stop"]),
            plain["stop_order_id"],
        )


FLAT = Position()

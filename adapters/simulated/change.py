"""What the exchange tells those who listen, at the moment at which it happens."""

from dataclasses import dataclass

from adapters.simulated.ledger import Booked
from adapters.simulated.order_record import OrderRecord


@dataclass(frozen=True, slots=True)
class OrderChanged:
    """An order was taken, changed, filled or ended."""

    at_ms: int
    account: str
    order: OrderRecord


@dataclass(frozen=True, slots=True)
class Executed:
    """Something was traded or settled."""

    at_ms: int
    account: str
    booked: Booked


@dataclass(frozen=True, slots=True)
class PositionChanged:
    """A position, its stop or its leverage was touched."""

    at_ms: int
    account: str
    symbol: str


@dataclass(frozen=True, slots=True)
class WalletChanged:
    """An account has more or less of a coin."""

    at_ms: int
    account: str


Change = OrderChanged | Executed | PositionChanged | WalletChanged

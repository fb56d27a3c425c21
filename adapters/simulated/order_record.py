"""What the exchange remembers of one order, from when it is taken until long after it has ended."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from adapters.simulated.precision import EXACT, ZERO
from runtime.events import Fill
from runtime.instrument import Market
from runtime.requests import PlaceOrder


class OrderState(StrEnum):
    """Where an order stands, in Bybit's words."""

    NEW = "New"
    PARTLY_FILLED = "PartiallyFilled"
    UNTRIGGERED = "Untriggered"
    FILLED = "Filled"
    CANCELLED = "Cancelled"
    PARTLY_FILLED_CANCELLED = "PartiallyFilledCanceled"
    TRIGGERED = "Triggered"
    DEACTIVATED = "Deactivated"
    REJECTED = "Rejected"


class Origin(StrEnum):
    """Who made an order."""

    USER = "user"
    STOP = "stop"
    LIQUIDATION = "liquidation"


OPEN_STATES = frozenset({OrderState.NEW, OrderState.PARTLY_FILLED, OrderState.UNTRIGGERED})


@dataclass(slots=True)
class OrderRecord:
    """One order. `exchange_id` is unique on the exchange, `link_id` is the client's own and may be empty.

    `reference` is the last price when it came. `filled` is in base coin, `value` in quote coin, `fees` by coin.
    `trigger` is the price at which a stop or a conditional order becomes an order, for the latter one where it `rises`
    there or falls. `reason` tells why it ended before it was full.
    `number` counts all orders of the exchange.
    """

    exchange_id: str
    link_id: str
    request: PlaceOrder
    origin: Origin
    state: OrderState
    created_ms: int
    updated_ms: int
    reference: Decimal
    trigger: Decimal | None = None
    filled: Decimal = ZERO
    value: Decimal = ZERO
    fees: dict[str, Decimal] = field(default_factory=dict)
    reason: str = ""
    number: int = 0
    rises: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it may still be filled."""
        return self.state in OPEN_STATES

    @property
    def wanted(self) -> Decimal:
        """What it asked for: base coin, or quote coin for a purchase by amount."""
        request = self.request
        return request.quantity or request.quote_amount or ZERO

    @property
    def left(self) -> Decimal:
        """What may still be filled, in base coin; zero for a purchase by amount, which has no quantity."""
        if not self.is_open or self.request.quantity is None:
            return ZERO
        return self.request.quantity - self.filled

    @property
    def left_value(self) -> Decimal:
        """What may still be spent or taken in, in quote coin; of an ended purchase by amount, what was not spent."""
        request = self.request
        if request.quote_amount is not None:
            return EXACT.subtract(request.quote_amount, self.value)
        return self.left * (self.reference if request.price is None else request.price)

    @property
    def average(self) -> Decimal:
        """Average price of what was filled; zero before."""
        return self.value / self.filled if self.filled else ZERO

    def fill(self, fill: Fill, not_all: str) -> None:
        """Count one execution; `not_all` is the reason when a purchase by amount ends with some quote coin unspent."""
        self.updated_ms = fill.at_ms
        self.filled += fill.quantity
        self.value = EXACT.add(self.value, EXACT.multiply(fill.quantity, fill.price))
        self.fees[fill.fee_coin] = self.fees.get(fill.fee_coin, ZERO) + fill.fee
        self.state = OrderState.FILLED if fill.done else OrderState.PARTLY_FILLED
        if fill.done and self.request.quote_amount is not None and self.left_value:
            self.state, self.reason = OrderState.PARTLY_FILLED_CANCELLED, not_all

    def end(self, reason: str, at_ms: int) -> None:
        """End it without another fill; on spot one that never became an order was only put away."""
        if self.state is OrderState.UNTRIGGERED and self.request.market is Market.SPOT:
            self.state, self.reason, self.updated_ms = OrderState.DEACTIVATED, reason, at_ms
            return
        is_partial = self.filled and self.request.market is Market.SPOT
        self.state = OrderState.PARTLY_FILLED_CANCELLED if is_partial else OrderState.CANCELLED
        self.reason, self.updated_ms = reason, at_ms

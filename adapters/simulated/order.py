"""One open order and what is left of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from adapters.simulated.precision import EXACT, ONE, ZERO
from runtime.instrument import Instrument, Market
from runtime.requests import OrderType, PlaceOrder, Side


@dataclass(slots=True)
class Order:
    """An accepted order.

    `reference` is the last price when it came, `estimate` the price at which its cost is reserved. `remaining` is in
    base coin, or in quote coin for a purchase by amount. `taking` says that it takes from the market at the next first
    price, rather than resting. `taken` is what it got of the present candle's volume, `most` the most it may get of one
    candle's (None: its share, as everyone).
    """

    request: PlaceOrder
    reference: Decimal
    estimate: Decimal
    remaining: Decimal
    taking: bool
    taken: Decimal = ZERO
    filled: Decimal = ZERO
    most: Decimal | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Account and order id: an id is unique within its account."""
        return self.request.account, self.request.order_id

    @property
    def symbol_key(self) -> tuple[Market, str]:
        """Market and symbol."""
        return self.request.market, self.request.symbol

    @property
    def in_quote(self) -> bool:
        """Whether it is counted in quote coin."""
        return self.request.quote_amount is not None

    @property
    def bound(self) -> Decimal | None:
        """The worst price it may be filled at; None where any price will do."""
        request = self.request
        if request.price is not None and request.order_type is OrderType.LIMIT:
            return request.price
        if request.slippage_cap is None:
            return None
        return self.reference * (ONE + request.slippage_cap if request.side is Side.BUY else ONE - request.slippage_cap)

    def record(self, quantity: Decimal, price: Decimal) -> None:
        """Count one execution."""
        self.remaining = EXACT.subtract(self.remaining, EXACT.multiply(quantity, price) if self.in_quote else quantity)
        self.filled += quantity
        self.taken += quantity

    def is_spent(self, instrument: Instrument, price: Decimal) -> bool:
        """Whether nothing can be traded with what is left at this price."""
        return instrument.quantity_down(self.remaining / price) <= ZERO if self.in_quote else self.remaining <= ZERO

    def to_plain(self) -> dict[str, Any]:
        """Give it as JSON-able values."""
        amounts = {name: str(getattr(self, name)) for name in ("reference", "estimate", "remaining", "taken", "filled")}
        most = None if self.most is None else str(self.most)
        return {"request": self.request.to_plain(), "taking": self.taking, "most": most, **amounts}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Order":
        """Build it from what to_plain gave."""
        amounts = {name: Decimal(plain[name]) for name in ("reference", "estimate", "remaining", "taken", "filled")}
        most = None if plain["most"] is None else Decimal(plain["most"])
        return cls(request=PlaceOrder.from_plain(plain["request"]), taking=plain["taking"], most=most, **amounts)

"""Changes of open orders in place."""

from dataclasses import replace
from decimal import Decimal

from adapters.simulated.desk import takes
from adapters.simulated.margin import Margin
from adapters.simulated.order import Order
from adapters.simulated.precision import ZERO
from adapters.simulated.refusal import BAD_QUANTITY, INSUFFICIENT_BALANCE, INSUFFICIENT_MARGIN, Refusal
from adapters.simulated.validation import Validation
from adapters.simulated.venue import Venue
from runtime.events import ExchangeEvent, OrderAccepted, OrderRejected
from runtime.instrument import Market


class Amendments:
    """Gives an open order another size or price; it keeps its place in the book, and what was filled stays filled."""

    def __init__(self, venue: Venue, margin: Margin) -> None:
        self._accounts = venue.accounts
        self._book = venue.book
        self._prices = venue.prices
        self._margin = margin
        self._validation = Validation(venue)

    def submit(
        self, account: str, order_id: str, quantity: Decimal | None, price: Decimal | None, at_ms: int
    ) -> list[ExchangeEvent]:
        """Change an order that is open, or refuse to; raises KeyError where it is not open."""
        order = self._book.find(account, order_id)
        if order is None:
            raise KeyError(f"Expected an open order of {account!r}, found none with the id {order_id!r}.")
        refusal = self._change(order, quantity, price)
        if refusal:
            return [OrderRejected(at_ms, order_id, refusal.code, refusal.reason)]
        return [OrderAccepted(at_ms, order_id)]

    def _change(self, order: Order, quantity: Decimal | None, price: Decimal | None) -> Refusal | None:
        before = (order.request, order.estimate, order.remaining, order.taking)
        request = order.request
        quantity = request.quantity if quantity is None else quantity
        changed = replace(request, quantity=quantity, price=request.price if price is None else price)
        if quantity is None or quantity - order.filled <= ZERO:
            return BAD_QUANTITY
        refusal = self._validation.of_amended(changed)
        if refusal:
            return refusal
        order.request, order.remaining = changed, quantity - order.filled
        order.estimate = order.estimate if changed.price is None else changed.price
        order.taking = takes(changed, self._prices.last(*order.symbol_key))
        if self._margin.affords(self._accounts.named(request.account), order):
            return None
        order.request, order.estimate, order.remaining, order.taking = before
        return INSUFFICIENT_BALANCE if request.market is Market.SPOT else INSUFFICIENT_MARGIN

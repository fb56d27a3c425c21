"""How long a maker order may wait, and what happens to the rest of it then."""

from dataclasses import replace
from decimal import Decimal

from runtime import gate
from runtime.desk import Ticket
from runtime.draft import Draft
from runtime.envelope import EnvelopeWatch
from runtime.instrument import Instrument
from runtime.order_id import Naming, order_id
from runtime.requests import OrderType, PlaceOrder, Side, TimeInForce
from runtime.view import World

ZERO = Decimal(0)


class Patience:
    """Takes back the maker orders that have waited long enough, and sends what is left of them to the market."""

    def __init__(self, world: World, envelope: EnvelopeWatch) -> None:
        self._world = world
        self._portfolio = world.portfolio
        self._desk = world.desk
        self._envelope = envelope

    def lose(self, draft: Draft) -> None:
        """Take back the orders whose time is over."""
        for ticket in self._desk.live():
            if ticket.patient_until_ms is not None and draft.at_ms >= ticket.patient_until_ms and not ticket.giving_up:
                draft.requests.append(self._desk.cancel(ticket, draft.at_ms))

    def goes_on(self, ticket: Ticket, draft: Draft) -> bool:
        """Go on at the market with an order that was taken back; False where its end is the end of it."""
        return ticket.patient_until_ms is not None and self._may_go_on(ticket) and self._at_market(ticket, draft)

    def _may_go_on(self, ticket: Ticket) -> bool:
        """Whether the rest of an order may still be traded, now that time has passed."""
        purpose = gate.purpose_of(ticket.request)
        return gate.may(purpose, self._world.status, ticket.book, ticket.request.account) is None

    def _at_market(self, ticket: Ticket, draft: Draft) -> bool:
        """Send what is left of an order to the market; False when that is too little to be an order."""
        left = (ticket.request.quantity or ZERO) - ticket.filled
        instrument = self._instrument(ticket.request)
        price = self._world.board.price(instrument.market, instrument.symbol)
        if (
            price is None
            or left < instrument.minimum_quantity
            or left * price < instrument.minimum_notional
            or not left
        ):
            return False
        naming = Naming(ticket.rule, f"{ticket.book}:{ticket.placed_ms}", ticket.attempt + 1)
        request = replace(
            ticket.request,
            order_id=order_id(ticket.request.account, naming.rule, naming.slot, ticket.request.symbol, naming.attempt),
            order_type=OrderType.MARKET,
            time_in_force=TimeInForce.IOC,
            quantity=left,
            price=None,
            slippage_cap=self._envelope.slippage_cap,
        )
        again = replace(ticket, request=request, attempt=naming.attempt, placed_ms=draft.at_ms, patient_until_ms=None)
        again.snapshot, again.giving_up, again.cancel_ms = self._desk.fresh(draft.at_ms), False, None
        again.filled = again.value = ZERO
        self._desk.open(again)
        self._speak_for(request, left, price)
        draft.requests.append(request)
        return True

    def _speak_for(self, request: PlaceOrder, quantity: Decimal, price: Decimal) -> None:
        """Reserve what an order will spend, so that nobody else plans with it."""
        instrument = self._instrument(request)
        selling = request.side is Side.SELL
        coin = instrument.base if selling else instrument.quote
        amount = quantity if selling else quantity * price
        free = self._portfolio.available(request.account, coin)
        self._portfolio.reserve(request.order_id, request.account, coin, min(amount, free))

    def _instrument(self, request: PlaceOrder) -> Instrument:
        return self._world.instruments[request.market, request.symbol]

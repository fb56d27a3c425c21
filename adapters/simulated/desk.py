"""Where requests come in: each is taken or refused, and nothing is filled."""

from decimal import Decimal

from adapters.simulated.clearing import Clearing
from adapters.simulated.margin import Margin
from adapters.simulated.order import Order
from adapters.simulated.precision import ONE
from adapters.simulated.refusal import (
    INSUFFICIENT_BALANCE,
    INSUFFICIENT_FOR_LEVERAGE,
    INSUFFICIENT_MARGIN,
    NO_SUCH_ORDER,
    POST_ONLY_TAKES,
    UNKNOWN_ACCOUNT,
    Ending,
    Refusal,
)
from adapters.simulated.validation import Validation
from adapters.simulated.venue import Venue
from runtime.events import ExchangeEvent, LeverageSet, OrderAccepted, OrderRejected, StopPlaced
from runtime.instrument import Market
from runtime.requests import (
    CancelOrder,
    ChangeStop,
    OrderRequest,
    OrderType,
    PlaceOrder,
    SetLeverage,
    Side,
    TimeInForce,
)


class Desk:
    """Answers requests.

    A refused ChangeStop or SetLeverage has no order: its OrderRejected names `stop:ACCOUNT:SYMBOL` or
    `leverage:ACCOUNT:SYMBOL`, which no order id can be.
    """

    def __init__(self, venue: Venue, margin: Margin, clearing: Clearing) -> None:
        self._slippage = venue.settings.slippage
        self._accounts = venue.accounts
        self._book = venue.book
        self._prices = venue.prices
        self._margin = margin
        self._clearing = clearing
        self._validation = Validation(venue)

    def submit(self, request: OrderRequest, at_ms: int) -> list[ExchangeEvent]:
        """Answer one request."""
        match request:
            case PlaceOrder():
                return self._place(request, at_ms)
            case CancelOrder():
                return self._cancel(request, at_ms)
            case ChangeStop():
                return self._change_stop(request, at_ms)
            case SetLeverage():
                return self._set_leverage(request, at_ms)

    def _place(self, place: PlaceOrder, at_ms: int) -> list[ExchangeEvent]:
        refusal = self._validation.of_order(place)
        if refusal:
            return _refused(refusal, place.order_id, at_ms)
        order = self._order(place)
        if place.market is Market.SPOT and _breaks_post_only(order):
            return _refused(POST_ONLY_TAKES, place.order_id, at_ms)
        if not self._margin.affords(self._accounts.named(place.account), order):
            lacking = INSUFFICIENT_BALANCE if place.market is Market.SPOT else INSUFFICIENT_MARGIN
            return _refused(lacking, place.order_id, at_ms)
        self._book.add(order)
        events: list[ExchangeEvent] = [OrderAccepted(at_ms, place.order_id)]
        # Perpetuals take such an order and cancel it, spot refuses it.
        if _breaks_post_only(order):
            events.append(self._clearing.cancel(order, Ending.WOULD_TAKE, at_ms))
        return events

    def _order(self, place: PlaceOrder) -> Order:
        last = self._prices.last(place.market, place.symbol)
        remaining = place.quantity if place.quote_amount is None else place.quote_amount
        assert remaining is not None
        if place.reduce_only:
            position = self._accounts.named(place.account).position(place.symbol)
            remaining = min(remaining, position.closable(place.side))
        return Order(place, last, self._estimate(place, last), remaining, takes(place, last))

    def _estimate(self, place: PlaceOrder, last: Decimal) -> Decimal:
        if place.price is not None:
            return place.price
        return last * (ONE + self._slippage) if place.side is Side.BUY else last

    def _cancel(self, request: CancelOrder, at_ms: int) -> list[ExchangeEvent]:
        if self._accounts.find(request.account) is None:
            return _refused(UNKNOWN_ACCOUNT, request.order_id, at_ms)
        order = self._book.find(request.account, request.order_id)
        if order is None:
            return _refused(NO_SUCH_ORDER[request.market], request.order_id, at_ms)
        return [self._clearing.cancel(order, Ending.BY_USER, at_ms)]

    def _change_stop(self, request: ChangeStop, at_ms: int) -> list[ExchangeEvent]:
        refusal = self._validation.of_stop(request)
        if refusal:
            return _refused(refusal, f"stop:{request.account}:{request.symbol}", at_ms)
        account = self._accounts.named(request.account)
        position = account.position(request.symbol)
        carrier = position.stop_order_id or position.order_id
        self._accounts.put(account, request.symbol, position.protected(request.price, carrier))
        return [StopPlaced(at_ms, request.account, request.symbol, request.price)]

    def _set_leverage(self, request: SetLeverage, at_ms: int) -> list[ExchangeEvent]:
        name = f"leverage:{request.account}:{request.symbol}"
        refusal = self._validation.of_leverage(request)
        if refusal:
            return _refused(refusal, name, at_ms)
        account = self._accounts.named(request.account)
        before = self._margin.leverage(account, request.symbol)
        account.lever(request.symbol, request.leverage)
        if request.leverage < before and self._margin.is_overdrawn(account, request.symbol):
            account.lever(request.symbol, before)
            return _refused(INSUFFICIENT_FOR_LEVERAGE, name, at_ms)
        return [LeverageSet(at_ms, request.account, request.symbol, request.leverage, request.leverage != before)]


def _refused(refusal: Refusal, order_id: str, at_ms: int) -> list[ExchangeEvent]:
    return [OrderRejected(at_ms, order_id, refusal.code, refusal.reason)]


def _crosses(place: PlaceOrder, last: Decimal) -> bool:
    """Whether a limit order would meet the market at once; at the last price itself it rests, like the best quote."""
    if place.price is None:
        return False
    return place.price > last if place.side is Side.BUY else place.price < last


def takes(place: PlaceOrder, last: Decimal) -> bool:
    """Whether an order takes from the market at the next first price, rather than resting."""
    at_once = place.order_type is OrderType.MARKET or place.time_in_force in (TimeInForce.IOC, TimeInForce.FOK)
    return at_once or _crosses(place, last)


def _breaks_post_only(order: Order) -> bool:
    return order.request.time_in_force is TimeInForce.POST_ONLY and _crosses(order.request, order.reference)

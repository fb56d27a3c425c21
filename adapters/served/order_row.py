"""An order as Bybit writes it."""

from typing import Any

from adapters.served.figure import figure, positive_figure
from adapters.simulated.order_record import OrderRecord, OrderState, Origin
from adapters.simulated.refusal import Ending
from runtime.instrument import Market
from runtime.requests import OrderType, Side, TimeInForce

SIDES = {Side.BUY: "Buy", Side.SELL: "Sell"}
TYPES = {OrderType.MARKET: "Market", OrderType.LIMIT: "Limit"}
CREATED_BY = {
    Origin.USER: "CreateByUser",
    Origin.STOP: "CreateByStopLoss",
    Origin.LIQUIDATION: "CreateByLiq",
}
STOP_TYPES = {Origin.USER: "", Origin.STOP: "StopLoss", Origin.LIQUIDATION: ""}
BY_CODE, NO_ERROR, ASKED = "EC_", "EC_NoError", "EC_PerCancelRequest"


def order_row(order: OrderRecord) -> dict[str, Any]:
    """Write an order with all its fields, `category` included."""
    return _identity(order) | _terms(order) | _progress(order) | _protection(order)


def _identity(order: OrderRecord) -> dict[str, Any]:
    request = order.request
    return {
        "category": request.market.value,
        "orderId": order.exchange_id,
        "orderLinkId": order.link_id,
        "blockTradeId": "",
        "symbol": request.symbol,
        "side": SIDES[request.side],
        "positionIdx": 0,
        "createType": CREATED_BY[order.origin],
        "createdTime": str(order.created_ms),
        "updatedTime": str(order.updated_ms),
    }


def _terms(order: OrderRecord) -> dict[str, Any]:
    request = order.request
    in_quote = request.quote_amount is not None
    is_spot_market = request.market is Market.SPOT and request.order_type is OrderType.MARKET
    is_taker = request.order_type is OrderType.MARKET
    return {
        "orderType": TYPES[request.order_type],
        "timeInForce": TimeInForce.IOC.value if is_taker else request.time_in_force.value,
        "price": figure(request.price) or "0",
        "qty": figure(order.wanted),
        "marketUnit": ("quoteCoin" if in_quote else "baseCoin") if is_spot_market else "",
        "isLeverage": "0" if request.market is Market.SPOT else "",
        "reduceOnly": request.reduce_only,
        "closeOnTrigger": order.origin is Origin.STOP,
        "orderIv": "",
        "placeType": "",
        "smpType": "None",
        "smpGroup": 0,
        "smpOrderId": "",
        "lastPriceOnCreated": figure(order.reference),
        "basePrice": figure(order.reference) if request.market is Market.SPOT else "",
    }


def _progress(order: OrderRecord) -> dict[str, Any]:
    cancelled_by, rejected_for = _reasons(order)
    return {
        "orderStatus": order.state.value,
        "cancelType": cancelled_by,
        "rejectReason": rejected_for,
        "avgPrice": positive_figure(order.average),
        "cumExecQty": figure(order.filled),
        "cumExecValue": figure(order.value),
        "cumExecFee": figure(sum(order.fees.values(), start=order.filled * 0)),
        "cumFeeDetail": {coin: figure(fee) for coin, fee in order.fees.items()},
        "leavesQty": figure(order.left),
        "leavesValue": figure(order.left_value),
    }


def _protection(order: OrderRecord) -> dict[str, Any]:
    stop = order.request.stop_loss
    is_stop = order.origin is Origin.STOP
    waits = order.origin is Origin.USER and order.trigger is not None
    rises = order.rises if waits else order.request.side is Side.BUY
    return {
        "stopOrderType": "Stop" if waits else STOP_TYPES[order.origin],
        "triggerPrice": figure(order.trigger),
        "triggerDirection": (1 if rises else 2) if is_stop or waits else 0,
        "triggerBy": "LastPrice" if is_stop or waits else "",
        "takeProfit": "",
        "stopLoss": figure(stop),
        "tpslMode": "Full" if stop is not None or is_stop else "",
        "ocoTriggerBy": "",
        "tpLimitPrice": "",
        "slLimitPrice": "",
        "tpTriggerBy": "",
        "slTriggerBy": "LastPrice" if stop is not None else "",
    }


def _reasons(order: OrderRecord) -> tuple[str, str]:
    if not order.reason or order.state is OrderState.FILLED:
        return "UNKNOWN", NO_ERROR
    if order.reason.startswith(BY_CODE):
        return "UNKNOWN", order.reason
    return order.reason, ASKED if order.reason == Ending.BY_USER else NO_ERROR

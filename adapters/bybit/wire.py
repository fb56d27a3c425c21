"""Requests in the exchange's words: every number as plain digits, everything said that has a dangerous default."""

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal

from runtime.decimals import plain
from runtime.instrument import Market
from runtime.requests import (
    CancelOrder,
    ChangeStop,
    EarnOrder,
    EarnSide,
    MoveMoney,
    OrderType,
    PlaceOrder,
    SetLeverage,
    Side,
)

SIDES = {Side.BUY: "Buy", Side.SELL: "Sell"}
SIDE_OF = {word: side for side, word in SIDES.items()}
TYPES = {OrderType.MARKET: "Market", OrderType.LIMIT: "Limit"}
ONE_WAY = 0
FLEXIBLE = "FlexibleSaving"
LOANS = {EarnSide.STAKE: "Stake", EarnSide.REDEEM: "Redeem"}
LEAST_SLIPPAGE, MOST_SLIPPAGE = Decimal("0.01"), Decimal(10)
"""Percent; the exchange takes two decimals."""

Fields = dict[str, object]


def placement(order: PlaceOrder) -> Fields:
    """Write an order."""
    fields: Fields = {
        "category": order.market.value,
        "symbol": order.symbol,
        "side": SIDES[order.side],
        "orderType": TYPES[order.order_type],
        "timeInForce": order.time_in_force.value,
        "orderLinkId": order.order_id,
    }
    if order.price is not None:
        fields["price"] = plain(order.price)
    if order.slippage_cap is not None and order.order_type is OrderType.MARKET:
        fields |= {"slippageToleranceType": "Percent", "slippageTolerance": _percent(order.slippage_cap)}
    return fields | (_spot(order) if order.market is Market.SPOT else _linear(order))


def batch(orders: Sequence[PlaceOrder]) -> Fields:
    """Write several orders of one market, each as it would be alone."""
    items = [placement(order) for order in orders]
    for item in items:
        del item["category"]
    return {"category": orders[0].market.value, "request": items}


def _spot(order: PlaceOrder) -> Fields:
    fields: Fields = {"isLeverage": 0, "orderFilter": "Order"}
    if order.order_type is OrderType.MARKET:
        # Without it a market purchase of 0.07 BTC would be one for 0.07 USDT.
        fields["marketUnit"] = "baseCoin" if order.quote_amount is None else "quoteCoin"
    amount = order.quantity if order.quote_amount is None else order.quote_amount
    assert amount is not None
    return fields | {"qty": plain(amount)}


def _linear(order: PlaceOrder) -> Fields:
    assert order.quantity is not None
    fields: Fields = {"qty": plain(order.quantity), "positionIdx": ONE_WAY, "reduceOnly": order.reduce_only}
    if order.stop_loss is not None:
        stop = plain(order.stop_loss)
        fields |= {"stopLoss": stop, "slTriggerBy": "MarkPrice", "slOrderType": "Market", "tpslMode": "Full"}
    return fields


def _percent(cap: Decimal) -> str:
    percent = (cap * 100).quantize(LEAST_SLIPPAGE, ROUND_DOWN)
    return plain(min(MOST_SLIPPAGE, max(LEAST_SLIPPAGE, percent)))


def cancellation(request: CancelOrder) -> Fields:
    """Write a cancel."""
    return {"category": request.market.value, "symbol": request.symbol, "orderLinkId": request.order_id}


def stop_change(request: ChangeStop) -> Fields:
    """Write a change of a position's stop, which is moved in place."""
    return {
        "category": Market.LINEAR.value,
        "symbol": request.symbol,
        "positionIdx": ONE_WAY,
        "tpslMode": "Full",
        "stopLoss": plain(request.price),
        "slTriggerBy": "MarkPrice",
        "slOrderType": "Market",
    }


def leverage(request: SetLeverage) -> Fields:
    """Write a leverage, the same for both sides."""
    wanted = plain(request.leverage)
    return {
        "category": Market.LINEAR.value,
        "symbol": request.symbol,
        "buyLeverage": wanted,
        "sellLeverage": wanted,
    }


def transfer(request: MoveMoney, members: dict[str, str]) -> Fields:
    """Write a transfer between the unified accounts of two members; raises KeyError for an account without a number."""
    return {
        "transferId": request.transfer_id,
        "coin": request.coin,
        "amount": plain(request.amount),
        "fromMemberId": members[request.source],
        "toMemberId": members[request.destination],
        "fromAccountType": "UNIFIED",
        "toAccountType": "UNIFIED",
    }


def loan(order: EarnOrder, product: str) -> Fields:
    """Write an order for flexible savings, whose coins leave the unified account and come back to it."""
    return {
        "category": FLEXIBLE,
        "orderType": LOANS[order.side],
        "accountType": "UNIFIED",
        "amount": plain(order.amount),
        "coin": order.coin,
        "productId": product,
        "orderLinkId": order.order_id,
    }

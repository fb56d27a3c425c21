"""Why the exchange says no, in Bybit's numbers and words."""

from dataclasses import dataclass
from enum import StrEnum

from runtime.instrument import Market


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refusal; the code tells a machine what to do, the reason tells a person."""

    code: int
    reason: str


class RequestRefusedError(Exception):
    """The exchange does not do what it was asked; `refusal` says why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


class Ending(StrEnum):
    """Why what was left of an accepted order was cancelled."""

    BY_USER = "CancelByUser"
    BY_REDUCE_ONLY = "CancelByReduceOnly"
    BEFORE_LIQUIDATION = "CancelAllBeforeLiq"
    CANNOT_AFFORD = "CancelByCannotAffordOrderCost"
    NOTHING_AT_ONCE = "EC_NoImmediateQtyToFill"
    NOT_ALL_AT_ONCE = "EC_CancelForNoFullFill"
    NOT_ENOUGH_AT_ONCE = "EC_NoEnoughQtyToFill"
    POSITION_CLOSED = "CancelByTpSlTsClear"
    WOULD_TAKE = "EC_PostOnlyWillTakeLiquidity"


UNKNOWN_ACCOUNT = Refusal(10003, "API key is invalid.")
BAD_ORDER_ID = Refusal(10001, "params error: orderLinkId invalid.")
UNKNOWN_SYMBOL = Refusal(10001, "Not supported symbols")
BAD_QUANTITY = Refusal(10001, "Qty invalid")
BAD_PRICE = Refusal(10001, "params error: price invalid.")
BAD_TIME_IN_FORCE = Refusal(10001, "params error: timeInForce invalid.")
BAD_LEVERAGE = Refusal(10001, "leverage invalid")
NO_SPOT_STOP = Refusal(10001, "params error: stopLoss is not supported for this order.")
NO_SPOT_REDUCE = Refusal(10001, "params error: reduceOnly is not supported for spot.")
NO_STOP_WHEN_REDUCING = Refusal(10001, "params error: reduceOnly order can not set tp/sl.")
BAD_STOP = Refusal(10001, "params error: stopLoss invalid.")
STOP_WITHOUT_POSITION = Refusal(10001, "can not set tp/sl/ts for zero position")
NOT_LIVE = Refusal(110074, "This contract is not live")
INSUFFICIENT_BALANCE = Refusal(170131, "Insufficient balance.")
INSUFFICIENT_MARGIN = Refusal(110007, "ab not enough for new order")
INSUFFICIENT_FOR_LEVERAGE = Refusal(110012, "insufficient available balance")
NOTHING_TO_REDUCE = Refusal(110017, "current position is zero, cannot fix reduce-only order qty")
POST_ONLY_TAKES = Refusal(170218, "EC_PostOnlyWillTakeLiquidity")
UNKNOWN_TRANSFER_ACCOUNT = Refusal(131207, "Account not exist")
SAME_ACCOUNT = Refusal(131211, "fromAccountType can't be the same as toAccountType")
INSUFFICIENT_FOR_TRANSFER = Refusal(131212, "Insufficient balance")
TRANSFER_ID_USED = Refusal(131214, "TransferId exist")
BAD_TRANSFER_AMOUNT = Refusal(131215, "Amount error")
NO_EARN_PRODUCT = Refusal(180008, "Invalid product")
BAD_SHARE_TO_STAKE = Refusal(180012, "Purchase share invalid")
BAD_SHARE_TO_REDEEM = Refusal(180014, "Redeem share invalid")
EARN_BALANCE = Refusal(180016, "Balance not enough")
NO_EARN_POSITION = Refusal(180020, "Position not found")
EARN_ORDER_EXISTS = Refusal(180025, "Order already exists")
LEVERAGE_UNCHANGED = Refusal(110043, "leverage not modified")
STOP_UNCHANGED = Refusal(34040, "not modified")
TRIGGER_NOT_ABOVE = Refusal(110092, "expect Rising, but trigger_price is not above the current price")
TRIGGER_NOT_BELOW = Refusal(110093, "expect Falling, but trigger_price is not below the current price")
STOP_NOT_ABOVE = 110092
STOP_NOT_BELOW = 110093

TOO_MANY_CONDITIONAL = {
    Market.LINEAR: Refusal(110009, "The number of stop orders exceeds maximum limit allowed"),
    Market.SPOT: Refusal(170810, "Cannot exceed maximum of 30 conditional orders."),
}
DUPLICATE = {
    Market.SPOT: Refusal(170141, "Duplicate clientOrderId."),
    Market.LINEAR: Refusal(110072, "OrderLinkedID is duplicate"),
}
NO_SUCH_ORDER = {
    Market.SPOT: Refusal(170213, "Order does not exist."),
    Market.LINEAR: Refusal(110001, "order not exists or too late to cancel"),
}
PRICE_OFF_STEP = {
    Market.SPOT: Refusal(170134, "Order price has too many decimals."),
    Market.LINEAR: Refusal(110003, "Order price exceeds the allowable range."),
}
QUANTITY_OFF_STEP = {Market.SPOT: Refusal(170137, "Order volume decimal too long."), Market.LINEAR: BAD_QUANTITY}
QUANTITY_TOO_SMALL = {
    Market.SPOT: Refusal(170136, "Order quantity exceeded lower limit."),
    Market.LINEAR: Refusal(10001, "The number of contracts exceeds minimum limit allowed"),
}
VALUE_TOO_SMALL = {
    Market.SPOT: Refusal(170140, "Order value exceeded lower limit."),
    Market.LINEAR: Refusal(110094, "Order does not meet minimum order value"),
}

# Refusals of a request about an order that say nothing of that order's own end.
ABOUT_THE_REQUEST_ONLY = frozenset(refusal.code for refusal in (*DUPLICATE.values(), *NO_SUCH_ORDER.values()))

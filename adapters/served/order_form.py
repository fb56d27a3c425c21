"""An order as a client writes it, read into what the model takes."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TypeVar

from adapters.served.call import PARAMETER_ERROR, Call, refused
from adapters.served.exchange import ServedExchange
from adapters.simulated.conditional import Condition
from adapters.simulated.precision import ZERO
from runtime.instrument import Instrument, Market
from runtime.requests import OrderType, PlaceOrder, Side, TimeInForce

SIDES = {"Buy": Side.BUY, "Sell": Side.SELL}
TYPES = {"Market": OrderType.MARKET, "Limit": OrderType.LIMIT}
NOT_OFFERED = ("takeProfit", "tpLimitPrice", "slLimitPrice", "bboSideType", "orderIv")
DIRECTIONS = {"1": True, "2": False}
HUNDRED = Decimal(100)
Choice = TypeVar("Choice")


def order_of(exchange: ServedExchange, call: Call) -> PlaceOrder:
    """Read an order; raises RequestRefusedError for what is missing, wrong, or not offered by the model."""
    instrument = exchange.instrument(call.market, call.required("symbol"))
    _refuse_what_is_not_offered(call)
    side, kind = _one_of(call, "side", SIDES), _one_of(call, "orderType", TYPES)
    quantity, amount = _size(exchange, call, instrument, side, kind)
    return PlaceOrder(
        order_id=call.text("orderLinkId"),
        account=call.account,
        market=instrument.market,
        symbol=instrument.symbol,
        side=side,
        order_type=kind,
        time_in_force=_time_in_force(call, kind),
        quantity=quantity,
        quote_amount=amount,
        price=call.price("price") if kind is OrderType.LIMIT else None,
        reduce_only=call.truth("reduceOnly"),
        stop_loss=call.price("stopLoss"),
        slippage_cap=_slippage_cap(exchange, call, instrument),
    )


def condition_of(exchange: ServedExchange, call: Call) -> Condition | None:
    """Read what an order waits for, None where it doesn't wait; spot finds out by itself where the price lies."""
    trigger, direction = call.price("triggerPrice"), call.text("triggerDirection")
    if trigger is None:
        return None
    if call.market is Market.LINEAR:
        if direction not in DIRECTIONS:
            raise refused(PARAMETER_ERROR, "params error: triggerDirection invalid.")
        return Condition(trigger, DIRECTIONS[direction])
    if call.text("orderFilter") != "StopOrder":
        raise refused(PARAMETER_ERROR, "params error: triggerPrice is offered with orderFilter=StopOrder only.")
    last = exchange.live.model.last(Market.SPOT, call.required("symbol"))
    return Condition(trigger, last is None or trigger > last)


def _refuse_what_is_not_offered(call: Call) -> None:
    for name in NOT_OFFERED:
        if call.text(name) not in ("", "0"):
            raise refused(PARAMETER_ERROR, f"params error: {name} is not offered by this exchange.")
    if call.whole("positionIdx", 0):
        raise refused(PARAMETER_ERROR, "position idx not match position mode")


def _one_of(call: Call, name: str, choices: Mapping[str, Choice]) -> Choice:
    value = call.required(name)
    if value not in choices:
        raise refused(PARAMETER_ERROR, f"params error: {name} invalid.")
    return choices[value]


def _size(
    exchange: ServedExchange, call: Call, instrument: Instrument, side: Side, kind: OrderType
) -> tuple[Decimal | None, Decimal | None]:
    """Give quantity or amount of quote coin; a spot market buy is by amount unless it says otherwise."""
    size = call.decimal("qty")
    if size is None:
        raise refused(PARAMETER_ERROR, "params error: qty is required.")
    if instrument.market is Market.SPOT and kind is OrderType.MARKET and side is Side.BUY:
        return (size, None) if call.text("marketUnit") == "baseCoin" else (None, size)
    if size == ZERO and call.truth("reduceOnly") and call.truth("closeOnTrigger"):
        size = exchange.live.model.position(call.account, instrument.symbol).size
    return size, None


def _time_in_force(call: Call, kind: OrderType) -> TimeInForce:
    if kind is OrderType.MARKET:
        return TimeInForce.IOC
    try:
        return TimeInForce(call.text("timeInForce", "GTC"))
    except ValueError:
        raise refused(PARAMETER_ERROR, "params error: timeInForce invalid.") from None


def _slippage_cap(exchange: ServedExchange, call: Call, instrument: Instrument) -> Decimal | None:
    """Give the cap as a ratio of the last price."""
    kind, value = call.text("slippageToleranceType"), call.decimal("slippageTolerance")
    if not kind or value is None:
        return None
    if kind == "Percent" and Decimal("0.01") <= value <= Decimal(10):
        return value / HUNDRED
    last = exchange.live.model.last(instrument.market, instrument.symbol)
    if kind == "TickSize" and last and 1 <= value <= 10_000:
        return value * instrument.price_step / last
    raise refused(110108, "slippageTolerance is out of range.")

"""What is taken and what is refused, with Bybit's codes."""

from dataclasses import replace
from decimal import Decimal

import pytest

from runtime.events import LeverageSet, OrderAccepted, OrderCancelled, OrderRejected
from runtime.instrument import Market
from runtime.requests import CancelOrder, ChangeStop, OrderType, SetLeverage, Side, TimeInForce

SPOT, LINEAR, BUY, SELL = Market.SPOT, Market.LINEAR, Side.BUY, Side.SELL
POST_ONLY = {"time_in_force": TimeInForce.POST_ONLY}
REFUSED = [
    (SPOT, BUY, "0.1", {"order_id": "é"}, 10001),
    (SPOT, BUY, "0.1", {"order_id": "x" * 37}, 10001),
    (SPOT, BUY, "0.1", {"order_id": ""}, 10001),
    (SPOT, BUY, "0.1", {"quote_amount": "1000"}, 10001),
    (SPOT, BUY, None, {}, 10001),
    (SPOT, SELL, None, {"quote_amount": "1000"}, 10001),
    (LINEAR, BUY, None, {"quote_amount": "1000"}, 10001),
    (SPOT, BUY, "0.1", {"stop_loss": "50000"}, 10001),
    (SPOT, BUY, "0.1", {"reduce_only": True}, 10001),
    (LINEAR, BUY, "0.1", {"reduce_only": True, "stop_loss": "50000"}, 10001),
    (LINEAR, BUY, "0.1", POST_ONLY, 10001),
    (LINEAR, BUY, "0.1", {"time_in_force": TimeInForce.FOK}, 10001),
    (SPOT, BUY, "0.1", {"price": "NaN"}, 170134),
    (SPOT, BUY, "0.1", {"price": "60000.001"}, 170134),
    (LINEAR, BUY, "0.1", {"price": "60000.05"}, 110003),
    (SPOT, BUY, "0.1000001", {}, 170137),
    (SPOT, BUY, None, {"quote_amount": "1000.00000001"}, 170137),
    (LINEAR, BUY, "0.0015", {}, 10001),
    (SPOT, BUY, "0", {}, 170136),
    (LINEAR, BUY, "0", {}, 10001),
    (LINEAR, BUY, "-0.1", {}, 10001),
    (SPOT, BUY, None, {"quote_amount": "4.99"}, 170140),
    (SPOT, BUY, "0.000083", {}, 170140),
    (LINEAR, BUY, "0.001", {"price": "4999"}, 110094),
    (LINEAR, SELL, "0.1", {"reduce_only": True}, 110017),
    (LINEAR, BUY, "0.1", {"stop_loss": "60000"}, 10001),
    (LINEAR, SELL, "0.1", {"stop_loss": "59000"}, 10001),
    (LINEAR, BUY, "0.1", {"stop_loss": "58000.05"}, 10001),
    (LINEAR, BUY, "0.1", {"price": "59000", "stop_loss": "59500"}, 10001),
    (SPOT, BUY, None, {"quote_amount": "10000.1"}, 170131),
    (SPOT, SELL, "0.1", {}, 170131),
    (LINEAR, BUY, "2", {}, 110007),
    (SPOT, BUY, "0.1", {"price": "60000.01", **POST_ONLY}, 170218),
]


@pytest.mark.spec("EXEC-07")
@pytest.mark.parametrize(("market", "side", "quantity", "fields", "code"), REFUSED)
def test_an_order_is_refused_with_the_code_of_the_exchange(trading, market, side, quantity, fields, code) -> None:
    if market is LINEAR and "price" in fields and code == 110094:
        trading.linear(4999.0, 4999.0, 4999.0, 4999.0)
    [refusal] = trading.place(market, side, quantity, **fields)
    assert isinstance(refusal, OrderRejected)
    assert refusal.code == code
    assert refusal.reason
    assert trading.exchange.open_orders("main") == ()
    assert trading.spot() == ([], [])


@pytest.mark.parametrize("order_type", OrderType)
def test_a_limit_order_has_a_price_and_a_market_order_has_none(trading, order_type) -> None:
    other = trading.order(LINEAR, BUY, "0.1", **({"price": "59000"} if order_type is OrderType.MARKET else {}))
    [event] = trading.submit(replace(other, order_type=order_type))
    assert event.code == 10001


def test_the_words_are_those_of_the_exchange(trading) -> None:
    [small] = trading.place(SPOT, BUY, quote_amount="1")
    [poor] = trading.place(SPOT, SELL, "1")
    [large] = trading.place(LINEAR, BUY, "5")
    assert [event.reason for event in (small, poor, large)] == [
        "Order value exceeded lower limit.",
        "Insufficient balance.",
        "ab not enough for new order",
    ]


@pytest.mark.spec("EXEC-02")
@pytest.mark.parametrize(("market", "code"), [(SPOT, 170141), (LINEAR, 110072)])
def test_a_second_order_with_the_same_id_is_never_made(trading, market, code) -> None:
    trading.place(market, BUY, "0.01", order_id="once")
    [again] = trading.place(market, BUY, "0.01", order_id="once")
    assert again.code == code
    assert len(trading.hour_of(market)[0]) == 1
    [late] = trading.place(market, BUY, "0.01", order_id="once")
    assert late.code == code


def test_an_id_that_was_refused_may_be_used_again(trading) -> None:
    trading.place(SPOT, SELL, "0.1", order_id="again")
    assert trading.place(SPOT, BUY, "0.1", order_id="again") == [OrderAccepted(3_600_000, "again")]


def test_a_symbol_without_a_price_is_not_live(trading) -> None:
    order = trading.order(LINEAR, BUY, "1")
    other = type(order)("x", "main", LINEAR, "SOLUSDT", BUY, order.order_type, order.time_in_force, Decimal(1))
    [event] = trading.submit(other)
    assert event.code == 110074


def test_a_perpetual_takes_a_crossing_post_only_order_and_cancels_it(trading) -> None:
    events = trading.place(LINEAR, SELL, "0.1", price="59999.9", **POST_ONLY)
    assert events == [
        OrderAccepted(3_600_000, "order-1"),
        OrderCancelled(3_600_000, "order-1", "EC_PostOnlyWillTakeLiquidity"),
    ]


def test_a_post_only_order_at_the_last_price_rests(trading) -> None:
    trading.place(LINEAR, SELL, "0.1", price="60000", **POST_ONLY)
    assert len(trading.exchange.open_orders("main")) == 1


def test_open_orders_bind_what_they_may_spend(trading) -> None:
    trading.place(SPOT, BUY, "0.1", price="50000")
    assert trading.exchange.free("main", "USDT") == Decimal(5000)
    [refusal] = trading.place(SPOT, BUY, quote_amount="5001")
    assert refusal.code == 170131
    assert trading.cancel(SPOT, "order-1") == [OrderCancelled(3_600_000, "order-1", "CancelByUser")]
    assert trading.exchange.free("main", "USDT") == Decimal(10000)
    assert trading.usdt() == Decimal(10000)


@pytest.mark.parametrize(("market", "code"), [(SPOT, 170213), (LINEAR, 110001)])
def test_an_order_that_is_gone_cannot_be_cancelled(trading, market, code) -> None:
    [event] = trading.cancel(market, "nothing")
    assert event.code == code


def test_what_closes_a_position_needs_no_margin(trading_with) -> None:
    trading = trading_with("700")
    trading.place(LINEAR, BUY, "0.1")
    trading.linear()
    [refusal] = trading.place(LINEAR, BUY, "0.1")
    assert refusal.code == 110007
    assert trading.place(LINEAR, SELL, "0.1") == [OrderAccepted(2 * 3_600_000, "order-3")]


@pytest.mark.parametrize(("stop", "code"), [("60000", 110093), ("61000", 110093), ("58000.05", 10001), ("0", 10001)])
def test_a_stop_must_stand_behind_the_price(trading, stop, code) -> None:
    trading.place(LINEAR, BUY, "0.1", stop_loss="58000")
    trading.linear()
    [event] = trading.change_stop(stop)
    assert (event.order_id, event.code) == ("stop:main:BTCUSDT", code)
    assert trading.exchange.stop("main", "BTCUSDT") == Decimal(58000)


def test_a_short_is_protected_from_above(trading) -> None:
    trading.place(LINEAR, SELL, "0.1")
    trading.linear()
    [event] = trading.change_stop("59000")
    assert event.code == 110092
    trading.change_stop("61000")
    assert trading.exchange.stop("main", "BTCUSDT") == Decimal(61000)


def test_nothing_cannot_be_protected(trading) -> None:
    [event] = trading.change_stop("58000")
    assert event.code == 10001


def test_leverage_that_is_already_set_is_not_an_error(trading) -> None:
    assert trading.set_leverage("2") == [LeverageSet(3_600_000, "main", "BTCUSDT", Decimal(2), True)]
    assert trading.set_leverage("2") == [LeverageSet(3_600_000, "main", "BTCUSDT", Decimal(2), False)]
    assert trading.set_leverage("101")[0].code == 10001
    assert trading.set_leverage("0.5")[0].code == 10001
    assert trading.exchange.leverage("main", "BTCUSDT") == Decimal(2)


def test_leverage_does_not_sink_below_what_the_margin_carries(trading_with) -> None:
    trading = trading_with("1000")
    trading.place(LINEAR, BUY, "0.1")
    trading.linear()
    assert trading.set_leverage("2")[0].code == 110012
    assert trading.exchange.leverage("main", "BTCUSDT") == Decimal(10)


def test_an_unknown_account_or_symbol_is_refused_whatever_is_asked(trading) -> None:
    order = trading.order(LINEAR, BUY, "1")
    known = (order.side, order.order_type, order.time_in_force, Decimal(1))
    asked = [
        (type(order)("a", "nobody", LINEAR, "BTCUSDT", *known), 10003),
        (CancelOrder("a", "nobody", LINEAR, "BTCUSDT"), 10003),
        (ChangeStop("nobody", "BTCUSDT", Decimal(1)), 10003),
        (SetLeverage("nobody", "BTCUSDT", Decimal(1)), 10003),
        (type(order)("a", "main", LINEAR, "NOTHING", *known), 10001),
        (ChangeStop("main", "NOTHING", Decimal(1)), 10001),
        (SetLeverage("main", "NOTHING", Decimal(1)), 10001),
    ]
    assert [trading.submit(request)[0].code for request, _ in asked] == [code for _, code in asked]

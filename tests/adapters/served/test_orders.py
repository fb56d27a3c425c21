"""Orders over REST, by unmodified pybit."""

from decimal import Decimal
from typing import Any

import pytest
from pybit.exceptions import InvalidRequestError

Desk = Any


def price_of(desk: Desk, category: str = "linear") -> Decimal:
    (row,) = desk.http.get_tickers(category=category, symbol="BTCUSDT")["result"]["list"]
    return Decimal(row["lastPrice"])


def refusal(call: Any, **fields: Any) -> int:
    with pytest.raises(InvalidRequestError) as error:
        call(**fields)
    return error.value.status_code


def test_an_order_while_a_candle_is_under_way_is_filled_at_once_at_its_first_price(main: Desk) -> None:
    first = price_of(main)
    placed = main.place("linear", "Buy", "0.1", orderLinkId="entry-1")
    row = main.order("linear", orderLinkId="entry-1")
    assert (row["orderId"], row["orderStatus"], row["cumExecQty"]) == (placed["orderId"], "Filled", "0.1")
    assert Decimal(row["avgPrice"]) == first * Decimal("1.0005")
    assert {name: main.position()[name] for name in ("side", "size", "avgPrice")} == {
        "side": "Buy",
        "size": "0.1",
        "avgPrice": row["avgPrice"],
    }


def test_an_order_in_the_gap_waits_for_the_next_first_price(main: Desk) -> None:
    main.served.advance(1)
    main.place("linear", "Buy", "0.1", orderLinkId="entry-1")
    assert main.order("linear", orderLinkId="entry-1")["orderStatus"] == "New"
    main.served.advance(1, until="open")
    row = main.order("linear", orderLinkId="entry-1")
    assert row["orderStatus"] == "Filled"
    assert Decimal(row["avgPrice"]) == price_of(main) * Decimal("1.0005")


def test_a_limit_order_rests_until_it_is_touched(main: Desk) -> None:
    near, far = price_of(main) - 20, price_of(main) - 20_000
    main.place("linear", "Buy", "0.1", price=str(near), orderLinkId="near")
    main.place("linear", "Buy", "0.1", price=str(far), orderLinkId="far")
    assert {row["orderLinkId"] for row in open_orders(main)} == {"near", "far"}
    main.served.advance(1)
    assert {row["orderLinkId"] for row in open_orders(main)} == {"far"}
    (fill,) = main.http.get_executions(category="linear", orderLinkId="near")["result"]["list"]
    assert (Decimal(fill["execPrice"]), fill["isMaker"], fill["feeRate"]) == (near, True, "0.0002")


def open_orders(desk: Desk, category: str = "linear") -> list[dict[str, Any]]:
    return desk.http.get_open_orders(category=category, symbol="BTCUSDT")["result"]["list"]


@pytest.mark.parametrize(
    ("category", "price", "gone", "duplicate"), [("linear", "20000", 110001, 110072), ("spot", "20000", 170213, 170141)]
)
def test_an_order_is_taken_back_once_and_its_own_id_is_used_up(
    main: Desk, category: str, price: str, gone: int, duplicate: int
) -> None:
    main.place(category, "Buy", "0.1", price=price, orderLinkId="mine")
    name = {"category": category, "symbol": "BTCUSDT", "orderLinkId": "mine"}
    main.http.cancel_order(**name)
    row = main.order(category, orderLinkId="mine")
    assert (row["orderStatus"], row["cancelType"], row["leavesQty"]) == ("Cancelled", "CancelByUser", "0")
    assert refusal(main.http.cancel_order, **name) == gone
    again = {"side": "Buy", "orderType": "Limit", "qty": "0.1", "price": price}
    assert refusal(main.http.place_order, **name, **again) == duplicate


def test_an_open_order_is_changed_in_place(main: Desk) -> None:
    placed = main.place("linear", "Buy", "0.1", price="20000")
    names = {"category": "linear", "symbol": "BTCUSDT", "orderId": placed["orderId"]}
    main.http.amend_order(**names, qty="0.2", price="21000.5")
    (row,) = open_orders(main)
    assert (row["orderId"], row["qty"], row["price"]) == (placed["orderId"], "0.2", "21000.5")
    assert refusal(main.http.amend_order, **names, price="21000.55") == 110003
    assert refusal(main.http.amend_order, **names, qty="1000") == 110007
    assert open_orders(main) == [row]
    main.http.amend_order(**names, price=str(price_of(main) + 100))
    assert main.order("linear", orderId=placed["orderId"])["orderStatus"] == "Filled"


def test_a_spot_purchase_by_amount_ends_with_a_rest_that_buys_nothing(main: Desk) -> None:
    main.place("spot", "Buy", "1000", marketUnit="quoteCoin", orderLinkId="coins")
    row = main.order("spot", orderLinkId="coins")
    assert (row["orderStatus"], row["rejectReason"]) == ("PartiallyFilledCanceled", "EC_CancelForNoFullFill")
    bought, fee = Decimal(row["cumExecQty"]), Decimal(row["cumFeeDetail"]["BTC"])
    assert fee == bought / 1000
    assert main.coins() == {"USDT": 100_000 - Decimal(row["cumExecValue"]), "BTC": bought - fee}
    assert Decimal(row["leavesValue"]) == 1000 - Decimal(row["cumExecValue"])


def test_an_attached_stop_shows_moves_in_place_and_closes_the_position(main: Desk) -> None:
    first = price_of(main)
    main.place("linear", "Buy", "0.1", stopLoss=str(first - 5000), orderLinkId="entry")
    (stop,) = open_orders(main)
    assert (stop["stopOrderType"], stop["orderStatus"], stop["orderLinkId"]) == ("StopLoss", "Untriggered", "")
    assert Decimal(stop["triggerPrice"]) == Decimal(main.position()["stopLoss"]) == first - 5000
    move = {"category": "linear", "symbol": "BTCUSDT", "positionIdx": 0}
    main.http.set_trading_stop(**move, stopLoss=str(first - 10))
    (moved,) = open_orders(main)
    assert (moved["orderId"], Decimal(moved["triggerPrice"])) == (stop["orderId"], first - 10)
    assert refusal(main.http.set_trading_stop, **move, stopLoss=str(first - 10)) == 34040
    main.served.advance(1)
    assert main.position()["size"] == "0"
    fill = main.http.get_executions(category="linear")["result"]["list"][0]
    assert (fill["orderId"], fill["stopOrderType"], fill["closedSize"]) == (stop["orderId"], "StopLoss", "0.1")
    assert main.order("linear", orderId=stop["orderId"])["orderStatus"] == "Filled"


def test_a_stop_at_zero_takes_the_protection_away(main: Desk) -> None:
    main.place("linear", "Buy", "0.1", stopLoss="20000")
    main.http.set_trading_stop(category="linear", symbol="BTCUSDT", stopLoss="0", positionIdx=0)
    assert (main.position()["stopLoss"], open_orders(main)) == ("", [])


def test_a_position_that_is_closed_takes_its_stop_along(main: Desk) -> None:
    main.place("linear", "Buy", "0.1", stopLoss="20000")
    (stop,) = open_orders(main)
    main.place("linear", "Sell", "0.1", reduceOnly=True)
    row = main.order("linear", orderId=stop["orderId"])
    assert (row["orderStatus"], row["cancelType"]) == ("Cancelled", "CancelByTpSlTsClear")
    close = {"category": "linear", "symbol": "BTCUSDT", "side": "Sell", "orderType": "Market", "qty": "0.1"}
    assert refusal(main.http.place_order, **close, reduceOnly=True) == 110017


def test_everything_is_taken_back_together(main: Desk) -> None:
    main.place("linear", "Buy", "0.1", stopLoss="20000")
    for number in range(3):
        main.place("linear", "Buy", "0.1", price=str(20_000 + number))
    assert refusal(main.http.cancel_all_orders, category="linear") == 10001
    main.http.cancel_all_orders(category="linear", symbol="BTCUSDT", orderFilter="Order")
    assert [row["stopOrderType"] for row in open_orders(main)] == ["StopLoss"]
    main.http.cancel_all_orders(category="linear", settleCoin="USDT")
    assert (open_orders(main), main.position()["stopLoss"]) == ([], "")


def test_the_orders_of_a_batch_succeed_and_fail_each_by_itself(main: Desk) -> None:
    order = {"symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "price": "20000"}
    items = [{**order, "qty": "0.1", "orderLinkId": "good"}, {**order, "qty": "0.00001", "orderLinkId": "bad"}]
    answer = main.http.place_batch_order(category="linear", request=items)
    assert [one["code"] for one in answer["retExtInfo"]["list"]] == [0, 10001]
    assert [bool(one["orderId"]) for one in answer["result"]["list"]] == [True, False]
    names = [{"symbol": "BTCUSDT", "orderLinkId": name} for name in ("good", "bad")]
    answer = main.http.cancel_batch_order(category="linear", request=names)
    assert [one["code"] for one in answer["retExtInfo"]["list"]] == [0, 110001]


def test_leverage_and_mode_say_when_they_are_so_already(main: Desk) -> None:
    leverage = {"category": "linear", "symbol": "BTCUSDT", "buyLeverage": "3", "sellLeverage": "3"}
    main.http.set_leverage(**leverage)
    assert main.position()["leverage"] == "3"
    assert refusal(main.http.set_leverage, **leverage) == 110043
    assert refusal(main.http.switch_position_mode, category="linear", symbol="BTCUSDT", mode=0) == 110025
    assert refusal(main.http.switch_position_mode, category="linear", symbol="BTCUSDT", mode=3) == 10001


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"category": "linear", "qty": "0.0005"}, 10001),
        ({"category": "linear", "qty": "0.1", "price": "20000.05", "orderType": "Limit"}, 110003),
        ({"category": "linear", "qty": "100"}, 110007),
        ({"category": "linear", "qty": "0.1", "positionIdx": 1}, 10001),
        ({"category": "linear", "qty": "0.1", "triggerPrice": "20000"}, 10001),
        ({"category": "linear", "qty": "0.1", "symbol": "NOUSDT"}, 10001),
        ({"category": "linear", "qty": "NaN"}, 10001),
        ({"category": "linear", "qty": "0.1", "side": "buy"}, 10001),
        ({"category": "linear", "qty": "0.1", "orderLinkId": "spaces are bad"}, 10001),
        ({"category": "option", "qty": "0.1"}, 10001),
        ({"category": "spot", "qty": "1"}, 170140),
        ({"category": "spot", "qty": "200000"}, 170131),
        ({"category": "spot", "qty": "0.1", "side": "Sell"}, 170131),
    ],
)
def test_what_can_not_be_is_refused_with_the_code_of_the_real_exchange(
    main: Desk, fields: dict[str, Any], code: int
) -> None:
    order = {"symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", **fields}
    assert refusal(main.http.place_order, **order) == code
    assert open_orders(main) == []


def test_long_answers_come_in_pages_the_newest_first(main: Desk) -> None:
    for number in range(7):
        main.place("linear", "Buy", "0.1", price=str(20_000 + number), orderLinkId=f"order-{number}")
    seen, cursor = [], ""
    for _ in range(3):
        page = main.http.get_open_orders(category="linear", symbol="BTCUSDT", limit=3, cursor=cursor or None)["result"]
        seen += [row["orderLinkId"] for row in page["list"]]
        cursor = page["nextPageCursor"]
    assert (seen, cursor) == ([f"order-{number}" for number in range(6, -1, -1)], "")


def test_a_look_back_may_span_a_week_and_no_more(main: Desk) -> None:
    now_ms = main.http.get_server_time()["time"]
    week_ms = 7 * 86_400_000
    spans = {"category": "linear", "startTime": now_ms - week_ms, "endTime": now_ms}
    assert main.http.get_order_history(**spans)["result"]["list"] == []
    assert refusal(main.http.get_order_history, **{**spans, "endTime": now_ms + 1}) == 10001


def test_accounts_see_nothing_of_each_other(main: Desk, trend: Desk) -> None:
    main.place("linear", "Buy", "0.1", price="20000", orderLinkId="same")
    trend.place("linear", "Sell", "0.1", orderLinkId="same")
    assert [row["side"] for row in open_orders(main)] == ["Buy"]
    assert (open_orders(trend), trend.position()["side"], main.position()["size"]) == ([], "Sell", "0")
    order_id = open_orders(main)[0]["orderId"]
    assert refusal(trend.http.cancel_order, category="linear", symbol="BTCUSDT", orderId=order_id) == 110001

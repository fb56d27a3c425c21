"""Requests over a real socket, each sent once, and what their answers mean."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from adapters.bybit.venue import BybitVenue
from runtime.events import (
    AccountSeen,
    CashFlow,
    Fill,
    FillKind,
    LeverageSet,
    LookedUp,
    OrderAccepted,
    OrderCancelled,
    OrderRejected,
    OrderUnknown,
    StopPlaced,
)
from runtime.instrument import Market
from runtime.requests import (
    CancelOrder,
    ChangeStop,
    LookAtAccount,
    LookUpOrder,
    MoveMoney,
    OrderType,
    PlaceOrder,
    SetLeverage,
    Side,
    TimeInForce,
)

NOW_MS = 1_750_000_000_000
CREATE, CANCEL = "/v5/order/create", "/v5/order/cancel"
REALTIME, HISTORY, EXECUTIONS = "/v5/order/realtime", "/v5/order/history", "/v5/execution/list"
POSITIONS, WALLET = "/v5/position/list", "/v5/account/wallet-balance"

ENTRY = PlaceOrder(
    "trend-aaa-1",
    "TREND",
    Market.LINEAR,
    "BTCUSDT",
    Side.BUY,
    OrderType.MARKET,
    TimeInForce.IOC,
    quantity=Decimal("0.00001"),
    stop_loss=Decimal("59000"),
    slippage_cap=Decimal("0.005"),
)
PURCHASE = PlaceOrder(
    "core-aaa-1",
    "CORE",
    Market.SPOT,
    "BTCUSDT",
    Side.BUY,
    OrderType.MARKET,
    TimeInForce.IOC,
    quote_amount=Decimal("1E+3"),
)
LOOK_UP = LookUpOrder("trend-aaa-1", "TREND", Market.LINEAR, "BTCUSDT")


def row(**fields: Any) -> dict[str, Any]:
    """Make an order's row as the exchange writes it."""
    return {
        "orderId": "11111111-2222",
        "orderLinkId": "trend-aaa-1",
        "symbol": "BTCUSDT",
        "side": "Buy",
        "orderStatus": "Filled",
        "qty": "0.002",
        "price": "60500",
        "cumExecQty": "0.002",
        "rejectReason": "EC_NoError",
        "cancelType": "UNKNOWN",
        "reduceOnly": False,
        "stopOrderType": "",
        "triggerPrice": "",
        "createdTime": str(NOW_MS),
        "updatedTime": str(NOW_MS + 5),
    } | fields


def execution(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "symbol": "BTCUSDT",
        "orderId": "11111111-2222",
        "orderLinkId": "trend-aaa-1",
        "side": "Buy",
        "execId": f"e{number}",
        "execQty": "0.001",
        "execPrice": "60000.5",
        "execFee": "0.033",
        "feeCurrency": "",
        "execType": "Trade",
        "execTime": str(NOW_MS + number),
        "leavesQty": "0.001" if number == 1 else "0",
        "isMaker": False,
        "stopOrderType": "",
    } | fields


@pytest.mark.spec("DATA-01")
def test_an_entry_goes_out_in_plain_digits_with_its_stop(venue: BybitVenue, exchange: Any, heard: Any) -> None:
    exchange.good(CREATE, {"orderId": "1", "orderLinkId": "trend-aaa-1"})
    venue.send(ENTRY)
    assert heard.one(OrderAccepted) == OrderAccepted(NOW_MS, "trend-aaa-1")
    assert exchange.asked_of(CREATE) == [
        {
            "category": "linear",
            "symbol": "BTCUSDT",
            "side": "Buy",
            "orderType": "Market",
            "timeInForce": "IOC",
            "orderLinkId": "trend-aaa-1",
            "slippageToleranceType": "Percent",
            "slippageTolerance": "0.50",
            "qty": "0.00001",
            "positionIdx": 0,
            "reduceOnly": False,
            "stopLoss": "59000",
            "slTriggerBy": "MarkPrice",
            "slOrderType": "Market",
            "tpslMode": "Full",
        }
    ]


def test_a_spot_purchase_says_that_its_amount_is_money(venue: BybitVenue, exchange: Any, heard: Any) -> None:
    exchange.good(CREATE, {"orderId": "1"})
    venue.send(PURCHASE)
    heard.one(OrderAccepted)
    (asked,) = exchange.asked_of(CREATE)
    assert (asked["marketUnit"], asked["qty"], asked["isLeverage"]) == ("quoteCoin", "1000", 0)
    assert "positionIdx" not in asked


def test_a_maker_order_has_its_price_and_no_slippage(venue: BybitVenue, exchange: Any, heard: Any) -> None:
    exchange.good(CREATE, {"orderId": "1"})
    maker = replace(PURCHASE, quote_amount=None, quantity=Decimal("0.5"), price=Decimal("60000"))
    venue.send(replace(maker, order_type=OrderType.LIMIT, time_in_force=TimeInForce.POST_ONLY, slippage_cap=Decimal(1)))
    heard.one(OrderAccepted)
    (asked,) = exchange.asked_of(CREATE)
    assert (asked["orderType"], asked["timeInForce"], asked["price"]) == ("Limit", "PostOnly", "60000")
    assert not {"marketUnit", "slippageTolerance"} & asked.keys()


UNCERTAIN = {
    "it hung up": ("", None),
    "502": ("Bad Gateway", 502),
    "500": ("{}", 500),
    "429": ("", 429),
    "no JSON": ("<html>", 200),
    "cut off": ('{"retCode":0,"resu', 200),
    "no code": ('{"result":{},"time":1750000000000}', 200),
    "a code as text": ('{"retCode":"0","retMsg":"","result":{},"time":1750000000000}', 200),
    "a list": ("[]", 200),
    "a number": ("7", 200),
    "nothing in it": ('{"retCode":0}', 200),
    "server time-out": ('{"retCode":10000,"retMsg":"Server Timeout","result":{},"time":1}', 200),
    "server error": ('{"retCode":10016,"retMsg":"Internal","result":{},"time":1}', 200),
    "an unheard-of code": ('{"retCode":987654,"retMsg":"?","result":{},"time":1}', 200),
    "it exists": ('{"retCode":110072,"retMsg":"OrderLinkedID is duplicate","result":{},"time":1}', 200),
    "a redirect": ("", 307),
}


@pytest.mark.spec("EXEC-03", "EXEC-02")
@pytest.mark.parametrize(("body", "status"), UNCERTAIN.values(), ids=UNCERTAIN)
def test_an_answer_that_proves_nothing_leaves_the_order_unknown_and_sends_nothing_again(
    venue: BybitVenue, exchange: Any, heard: Any, body: str, status: int | None
) -> None:
    exchange.says(CREATE, exchange.said(body, status, Location=f"{exchange.hosts.rest}/elsewhere"))
    venue.send(ENTRY)
    unknown = heard.one(OrderUnknown)
    assert unknown.order_id == "trend-aaa-1"
    # The look-up goes through the same thread, so whatever would have been sent again was sent before it.
    venue.send(LOOK_UP)
    heard.one(LookedUp)
    assert len(exchange.asked_of(CREATE)) == 1
    assert not exchange.asked_of("/elsewhere")


def test_no_text_holds_a_secret(venue: BybitVenue, exchange: Any, heard: Any) -> None:
    exchange.says(CREATE, exchange.said("", None))
    venue.send(ENTRY)
    assert "trend-key" not in heard.one(OrderUnknown).reason
    assert "trend-key" not in repr(venue.desks["TREND"]._setting) + repr(vars(venue))


REFUSALS = {"margin": 110007, "parameters": 10001, "permission": 10005, "signature": 10004}


@pytest.mark.parametrize("code", REFUSALS.values(), ids=REFUSALS)
def test_a_definite_no_is_a_rejection(venue: BybitVenue, exchange: Any, heard: Any, code: int) -> None:
    exchange.bad(CREATE, code)
    venue.send(ENTRY)
    assert heard.one(OrderRejected) == OrderRejected(NOW_MS, "trend-aaa-1", code, "words")


@pytest.mark.spec("EXEC-04")
def test_the_rate_limit_says_when_it_would_take_the_order_again(venue: BybitVenue, exchange: Any, heard: Any) -> None:
    exchange.bad(CREATE, 10006, X_Bapi_Limit_Reset_Timestamp=str(NOW_MS + 700))
    venue.send(ENTRY)
    assert heard.one(OrderRejected).retry_at_ms == NOW_MS + 700


def test_a_reset_in_the_past_is_no_reason_to_wait_less_than_a_second(
    venue: BybitVenue, exchange: Any, heard: Any
) -> None:
    exchange.bad(CREATE, 10006, X_Bapi_Limit_Reset_Timestamp=str(NOW_MS - 700))
    venue.send(ENTRY)
    assert heard.one(OrderRejected).retry_at_ms == NOW_MS + 1000


def test_a_shut_door_stays_shut_for_minutes(venue: BybitVenue, exchange: Any, heard: Any) -> None:
    exchange.says(CREATE, exchange.said("", 403))
    venue.send(ENTRY)
    rejected = heard.one(OrderRejected)
    assert (rejected.code, rejected.retry_at_ms) == (403, NOW_MS + 600_000)
    assert venue.desks["CORE"].line.wait_ms("place_order:spot") > 500_000


@pytest.mark.spec("EXEC-11")
def test_what_protects_goes_before_entries_and_entries_expire_rather_than_go_out_late(
    venue: BybitVenue, exchange: Any, heard: Any
) -> None:
    exchange.says(
        CREATE,
        exchange.envelope(0, {}, {"X-Bapi-Limit-Status": "0", "X-Bapi-Limit-Reset-Timestamp": str(NOW_MS + 900)}),
    )
    exchange.good("/v5/position/trading-stop", {})
    venue.send(ENTRY)
    heard.one(OrderAccepted)
    venue.send(replace(ENTRY, order_id="late-1"))
    venue.send(ChangeStop("TREND", "BTCUSDT", Decimal("59500")))
    assert heard.one(StopPlaced).price == Decimal("59500")
    late = heard.one(OrderRejected)
    assert (late.order_id, late.retry_at_ms) == ("late-1", None)
    assert [asked["orderLinkId"] for asked in exchange.asked_of(CREATE)] == ["trend-aaa-1"]


def test_a_cancel_that_finds_nothing_is_no_rejection_of_the_order(venue: BybitVenue, exchange: Any, heard: Any) -> None:
    cancel = CancelOrder("trend-aaa-1", "TREND", Market.LINEAR, "BTCUSDT")
    exchange.bad(CANCEL, 110001)
    venue.send(cancel)
    assert heard.one(OrderRejected).code == 110001
    exchange.bad(CANCEL, 10006)
    venue.send(cancel)
    assert heard.one(OrderUnknown).order_id == "trend-aaa-1"


def test_what_is_already_as_asked_is_done(venue: BybitVenue, exchange: Any, heard: Any) -> None:
    exchange.bad("/v5/position/set-leverage", 110043)
    exchange.bad("/v5/position/trading-stop", 34040)
    venue.send(SetLeverage("TREND", "BTCUSDT", Decimal(3)))
    assert heard.one(LeverageSet) == LeverageSet(NOW_MS, "TREND", "BTCUSDT", Decimal(3), False)
    venue.send(ChangeStop("TREND", "BTCUSDT", Decimal("59000")))
    assert heard.one(StopPlaced).price == Decimal("59000")


def test_a_refused_stop_is_named_after_its_position(venue: BybitVenue, exchange: Any, heard: Any) -> None:
    exchange.bad("/v5/position/trading-stop", 10001)
    venue.send(ChangeStop("TREND", "BTCUSDT", Decimal("59000")))
    assert heard.one(OrderRejected).order_id == "stop:TREND:BTCUSDT"


def test_a_transfer_is_signed_by_the_main_account_and_is_both_halves(
    venue: BybitVenue, exchange: Any, heard: Any
) -> None:
    exchange.good("/v5/asset/transfer/universal-transfer", {"transferId": "t-1", "status": "SUCCESS"})
    venue.send(MoveMoney("t-1", "CORE", "TREND", "USDT", Decimal("12.50")))
    out, into = heard.until(CashFlow, 2)
    assert (out.account, out.amount, into.account, into.amount) == (
        "CORE",
        Decimal("-12.50"),
        "TREND",
        Decimal("12.50"),
    )
    (asked,) = exchange.asked_of("/v5/asset/transfer/universal-transfer")
    assert (asked["fromMemberId"], asked["toMemberId"], asked["amount"]) == ("101", "102", "12.50")


@pytest.mark.parametrize("status", ["PENDING", "STATUS_UNKNOWN", "FAILED"])
def test_a_transfer_that_is_not_over_is_unknown(venue: BybitVenue, exchange: Any, heard: Any, status: str) -> None:
    exchange.good("/v5/asset/transfer/universal-transfer", {"transferId": "t-1", "status": status})
    venue.send(MoveMoney("t-1", "CORE", "TREND", "USDT", Decimal("12.50")))
    assert heard.one(OrderUnknown).order_id == "t-1"


# ── look-ups ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.spec("EXEC-03", "EXEC-08")
def test_a_look_up_tells_fills_oldest_first_then_how_the_order_stands(
    venue: BybitVenue, exchange: Any, heard: Any
) -> None:
    exchange.good(REALTIME, {"list": [row(orderStatus="Cancelled", cancelType="CancelByUser")]})
    exchange.good(EXECUTIONS, {"list": [execution(2), execution(1)]})
    venue.send(LOOK_UP)
    heard.one(LookedUp)
    first, second, gone, end = heard.all
    assert (first.execution_id, first.done, second.execution_id, second.done) == ("e1", False, "e2", True)
    assert gone == OrderCancelled(NOW_MS + 5, "trend-aaa-1", "CancelByUser")
    assert end == LookedUp(NOW_MS, "trend-aaa-1", found=True, complete=True)
    assert first.fee_coin == "USDT"


def test_an_order_that_nobody_knows_is_not_found_after_all_three_places(
    venue: BybitVenue, exchange: Any, heard: Any
) -> None:
    for path in (REALTIME, HISTORY, EXECUTIONS):
        exchange.good(path, {"list": []})
    venue.send(LOOK_UP)
    assert heard.one(LookedUp) == LookedUp(NOW_MS, "trend-aaa-1", found=False, complete=True)


@pytest.mark.parametrize("silent", [REALTIME, HISTORY, EXECUTIONS])
def test_a_place_that_does_not_answer_makes_a_look_up_incomplete(
    venue: BybitVenue, exchange: Any, heard: Any, silent: str
) -> None:
    for path in (REALTIME, HISTORY, EXECUTIONS):
        exchange.good(path, {"list": []})
    exchange.says(silent, exchange.said("", 502))
    venue.send(LOOK_UP)
    assert heard.one(LookedUp) == LookedUp(NOW_MS, "trend-aaa-1", found=False, complete=False)


def test_a_row_of_another_order_is_no_find(venue: BybitVenue, exchange: Any, heard: Any) -> None:
    exchange.good(REALTIME, {"list": [row(orderLinkId="trend-bbb-1")]})
    exchange.good(HISTORY, {"list": []})
    exchange.good(EXECUTIONS, {"list": [execution(1, orderLinkId="trend-bbb-1")]})
    venue.send(LOOK_UP)
    assert not heard.one(LookedUp).found
    assert len(heard.all) == 1


# ── looks at an account ─────────────────────────────────────────────────────────────────────────────────────────────


def position(symbol: str = "BTCUSDT", **fields: Any) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "side": "Sell",
        "size": "0.01",
        "avgPrice": "60000",
        "stopLoss": "61000",
        "leverage": "3",
        "liqPrice": "",
        "seq": 1,
        "updatedTime": str(NOW_MS),
    } | fields


def whole_account(exchange: Any) -> None:
    exchange.good(WALLET, {"list": [{"coin": [{"coin": "USDT", "walletBalance": "1000.5"}]}]})
    exchange.good(POSITIONS, {"list": [position()], "nextPageCursor": ""})
    exchange.good(HISTORY, {"list": [row(side="Sell", orderLinkId="trend-old-1")]})
    exchange.good(
        REALTIME,
        {"list": [row(orderStatus="New", cumExecQty="0")], "nextPageCursor": "more%3D"},
        {"list": [row(orderLinkId="", orderId="s", stopOrderType="StopLoss", orderStatus="Untriggered")]},
    )


def test_a_look_at_an_account_reads_every_page_and_leaves_out_the_stops_of_positions(
    venue: BybitVenue, exchange: Any, heard: Any
) -> None:
    whole_account(exchange)
    venue.send(LookAtAccount("TREND"))
    seen = heard.one(AccountSeen)
    assert (seen.account, seen.complete, seen.wallet) == ("TREND", True, (("USDT", Decimal("1000.5")),))
    (held,) = seen.positions
    assert (held.quantity, held.stop, held.liquidation_price) == (Decimal("-0.01"), Decimal(61000), None)
    (order,) = seen.orders
    assert (order.order_id, order.quantity, order.filled) == ("trend-aaa-1", Decimal("0.002"), Decimal(0))
    assert any(asked.get("cursor") == "more%3D" for asked in exchange.asked_of(REALTIME)) or any(
        asked.get("cursor") == "more=" for asked in exchange.asked_of(REALTIME)
    )


def test_flat_is_only_what_says_zero(venue: BybitVenue, exchange: Any, heard: Any) -> None:
    whole_account(exchange)
    exchange.good(
        POSITIONS, {"list": []}, {"list": [position(side="", size="0", stopLoss="", leverage="", avgPrice="")]}
    )
    venue.send(LookAtAccount("TREND"))
    seen = heard.one(AccountSeen)
    assert (seen.complete, seen.positions[0].quantity) == (True, Decimal(0))
    exchange.good(POSITIONS, {"list": []})
    venue.send(LookAtAccount("TREND"))
    seen = heard.one(AccountSeen)
    assert (seen.complete, seen.positions) == (False, ())


@pytest.mark.parametrize("silent", [WALLET, POSITIONS, REALTIME])
def test_a_page_that_fails_makes_a_look_incomplete(venue: BybitVenue, exchange: Any, heard: Any, silent: str) -> None:
    whole_account(exchange)
    exchange.says(silent, exchange.said("", 502))
    venue.send(LookAtAccount("TREND"))
    assert not heard.one(AccountSeen).complete


def test_after_a_restart_a_stop_speaks_for_the_order_that_opened_the_position(
    venue: BybitVenue, exchange: Any, heard: Any
) -> None:
    whole_account(exchange)
    venue.send(LookAtAccount("TREND"))
    heard.one(AccountSeen)
    stop = execution(9, orderLinkId="", orderId="s", side="Buy", stopOrderType="StopLoss", execQty="0.01")
    venue.desks["TREND"].news.execution(stop, Market.LINEAR)
    fill = heard.one(Fill)
    assert (fill.order_id, fill.kind) == ("trend-old-1", FillKind.STOP)


def test_accounts_do_not_wait_for_each_other(venue: BybitVenue, exchange: Any, heard: Any) -> None:
    exchange.good(CREATE, {"orderId": "1"})
    venue.desks["TREND"].worker.stop()
    venue.send(ENTRY)
    venue.send(PURCHASE)
    assert heard.one(OrderAccepted).order_id == "core-aaa-1"
    assert json.dumps(exchange.asked_of(CREATE)).count("core-aaa-1") == 1

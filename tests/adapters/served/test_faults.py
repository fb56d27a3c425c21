"""Everything that can go wrong on request, as a real client meets it."""

from collections.abc import Callable
from typing import Any

import pytest
import requests
from pybit.exceptions import FailedRequestError, InvalidRequestError

from adapters.clock import Stopwatch

Desk = Any
Until = Callable[..., Any]
CREATE = "/v5/order/create"
ORDER = {"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "qty": "0.1", "price": "20000"}


def open_orders(desk: Desk) -> list[dict[str, Any]]:
    return desk.http.get_open_orders(category="linear", symbol="BTCUSDT")["result"]["list"]


@pytest.mark.parametrize(("after", "taken"), [(False, 0), (True, 1)])
def test_an_answer_is_lost_before_or_after_the_order_is_taken(main: Desk, after: bool, taken: int) -> None:
    main.served.fault("lost", endpoint=CREATE, after=after)
    with pytest.raises(requests.exceptions.ConnectionError):
        main.http.place_order(**ORDER)
    assert len(open_orders(main)) == taken
    main.http.place_order(**ORDER)


@pytest.mark.parametrize(("after", "taken"), [(False, 0), (True, 1)])
@pytest.mark.parametrize(
    ("kind", "fields", "error", "code"),
    [
        ("status", {"code": 502}, FailedRequestError, 502),
        ("status", {"code": 403}, FailedRequestError, 403),
        ("garbage", {}, FailedRequestError, 409),
        ("refuse", {"code": 10016}, InvalidRequestError, 10016),
        ("refuse", {"code": 110079, "message": "busy"}, InvalidRequestError, 110079),
    ],
)
def test_an_answer_is_replaced(  # noqa: PLR0917
    main: Desk, kind: str, fields: dict[str, Any], error: type[Exception], code: int, after: bool, taken: int
) -> None:
    main.served.fault(kind, endpoint=CREATE, after=after, **fields)
    with pytest.raises(error) as raised:
        main.http.place_order(**ORDER)
    assert raised.value.status_code == code
    assert len(open_orders(main)) == taken


def test_a_late_answer_is_too_late_for_one_who_does_not_wait(main: Desk) -> None:
    main.served.fault("latency", endpoint=CREATE, after=True, ms=2000)
    with pytest.raises(requests.exceptions.ReadTimeout):
        main.session(timeout=0.2).place_order(**ORDER)
    assert len(open_orders(main)) == 1


def test_the_nth_order_is_refused_for_one_account_only(main: Desk, trend: Desk) -> None:
    main.served.fault("refuse", account="main", endpoint=CREATE, skip=2, code=110007)
    main.http.place_order(**ORDER)
    main.http.place_order(**ORDER)
    for _ in range(3):
        trend.http.place_order(**ORDER)
    with pytest.raises(InvalidRequestError) as refused:
        main.http.place_order(**ORDER)
    assert refused.value.status_code == 110007
    assert (len(open_orders(main)), len(open_orders(trend))) == (2, 3)


def test_chance_decides_by_the_seed(main: Desk) -> None:
    main.served.fault("refuse", endpoint="/v5/market/time", count=None, probability=0.5, code=10016)
    quiet = main.session(ignore_codes={10016})
    codes = [quiet.get_server_time()["retCode"] for _ in range(30)]
    assert 5 < codes.count(10016) < 25
    assert main.served.pull("state")["struck"] == {"refuse": codes.count(10016)}
    main.served.pull("lift")
    assert [quiet.get_server_time()["retCode"] for _ in range(10)] == [0] * 10


def test_too_many_requests_are_told_when_they_may_come_again(main: Desk) -> None:
    main.served.fault("rate_limit", endpoint=CREATE)
    with pytest.raises(InvalidRequestError) as refused:
        main.http.place_order(**ORDER)
    assert refused.value.status_code == 10006
    now_ms = main.http.get_server_time()["time"]
    assert int(refused.value.resp_headers["X-Bapi-Limit-Reset-Timestamp"]) > now_ms
    assert refused.value.resp_headers["X-Bapi-Limit-Status"] == "0"


def test_a_clock_that_goes_wrong_is_wrong_for_everybody(main: Desk) -> None:
    before_ms = main.http.get_server_time()["time"]
    main.served.fault("clock", ms=10_000)
    assert main.http.get_server_time()["time"] - before_ms == 10_000
    with pytest.raises(InvalidRequestError) as refused:
        main.http.place_order(**ORDER)
    assert refused.value.status_code == 10002
    main.served.pull("lift", kind="clock")
    main.http.place_order(**ORDER)


def test_in_maintenance_nobody_is_served_and_the_status_says_so(main: Desk, until: Until) -> None:
    stream = main.stream()
    main.served.fault("maintenance", count=None)
    with pytest.raises(InvalidRequestError) as refused:
        main.http.place_order(**ORDER)
    assert refused.value.status_code == 10019
    assert main.http.get_system_status()["result"]["list"][0]["state"] == "ongoing"
    until(lambda: not stream.is_connected(), "a broken line")
    main.served.pull("lift")
    assert main.http.get_system_status()["result"]["list"] == []
    assert main.http.place_order(**ORDER)["retCode"] == 0


def test_a_part_of_an_order_is_filled_and_the_rest_later(main: Desk) -> None:
    main.served.fault("partial_fill", account="main", share="0.25")
    main.place("linear", "Buy", "0.4", orderLinkId="thin")
    row = main.order("linear", orderLinkId="thin")
    assert (row["orderStatus"], row["cumExecQty"], row["leavesQty"]) == ("PartiallyFilled", "0.1", "0.3")
    main.served.advance(3, until="open")
    assert main.order("linear", orderLinkId="thin")["orderStatus"] == "Filled"
    assert len(main.http.get_executions(category="linear", orderLinkId="thin")["result"]["list"]) == 4


def test_look_ups_lag_behind_what_was_taken(main: Desk) -> None:
    main.http.place_order(**ORDER, orderLinkId="old")
    main.served.fault("lag", account="main", count=2)
    main.http.place_order(**ORDER, orderLinkId="new")
    seen = [[row["orderLinkId"] for row in open_orders(main)] for _ in range(3)]
    assert seen == [["old"], ["old"], ["new", "old"]]


def test_an_account_is_liquidated_by_force(main: Desk, until: Until) -> None:
    told: list[dict[str, Any]] = []
    main.stream().execution_stream(callback=lambda message: told.extend(message["data"]))
    main.place("linear", "Buy", "1", stopLoss="20000")
    main.http.place_order(**ORDER)
    main.served.pull("liquidate", account="main")
    assert (main.position()["size"], open_orders(main)) == ("0", [])
    bust = main.http.get_executions(category="linear")["result"]["list"][0]
    assert (bust["execType"], bust["createType"], bust["orderLinkId"]) == ("BustTrade", "CreateByLiq", "")
    until(lambda: told and told[-1] == bust, "the liquidation")


def test_messages_are_repeated_and_change_places(main: Desk, until: Until) -> None:
    told: list[str] = []
    main.stream().order_stream(callback=lambda message: told.append(message["data"][0]["orderLinkId"]))
    connections = main.served.application.exchange.private.connections
    until(lambda: [len(one.topics) for one in tuple(connections)] == [1], "a listener")
    main.served.fault("duplicate", endpoint="order")
    main.http.place_order(**ORDER, orderLinkId="twice")
    main.served.fault("reorder", endpoint="order")
    main.http.place_order(**ORDER, orderLinkId="late")
    main.http.place_order(**ORDER, orderLinkId="early")
    until(lambda: len(told) == 4, "four messages")
    assert told == ["twice", "twice", "early", "late"]


def test_a_mute_stream_looks_alive(main: Desk, until: Until) -> None:
    told: list[Any] = []
    stream = main.stream()
    stream.order_stream(callback=told.append)
    connections = main.served.application.exchange.private.connections
    until(lambda: [len(one.topics) for one in tuple(connections)] == [1], "a listener")
    main.served.fault("silence", account="main", count=1)
    main.http.place_order(**ORDER, orderLinkId="unheard")
    main.http.cancel_order(category="linear", symbol="BTCUSDT", orderLinkId="unheard")
    until(lambda: told, "what comes after the silence")
    assert [message["data"][0]["orderStatus"] for message in told] == ["Cancelled"]
    assert stream.is_connected()


def test_a_line_breaks_between_the_answer_and_the_fill(main: Desk, until: Until) -> None:
    told: list[str] = []
    stream = main.stream()
    stream.order_stream(callback=lambda message: told.append("order"))
    stream.execution_stream(callback=lambda message: told.append("execution"))
    connections = main.served.application.exchange.private.connections
    until(lambda: [len(one.topics) for one in tuple(connections)] == [2], "a listener")
    (before,) = connections
    main.served.fault("drop", endpoint="execution")
    main.place("linear", "Buy", "0.1")
    until(lambda: before not in connections, "a broken line")
    assert "execution" not in told
    assert len(main.http.get_executions(category="linear")["result"]["list"]) == 1


def test_new_sockets_are_turned_away_for_a_while(main: Desk) -> None:
    main.served.fault("reject_socket", endpoint="private", count=2)
    stream = main.stream()
    assert stream.is_connected()
    assert main.served.pull("state")["struck"] == {"reject_socket": 2}


def test_levers_are_reached_over_http_and_say_what_they_can_not_do(main: Desk) -> None:
    control = f"{main.served.http}/control"
    assert requests.post(f"{control}/advance", json={"moments": 2}, timeout=5).json()["advanced"] == 2
    assert requests.get(f"{control}/state", timeout=5).json()["phase"] == "gap"
    for lever, body in (("faults", {"kind": "earthquake"}), ("deposit", {"account": "nobody"}), ("advance", [])):
        assert requests.post(f"{control}/{lever}", json=body, timeout=5).status_code == 400
    assert requests.post(f"{control}/nothing", timeout=5).status_code == 404


def test_a_delay_is_as_long_as_it_was_asked_for(main: Desk) -> None:
    main.served.fault("latency", endpoint="/v5/market/time", ms=300)
    watch = Stopwatch()
    main.http.get_server_time()
    assert watch.elapsed_s() >= 0.3

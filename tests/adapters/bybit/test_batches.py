"""Entries that wait together leave in one request, and each of them is answered as if it had left alone."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from adapters.bybit.client import Keys
from adapters.bybit.hosts import Mode, hosts_of
from adapters.bybit.limits import AddressLimit
from adapters.bybit.venue import Account, BybitVenue, Setting, may_join
from adapters.bybit.wire import placement
from adapters.bybit.worker import Batch, Job, Turn, Worker
from adapters.served.exchange import Setting as ServedSetting
from adapters.served.serving import Served, serve
from adapters.simulated.instruments import load_instruments
from runtime.events import LookedUp, OrderAccepted, OrderRejected, OrderUnknown
from runtime.instrument import Market
from runtime.requests import CancelOrder, LookUpOrder, OrderType, PlaceOrder, Side, TimeInForce

pytestmark = pytest.mark.spec("EXEC-11")
NOW_MS = 1_750_000_000_000
CREATE, BATCH = "/v5/order/create", "/v5/order/create-batch"
TAKES = (Side.BUY, OrderType.MARKET, TimeInForce.IOC)
CAP = Decimal("0.005")
LONG = PlaceOrder(
    "long-1", "trend", Market.LINEAR, "BTCUSDT", *TAKES, Decimal("0.01"), stop_loss=Decimal(15_000), slippage_cap=CAP
)
BUY = PlaceOrder("buy-1", "trend", Market.SPOT, "BTCUSDT", *TAKES, quote_amount=Decimal("1E+3"), slippage_cap=CAP)
SELL = replace(BUY, order_id="sell-1", side=Side.SELL, quantity=Decimal("0.01"), quote_amount=None)
REST = replace(
    LONG, order_type=OrderType.LIMIT, time_in_force=TimeInForce.POST_ONLY, price=Decimal(20_000), slippage_cap=None
)


def several(order: PlaceOrder, count: int) -> list[PlaceOrder]:
    return [replace(order, order_id=f"{order.order_id[:-2]}-{number}") for number in range(1, count + 1)]


def named(orders: list[PlaceOrder]) -> list[str]:
    return [order.order_id for order in orders]


class Still:
    """A clock that stands."""

    def now_ms(self) -> int:
        return NOW_MS

    def heard(self, exchange_ms: int) -> None:
        pass


class Waiting:
    """Requests that wait at an account's desk until it opens."""

    def __init__(self, setting: Setting, account: Account) -> None:
        self.venue = BybitVenue(setting, [account])

    def send(self, *requests: Any) -> None:
        for request in requests:
            self.venue.send(request)
        self.venue.start()


@pytest.fixture
def waiting(exchange: Any, heard: Any, told: list[tuple[str, str]]) -> Iterator[Waiting]:
    """Before an exchange that says whatever a test wants."""
    setting = Setting(exchange.hosts, {}, heard, Still(), lambda *news: told.append(news), AddressLimit(None), 500)
    one = Waiting(setting, Account("trend", Keys("key", "secret"), "101"))
    yield one
    one.venue.stop()


def answered(names: list[str], codes: list[Any]) -> dict[str, Any]:
    taken = [
        {"orderId": "" if code else f"id-{name}", "orderLinkId": name} for name, code in zip(names, codes, strict=True)
    ]
    said = [{"code": code, "msg": "OK" if code == 0 else "words"} for code in codes]
    return {"retCode": 0, "retMsg": "OK", "result": {"list": taken}, "retExtInfo": {"list": said}, "time": NOW_MS}


# ── what leaves ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("order", [LONG, BUY, REST], ids=["with a stop", "for money", "resting"])
def test_entries_that_wait_leave_together_each_as_it_would_alone(
    waiting: Waiting, exchange: Any, heard: Any, order: PlaceOrder
) -> None:
    orders = several(order, 3)
    exchange.says(BATCH, exchange.said(json.dumps(answered(named(orders), [0, 0, 0]))))
    waiting.send(*orders)
    assert [one.order_id for one in heard.until(OrderAccepted, 3)] == named(orders)
    (asked,) = exchange.asked_of(BATCH)
    assert [{"category": asked["category"], **item} for item in asked["request"]] == [placement(one) for one in orders]
    assert exchange.asked_of(CREATE) == []


def test_what_protects_leaves_first_and_alone_and_markets_are_not_mixed(
    waiting: Waiting, exchange: Any, heard: Any
) -> None:
    spot, linear = several(BUY, 2), several(LONG, 2)
    exchange.good(CREATE, {"orderId": "1"})
    exchange.good("/v5/order/cancel", {})
    bodies = [json.dumps(answered(named(some), [0, 0])) for some in (spot, linear)]
    exchange.says(BATCH, *(exchange.said(body) for body in bodies))
    cancel = CancelOrder("old-1", "trend", Market.LINEAR, "BTCUSDT")
    waiting.send(*spot, *linear, SELL, replace(SELL, order_id="sell-2"), cancel)
    heard.until(OrderAccepted, 6)
    paths = [asked.path for asked in exchange.asked]
    assert paths == [CREATE, CREATE, "/v5/order/cancel", BATCH, BATCH]
    assert [asked["category"] for asked in exchange.asked_of(BATCH)] == ["spot", "linear"]


def test_no_batch_is_larger_than_the_exchange_takes(waiting: Waiting, exchange: Any, heard: Any) -> None:
    orders = several(BUY, 21)
    bodies = [json.dumps(answered(some, [0] * 10)) for some in (named(orders)[:10], named(orders)[10:20])]
    exchange.says(BATCH, *(exchange.said(body, **{"X_Bapi_Limit": "1000"}) for body in bodies))
    exchange.good(CREATE, {"orderId": "1"})
    waiting.send(*orders)
    heard.until(OrderAccepted, 21)
    assert [len(asked["request"]) for asked in exchange.asked_of(BATCH)] == [10, 10]
    assert [asked["orderLinkId"] for asked in exchange.asked_of(CREATE)] == ["buy-21"]


def test_where_nobody_says_that_a_batch_keeps_the_slippage_cap_such_an_order_goes_alone() -> None:
    for mode in (Mode.MAINNET, Mode.TESTNET, Mode.DEMO):
        assert not may_join(LONG, mode)
        assert may_join(REST, mode)
    assert may_join(LONG, Mode.LOCAL)
    assert not may_join(replace(REST, market=Market.SPOT), Mode.DEMO)


# ── what comes back ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_each_item_is_accepted_refused_for_now_or_for_good_by_itself(
    waiting: Waiting, exchange: Any, heard: Any
) -> None:
    orders = several(BUY, 4)
    body = json.dumps(answered(named(orders), [0, 170131, 10006, 170141]))
    exchange.says(BATCH, exchange.said(body, X_Bapi_Limit_Reset_Timestamp=str(NOW_MS + 700)))
    waiting.send(*orders)
    events = heard.until(OrderAccepted) + heard.until(OrderRejected, 2) + heard.until(OrderUnknown)
    assert [event.order_id for event in events] == named(orders)
    assert [(one.code, one.retry_at_ms) for one in events[1:3]] == [(170131, None), (10006, NOW_MS + 700)]


UNCERTAIN = {
    "it hung up": ("", None),
    "502": ("Bad Gateway", 502),
    "no JSON": ("<html>", 200),
    "server error": ('{"retCode":10016,"retMsg":"Internal","result":{},"time":1}', 200),
    "nothing of the items": (json.dumps({**answered(["buy-1", "buy-2"], [0, 0]), "retExtInfo": {}}), 200),
    "one answer for two": (json.dumps(answered(["buy-1"], [0])), 200),
    "another order": (json.dumps(answered(["buy-7", "buy-8"], [0, 0])), 200),
    "codes as text": (json.dumps(answered(["buy-1", "buy-2"], ["0", "0"])), 200),
    "codes as truth": (json.dumps(answered(["buy-1", "buy-2"], [False, True])), 200),
    "items that are none": ('{"retCode":0,"result":{"list":[1,2]},"retExtInfo":{"list":[3,4]},"time":1}', 200),
}


@pytest.mark.spec("EXEC-02", "EXEC-03")
@pytest.mark.parametrize(("body", "status"), UNCERTAIN.values(), ids=UNCERTAIN)
def test_an_answer_that_proves_nothing_leaves_every_order_unknown_and_sends_nothing_again(
    waiting: Waiting, exchange: Any, heard: Any, body: str, status: int | None
) -> None:
    exchange.says(BATCH, exchange.said(body, status))
    waiting.send(*several(BUY, 2))
    assert [one.order_id for one in heard.until(OrderUnknown, 2)] == ["buy-1", "buy-2"]
    waiting.venue.send(LookUpOrder("buy-1", "trend", Market.SPOT, "BTCUSDT"))
    heard.one(LookedUp)
    assert [len(exchange.asked_of(path)) for path in (BATCH, CREATE)] == [1, 0]


def test_a_refusal_of_the_whole_is_one_of_each(waiting: Waiting, exchange: Any, heard: Any) -> None:
    exchange.bad(BATCH, 10006, X_Bapi_Limit_Reset_Timestamp=str(NOW_MS + 700))
    waiting.send(*several(BUY, 2))
    refused = heard.until(OrderRejected, 2)
    assert [(one.order_id, one.retry_at_ms) for one in refused] == [(f"buy-{n}", NOW_MS + 700) for n in (1, 2)]


# ── who waits ───────────────────────────────────────────────────────────────────────────────────────────────────────


class Narrow:
    """A worker whose limits a test sets; `left` is what left, in order."""

    def __init__(self, room: int) -> None:
        self.room, self.left, self.late = room, list[list[str]](), list[str]()
        self.batch = Batch("batch", 10, lambda orders: self._leave([order.order_id for order in orders]))
        wait = {"batch": lambda: 0 if self.room else 1000, "alone": lambda: 1000}
        self.worker = Worker("trend", lambda end: wait[end](), lambda _: None, 300, lambda _: self.room)

    def _leave(self, names: list[str]) -> Iterator[None]:
        self.room -= len(names)
        self.left.append(names)
        yield from ()

    def put(self, *orders: PlaceOrder) -> None:
        for order in orders:
            late = lambda name=order.order_id: self.late.append(name)  # noqa: E731
            self.worker.put(Job(Turn.ENTRY, "alone", lambda: self._leave(["alone"]), late, order, self.batch))


def test_as_many_leave_as_the_limit_has_room_for_and_the_others_expire(wait: Callable[..., Any]) -> None:
    narrow = Narrow(3)
    narrow.put(*several(BUY, 5))
    narrow.worker.start()
    wait(lambda: len(narrow.late) == 2)
    narrow.worker.stop()
    assert (narrow.left, narrow.late) == ([["buy-1", "buy-2", "buy-3"]], ["buy-4", "buy-5"])


def test_what_has_waited_too_long_is_not_in_the_batch(wait: Callable[..., Any]) -> None:
    narrow = Narrow(0)
    early, fresh = several(BUY, 4)[:2], several(BUY, 4)[2:]
    narrow.put(*early)
    narrow.worker.start()
    wait(lambda: narrow.late == named(early))
    narrow.put(*fresh)
    narrow.room = 10
    narrow.worker.put(Job(Turn.READING, "batch", lambda: iter(())))
    wait(lambda: narrow.left == [named(fresh)])
    narrow.worker.stop()
    assert narrow.late == named(early)


# ── on the served exchange ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def served(market: Any) -> Iterator[Served]:
    coins = {"main": {}, "trend": {"USDT": Decimal(100_000)}}
    with serve(ServedSetting(load_instruments(), *market, coins, limits=False)) as one:
        one.advance(1, until="open")
        yield one


@pytest.fixture
def desk(served: Served, heard: Any) -> Iterator[Waiting]:
    member, hosts = served.member("trend"), hosts_of(Mode.LOCAL, served.http)
    setting = Setting(hosts, load_instruments(), heard, Still(), lambda *_: None, AddressLimit(None))
    one = Waiting(setting, Account("trend", Keys(member.key, member.secret), str(member.uid)))
    yield one
    one.venue.stop()


def test_good_and_bad_orders_in_one_request(desk: Waiting, heard: Any) -> None:
    orders = several(REST, 3)
    orders[1] = replace(orders[1], quantity=Decimal("0.00001"))
    desk.send(*orders)
    taken = heard.until(OrderAccepted, 2)
    (refused,) = (event for event in heard.all if isinstance(event, OrderRejected))
    assert [one.order_id for one in taken] == [orders[0].order_id, orders[2].order_id]
    assert (refused.order_id, refused.code) == (orders[1].order_id, 10001)


WRONG = {
    "lost before": ("lost", {"after": False}, False),
    "lost after": ("lost", {"after": True}, True),
    "5xx after": ("status", {"after": True, "code": 502}, True),
    "garbage after": ("garbage", {"after": True}, True),
    "busy before": ("refuse", {"after": False, "code": 10016}, False),
}


@pytest.mark.spec("EXEC-03", "EXEC-04")
@pytest.mark.parametrize(("kind", "fields", "is_there"), WRONG.values(), ids=WRONG)
def test_after_a_lost_answer_each_order_is_looked_up_and_none_is_sent_twice(
    served: Served, desk: Waiting, heard: Any, kind: str, fields: dict[str, Any], is_there: bool
) -> None:
    orders = several(REST, 3)
    served.fault(kind, endpoint=BATCH, **fields)
    desk.send(*orders)
    assert [one.order_id for one in heard.until(OrderUnknown, 3)] == named(orders)
    for order in orders:
        desk.venue.send(LookUpOrder(order.order_id, "trend", Market.LINEAR, "BTCUSDT"))
    assert [(one.order_id, one.found) for one in heard.until(LookedUp, 3)] == [(n, is_there) for n in named(orders)]
    asked = served.application.exchange.asked
    assert [asked[name] for name in named(orders)] == [int(is_there)] * 3


@pytest.mark.spec("EXEC-02", "EXEC-03")
def test_a_process_that_follows_one_that_died_before_the_answer_finds_every_order(
    served: Served, desk: Waiting, heard: Any, wait: Callable[..., Any]
) -> None:
    orders, asked = several(REST, 3), served.application.exchange.asked
    served.fault("latency", endpoint=BATCH, after=True, ms=2000)
    desk.send(*orders)
    wait(lambda: len(asked) == 3)
    member, setting = served.member("trend"), desk.venue.desks["trend"]._setting
    after = Waiting(setting, Account("trend", Keys(member.key, member.secret), str(member.uid)))
    after.send(*(LookUpOrder(order.order_id, "trend", Market.LINEAR, "BTCUSDT") for order in orders))
    assert [(one.order_id, one.found) for one in heard.until(LookedUp, 3)] == [(name, True) for name in named(orders)]
    after.venue.stop()
    assert set(asked.values()) == {1}

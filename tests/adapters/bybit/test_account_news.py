from decimal import Decimal
from typing import Any

import pytest

from adapters.bybit.account_news import AccountNews
from runtime.events import Event, Fill, OrderAccepted, OrderCancelled, OrderRejected, StopGone, StopPlaced
from runtime.instrument import Market

NOW_MS = 1_750_000_000_000


class Told:
    """What one account has told, and the orders whose fills it asks for."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.sought: list[str] = []
        self.news = AccountNews(
            "TREND", {}, self.events.append, lambda _market, _symbol, name: self.sought.append(name)
        )

    def order(self, status: str, filled: str = "0", **fields: Any) -> None:
        row = {
            "orderId": "x",
            "orderLinkId": "a-1",
            "symbol": "BTCUSDT",
            "orderStatus": status,
            "cumExecQty": filled,
            "updatedTime": str(NOW_MS),
            "rejectReason": "EC_NoError",
            "cancelType": "CancelByUser",
        }
        self.news.order(row | fields, Market.LINEAR)

    def fill(self, name: str, quantity: str, leaves: str = "1") -> None:
        row = {
            "symbol": "BTCUSDT",
            "orderId": "x",
            "orderLinkId": "a-1",
            "side": "Buy",
            "execId": name,
            "execQty": quantity,
            "execPrice": "100",
            "execFee": "0",
            "execType": "Trade",
            "execTime": str(NOW_MS),
            "leavesQty": leaves,
        }
        self.news.execution(row, Market.LINEAR)

    def position(self, size: str, stop: str, seq: int) -> None:
        row = {
            "symbol": "BTCUSDT",
            "side": "Buy",
            "size": size,
            "stopLoss": stop,
            "seq": seq,
            "updatedTime": str(NOW_MS),
        }
        self.news.position(row)

    @property
    def kinds(self) -> list[str]:
        return [type(event).__name__ for event in self.events]


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.mark.spec("EXEC-08")
def test_the_end_of_an_order_waits_for_its_fills_and_they_are_asked_for(told: Told) -> None:
    told.order("Cancelled", filled="3")
    assert (told.events, told.sought) == ([], ["x"])
    told.fill("e1", "2")
    told.fill("e1", "2")
    assert told.kinds == ["Fill", "Fill"]
    told.fill("e2", "1")
    assert told.kinds == ["Fill", "Fill", "Fill", "OrderCancelled"]


def test_an_order_that_ends_after_its_fills_ends_at_once(told: Told) -> None:
    told.fill("e1", "1")
    told.order("PartiallyFilledCanceled", filled="1", rejectReason="EC_CancelForNoFullFill")
    assert told.events[-1] == OrderCancelled(NOW_MS, "a-1", "EC_CancelForNoFullFill")
    assert told.sought == []


def test_a_filled_order_is_told_by_its_fills_alone(told: Told) -> None:
    told.order("Filled", filled="1")
    assert (told.events, told.sought) == ([], ["x"])
    told.fill("e1", "1", leaves="0")
    assert isinstance(told.events[0], Fill)
    assert told.events[0].done


def test_the_refusal_of_a_second_order_of_the_same_name_says_nothing_of_the_first(told: Told) -> None:
    told.order("Rejected", rejectReason="EC_DuplicatedClOrdID", orderId="y")
    assert told.events == []
    told.order("New")
    assert told.events == [OrderAccepted(NOW_MS, "a-1")]


def test_an_order_that_is_refused_later_is_refused(told: Told) -> None:
    told.order("Rejected", rejectReason="EC_PostOnlyWillTakeLiquidity")
    assert told.events == [OrderRejected(NOW_MS, "a-1", 170218, "EC_PostOnlyWillTakeLiquidity")]


@pytest.mark.spec("EXEC-10", "EXEC-12")
def test_a_stop_is_told_when_it_stands_moves_and_is_gone(told: Told) -> None:
    told.position("1", "90", 1)
    told.position("1", "90", 2)
    told.position("1", "91", 3)
    told.position("1", "", 4)
    placed = [event.price for event in told.events if isinstance(event, StopPlaced)]
    assert placed == [Decimal(90), Decimal(91)]
    assert told.events[-1] == StopGone(NOW_MS, "TREND", "BTCUSDT")


def test_a_position_that_is_closed_has_lost_no_stop(told: Told) -> None:
    told.position("1", "90", 1)
    told.position("0", "", 2)
    told.position("1", "", 3)
    assert told.kinds == ["StopPlaced"]


def test_news_that_are_older_than_what_is_known_are_left_out(told: Told) -> None:
    told.position("1", "91", 5)
    told.position("1", "", 4)
    told.position("1", "90", 3)
    assert [event.price for event in told.events if isinstance(event, StopPlaced)] == [Decimal(91)]
    assert told.kinds == ["StopPlaced"]


def test_the_order_behind_a_stop_tells_that_it_stands(told: Told) -> None:
    told.order("Untriggered", orderLinkId="", stopOrderType="StopLoss", triggerPrice="88")
    assert told.events == [StopPlaced(NOW_MS, "TREND", "BTCUSDT", Decimal(88))]


def test_an_order_is_accepted_once_unless_somebody_asks(told: Told) -> None:
    told.news.accepted("a-1", NOW_MS)
    told.order("New")
    assert told.kinds == ["OrderAccepted"]
    told.news.order(
        {"orderId": "x", "orderLinkId": "a-1", "orderStatus": "New", "updatedTime": str(NOW_MS)},
        Market.LINEAR,
        again=True,
    )
    assert told.kinds == ["OrderAccepted", "OrderAccepted"]

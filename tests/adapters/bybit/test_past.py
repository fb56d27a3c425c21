"""Patience with an exchange that is asked for its past."""

from collections.abc import Iterator
from typing import Any

import pytest

from adapters.bybit.past import PAUSES_S, Past
from runtime.instrument import Market
from runtime.market_data import MarketDataError

pytestmark = pytest.mark.spec("DATA-07")

HOUR_MS = 3_600_000
START_MS = 1_700_006_400_000
CANDLES = {"list": [[str(START_MS), "10", "12", "9", "11", "1", "1"]]}
KLINE = "/v5/market/kline"


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def past(exchange: Any, pauses: list[float]) -> Iterator[Past]:
    one = Past(exchange.hosts, pauses.append)
    yield one
    one.close()


def ask(past: Past) -> Any:
    return past.candles((Market.LINEAR, "BTCUSDT", "1h"), START_MS, START_MS + HOUR_MS)


def test_what_failed_for_a_moment_is_asked_again(exchange: Any, past: Past, pauses: list[float]) -> None:
    good = exchange.envelope(0, CANDLES, {})
    exchange.says(KLINE, exchange.said("busy", 502), exchange.envelope(10006, {}, {}), exchange.said("", None), good)
    (candle,) = ask(past)
    assert (candle.open_ms, candle.close) == (START_MS, 11.0)
    assert pauses == list(PAUSES_S[:3])


def test_patience_ends_in_a_sentence_that_says_how_to_go_on(exchange: Any, past: Past, pauses: list[float]) -> None:
    exchange.says(KLINE, exchange.said("busy", 502))
    with pytest.raises(MarketDataError, match=r"1h candles of BTCUSDT .*no answer.* goes on from there"):
        ask(past)
    assert pauses == list(PAUSES_S)


def test_a_refusal_is_told_at_once(exchange: Any, past: Past, pauses: list[float]) -> None:
    exchange.bad(KLINE, 10001)
    with pytest.raises(MarketDataError, match=r"refused: words .*Check the symbol"):
        ask(past)
    assert (pauses, len(exchange.asked_of(KLINE))) == ([], 1)


def test_an_answer_that_cannot_be_read_is_told_at_once(exchange: Any, past: Past, pauses: list[float]) -> None:
    exchange.good(KLINE, {"list": [["1", "2"]]})
    with pytest.raises(MarketDataError, match="can't be read"):
        ask(past)
    assert pauses == []


def test_open_interest_comes_in_pages_and_without_what_lies_outside(exchange: Any, past: Past) -> None:
    times = [START_MS + hour * HOUR_MS for hour in (3, 2, 1, 0)]
    rows = [{"openInterest": str(number), "timestamp": str(at_ms)} for number, at_ms in enumerate(times)]
    exchange.good(
        "/v5/market/open-interest",
        {"list": rows[:2], "nextPageCursor": "more"},
        {"list": rows[2:], "nextPageCursor": ""},
    )
    found = past.open_interest("BTCUSDT", START_MS, START_MS + 3 * HOUR_MS)
    assert [(at_ms, int(value)) for at_ms, value in found] == [(times[3], 3), (times[2], 2), (times[1], 1)]
    assert [one.get("cursor") for one in exchange.asked_of("/v5/market/open-interest")] == [None, "more"]


def test_a_symbol_begins_in_the_week_of_its_first_candle(exchange: Any, past: Past) -> None:
    monday_ms = START_MS - 2 * 86_400_000
    exchange.good("/v5/market/time", {"timeSecond": "1", "timeNano": str((monday_ms + 21 * 86_400_000) * 1_000_000)})
    week = [str(monday_ms), "10", "12", "9", "11", "1", "1"]
    exchange.good(KLINE, {"list": [week]})
    assert past.first_ms(Market.LINEAR, "BTCUSDT") == monday_ms
    (question,) = exchange.asked_of(KLINE)
    assert (question["interval"], question["limit"]) == ("W", "1000")
    exchange.good(KLINE, {"list": []})
    assert past.first_ms(Market.LINEAR, "NEWUSDT") == monday_ms + 14 * 86_400_000

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.bybit.candles import CandleCollector, Outlet, Patience, Series, next_close_ms
from runtime.events import Candle, CandleClose
from runtime.instrument import Market
from runtime.timeframe import timeframe_ms

HOUR_MS = 3_600_000
HOURLY: Series = (Market.LINEAR, "BTCUSDT", "1h")
FOUR_HOURLY: Series = (Market.LINEAR, "BTCUSDT", "4h")
SPOT: Series = (Market.SPOT, "BTCUSDT", "1h")
SERIES = (SPOT, FOUR_HOURLY, HOURLY)
START_MS = 400_000 * HOUR_MS


def candle(series: Series, close_ms: int) -> Candle:
    price = float(close_ms // HOUR_MS % 97 + 100)
    length = timeframe_ms(series[2])
    return Candle(*series, close_ms - length, close_ms, price, price + 1, price - 1, price, 5.0)


class Course:
    """The exchange's candles, a clock that a test moves, and a collector between them."""

    def __init__(self, ready: Callable[[], bool] = lambda: True) -> None:
        self.events: list[CandleClose] = []
        self.told: list[str] = []
        self.asked: list[tuple[Series, int, int]] = []
        self.local_ms = 0
        self.exchange_ms = START_MS
        self.lacks: set[tuple[Series, int]] = set()
        self.answers = True
        outlet = Outlet(self.put, lambda _, sentence: self.told.append(sentence))
        patience = Patience(lambda: self.local_ms, ready, 2000)
        self.collector = CandleCollector(SERIES, START_MS, self.fetch, outlet, patience)

    def put(self, event: Any) -> None:
        self.events.append(event)

    def fetch(self, series: Series, after_ms: int, until_ms: int) -> tuple[list[Candle], int]:
        self.asked.append((series, after_ms, until_ms))
        found, close = [], next_close_ms(series[2], after_ms)
        while close <= min(until_ms, self.exchange_ms):
            found += [] if (series, close) in self.lacks else [candle(series, close)]
            close = next_close_ms(series[2], close)
        return (found if self.answers else []), self.exchange_ms

    def push(self, *series: Series, hour: int) -> None:
        self.exchange_ms = max(self.exchange_ms, START_MS + hour * HOUR_MS)
        for one in series:
            self.collector.see(candle(one, START_MS + hour * HOUR_MS), self.exchange_ms)

    def wait(self, local_ms: int = 0) -> None:
        self.local_ms += local_ms
        self.collector.tick(self.exchange_ms)

    @property
    def passed(self) -> list[tuple[int, list[Series]]]:
        return [
            ((event.at_ms - START_MS) // HOUR_MS, [(c.market, c.symbol, c.timeframe) for c in event.candles])
            for event in self.events
        ]


def test_a_moment_waits_for_all_of_its_candles_and_has_them_in_order() -> None:
    market = Course()
    market.push(SPOT, hour=1)
    market.wait()
    assert market.passed == []
    market.push(HOURLY, hour=1)
    market.wait()
    assert market.passed == [(1, [HOURLY, SPOT])]
    assert market.asked == []


def test_longer_candles_come_with_the_shorter_ones_of_their_moment() -> None:
    market = Course()
    for hour in range(1, 5):
        market.push(SPOT, HOURLY, *([FOUR_HOURLY] if hour == 4 else []), hour=hour)
        market.wait()
    assert market.passed[-1] == (4, [HOURLY, FOUR_HOURLY, SPOT])
    assert len(market.passed) == 4


@pytest.mark.spec("DATA-02")
def test_a_straggler_is_asked_for_after_a_while() -> None:
    market = Course()
    market.push(SPOT, hour=1)
    market.wait()
    market.wait(1999)
    assert (market.passed, market.asked) == ([], [])
    market.wait(1)
    assert market.passed == [(1, [HOURLY, SPOT])]
    assert [series for series, _, _ in market.asked] == [HOURLY]


@pytest.mark.spec("DATA-02")
def test_a_long_silence_is_filled_moment_by_moment_before_anything_new() -> None:
    market = Course()
    market.push(SPOT, HOURLY, hour=9)
    market.wait()
    market.wait(2000)
    assert [hour for hour, _ in market.passed] == list(range(1, 10))
    assert [len(series) for _, series in market.passed] == [2, 2, 2, 3, 2, 2, 2, 3, 2]
    assert len(market.asked) == 3


@pytest.mark.spec("DATA-02")
def test_a_candle_that_comes_again_counts_no_second_time() -> None:
    market = Course()
    for _ in range(3):
        market.push(SPOT, HOURLY, hour=1)
        market.wait()
    assert market.passed == [(1, [HOURLY, SPOT])]
    assert market.told == []


@pytest.mark.spec("DATA-03")
def test_a_late_correction_is_told_and_passed_on() -> None:
    market = Course()
    market.push(SPOT, HOURLY, hour=1)
    market.wait()
    corrected = replace(candle(SPOT, START_MS + HOUR_MS), volume=6.0)
    market.collector.see(corrected, START_MS + HOUR_MS + 7)
    assert market.events[-1] == CandleClose(START_MS + HOUR_MS + 7, (corrected,))
    assert "volume 5.0 becomes 6.0" in market.told[-1]
    market.collector.see(corrected, START_MS + HOUR_MS + 8)
    assert len(market.events) == 2


def test_a_candle_that_there_is_not_holds_nothing_up_for_ever() -> None:
    market = Course()
    market.lacks = {(SPOT, START_MS + HOUR_MS)}
    market.push(HOURLY, hour=1)
    market.exchange_ms += 60_000
    market.wait()
    market.wait(30_001)
    assert market.passed == [(1, [HOURLY])]
    assert "no candle of BTCUSDT 1h (spot)" in market.told[-1]


def test_no_answer_is_no_proof_that_there_is_no_candle() -> None:
    market = Course()
    market.answers = False
    market.push(HOURLY, hour=1)
    for _ in range(50):
        market.wait(2000)
    assert market.passed == []
    market.answers = True
    market.wait(2000)
    assert market.passed == [(1, [HOURLY, SPOT])]


@pytest.mark.spec("DATA-02")
def test_nothing_is_decided_while_an_account_is_behind() -> None:
    ready = [False]
    market = Course(lambda: ready[0])
    market.push(SPOT, HOURLY, hour=1)
    market.wait(60_000)
    assert market.passed == []
    ready[0] = True
    market.wait()
    assert len(market.passed) == 1


@pytest.mark.spec("DATA-02")
@given(st.lists(st.tuples(st.sampled_from(SERIES), st.integers(1, 12), st.integers(0, 4000)), max_size=60))
def test_whatever_is_lost_doubled_or_late_each_candle_counts_once(pushes: list[tuple[Series, int, int]]) -> None:
    market = Course()
    for series, hour, wait_ms in pushes:
        if next_close_ms(series[2], START_MS + hour * HOUR_MS - 1) == START_MS + hour * HOUR_MS:
            market.push(series, hour=hour)
        market.wait(wait_ms)
    for _ in range(5):
        market.exchange_ms = START_MS + 12 * HOUR_MS
        market.wait(3000)
    expected = [(hour, [HOURLY, FOUR_HOURLY, SPOT] if hour % 4 == 0 else [HOURLY, SPOT]) for hour in range(1, 13)]
    assert market.passed == expected
    assert all(c == candle((c.market, c.symbol, c.timeframe), c.close_ms) for e in market.events for c in e.candles)


def test_the_week_begins_on_monday() -> None:
    assert next_close_ms("1w", 4 * 86_400_000) == 11 * 86_400_000
    assert next_close_ms("1h", HOUR_MS) == 2 * HOUR_MS
    assert next_close_ms("4h", HOUR_MS) == 4 * HOUR_MS

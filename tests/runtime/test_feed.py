"""Candles are dealt out in the order of time, and nothing of a candle is closed before its end."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.feed import finest_of, turns
from runtime.instrument import Market
from runtime.market_data import CANDLE_SCHEMA
from runtime.timeframe import timeframe_ms

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def frame(opens: list[int], length_ms: int) -> pl.DataFrame:
    """Candles of one length that open at these moments, each with a price of its own."""
    rows = [(at, at + length_ms, 1.0 + n, 2.0 + n, 0.5 + n, 1.5 + n, 10.0) for n, at in enumerate(opens)]
    return pl.DataFrame(rows, schema=CANDLE_SCHEMA, orient="row")


def test_finest_is_the_shortest_timeframe_of_each_market_and_symbol() -> None:
    """Daily bitcoin is not traded on where there is hourly bitcoin; another market's is its own."""
    series = [
        (Market.SPOT, "BTCUSDT", "1d"),
        (Market.SPOT, "BTCUSDT", "1h"),
        (Market.LINEAR, "BTCUSDT", "1d"),
    ]

    assert finest_of(series) == {series[1], series[2]}


def test_a_day_closes_with_its_last_hour_and_the_next_hour_opens_at_that_moment() -> None:
    """At midnight both closed candles are there to decide on, and one open candle to trade on."""
    candles = {
        (Market.SPOT, "BTCUSDT", "1h"): frame([h * HOUR_MS for h in range(25)], HOUR_MS),
        (Market.SPOT, "BTCUSDT", "1d"): frame([0], DAY_MS),
    }

    midnight = next(turn for turn in turns(candles) if turn.at_ms == DAY_MS)

    assert [candle.timeframe for candle in midnight.closed] == ["1d", "1h"]
    assert [candle.open_ms for candle in midnight.finest_closed] == [23 * HOUR_MS]
    assert [candle.open_ms for candle in midnight.finest_opened] == [DAY_MS]


def test_an_empty_market_has_no_turns() -> None:
    """Nothing happens where there is nothing."""
    assert list(turns({})) == []


@pytest.mark.spec("BT-04")
@given(st.lists(st.sets(st.integers(0, 40), max_size=20), min_size=1, max_size=4))
def test_every_candle_opens_once_then_closes_once_and_time_never_goes_back(series: list[set[int]]) -> None:
    """Gaps or not: no candle is seen closed before it was opened, none twice, none lost."""
    candles = {
        (Market.SPOT, f"C{n}USDT", "1h"): frame([h * HOUR_MS for h in sorted(hours)], HOUR_MS)
        for n, hours in enumerate(series)
    }
    opened: set[tuple[str, int]] = set()
    closed: set[tuple[str, int]] = set()
    last_ms = -1

    for turn in turns(candles):
        assert turn.at_ms > last_ms
        last_ms = turn.at_ms
        for candle in turn.finest_closed:
            assert (candle.symbol, candle.open_ms) in opened
            assert candle.close_ms == turn.at_ms
            assert (candle.symbol, candle.open_ms) not in closed
            closed.add((candle.symbol, candle.open_ms))
        for candle in turn.finest_opened:
            assert candle.open_ms == turn.at_ms
            opened.add((candle.symbol, candle.open_ms))

    expected = {(f"C{n}USDT", h * HOUR_MS) for n, hours in enumerate(series) for h in hours}
    assert opened == closed == expected


def test_timeframes_have_lengths() -> None:
    """An hour is an hour."""
    assert timeframe_ms("1h") == HOUR_MS

import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.history.candle_checks import Gap, check_candles, clean, gaps_of

HOUR_MS = 3_600_000
FIRST_MS = 1_704_067_200_000
NAMES = ["open_ms", "open", "high", "low", "close", "volume"]
GOOD = (10.0, 12.0, 9.0, 11.0, 5.0)


def table(*rows: tuple[object, ...]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict(zip(NAMES, [pl.Int64, *[pl.Float64] * 5], strict=True)), orient="row")


def hours(*numbers: int) -> pl.DataFrame:
    return table(*((FIRST_MS + number * HOUR_MS, *GOOD) for number in numbers))


@pytest.mark.spec("RISK-06")
@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ((10.0, 9.0, 12.0, 11.0, 5.0), "high 9.0 is below low 12.0"),
        ((13.0, 12.0, 9.0, 11.0, 5.0), "open 13.0 is outside of low 9.0 to high 12.0"),
        ((10.0, 12.0, 9.0, 8.0, 5.0), "close 8.0 is outside of low 9.0 to high 12.0"),
        ((0.0, 12.0, 0.0, 11.0, 5.0), "open is 0.0, not above zero"),
        ((10.0, 12.0, -9.0, 11.0, 5.0), "low is -9.0, not above zero"),
        ((10.0, math.nan, 9.0, 11.0, 5.0), "high is missing or not a number"),
        ((10.0, math.inf, 9.0, 11.0, 5.0), "high is missing or not a number"),
        ((10.0, 12.0, 9.0, None, 5.0), "close is missing or not a number"),
        ((10.0, 12.0, 9.0, 11.0, -1.0), "volume is -1.0, below zero"),
    ],
)
def test_a_candle_that_cannot_be_true_is_left_out_with_its_row_and_reason(
    values: tuple[object, ...], reason: str
) -> None:
    rows = table((FIRST_MS, *GOOD), (FIRST_MS + HOUR_MS, *values), (FIRST_MS + 2 * HOUR_MS, *GOOD))
    checked = clean(rows, "1h")
    assert checked.candles["open_ms"].to_list() == [FIRST_MS, FIRST_MS + 2 * HOUR_MS]
    (problem,) = checked.problems
    assert (problem.row, problem.at_ms, problem.reason, problem.left_out) == (2, FIRST_MS + HOUR_MS, reason, True)


def test_times_off_the_grid_are_left_out() -> None:
    checked = clean(table((FIRST_MS, *GOOD), (FIRST_MS + HOUR_MS + 1_695_000, *GOOD)), "1h")
    assert checked.candles.height == 1
    assert checked.problems[0].reason == "does not open on the 1h grid in UTC, 1695 s off"


def test_weeks_start_on_monday() -> None:
    monday_ms = FIRST_MS  # 2024-01-01
    assert clean(table((monday_ms, *GOOD)), "1w").problems == ()
    assert len(clean(table((monday_ms + 24 * HOUR_MS, *GOOD)), "1w").problems) == 1


def test_of_equal_candles_one_stays_and_of_different_ones_none() -> None:
    other = (10.0, 12.0, 9.0, 10.5, 5.0)
    repeated = clean(table((FIRST_MS, *GOOD), (FIRST_MS, *GOOD)), "1h")
    assert repeated.candles.height == 1
    assert [problem.reason for problem in repeated.problems] == ["repeats row 1"]
    differing = clean(table((FIRST_MS, *GOOD), (FIRST_MS, *other), (FIRST_MS + HOUR_MS, *GOOD)), "1h")
    assert differing.candles["open_ms"].to_list() == [FIRST_MS + HOUR_MS]
    assert [problem.row for problem in differing.problems] == [1, 2]


def test_a_bad_repetition_does_not_cost_the_good_candle() -> None:
    checked = clean(table((FIRST_MS, *GOOD), (FIRST_MS, 10.0, 9.0, 12.0, 11.0, 5.0)), "1h")
    assert checked.candles.height == 1
    assert [problem.row for problem in checked.problems] == [2]


def test_rows_out_of_order_are_sorted_and_told() -> None:
    checked = clean(hours(0, 2, 1, 3), "1h")
    assert checked.candles["open_ms"].is_sorted()
    assert [(problem.row, problem.left_out) for problem in checked.problems] == [(3, False)]
    newest_first = clean(hours(3, 2, 1, 0), "1h")
    assert [problem.reason for problem in newest_first.problems] == ["the newest row comes first; the rows were sorted"]


def test_gaps_have_a_place_and_a_length() -> None:
    candles = clean(hours(0, 1, 5, 6, 8), "1h").candles
    assert gaps_of(candles, "1h") == [Gap(FIRST_MS + 2 * HOUR_MS, 3), Gap(FIRST_MS + 7 * HOUR_MS, 1)]


def test_checking_tells_bad_rows_and_gaps_by_row() -> None:
    rows = table((FIRST_MS, *GOOD), (FIRST_MS + HOUR_MS, 10.0, 9.0, 12.0, 11.0, 5.0), (FIRST_MS + 3 * HOUR_MS, *GOOD))
    told = [(problem.row, problem.reason, problem.left_out) for problem in check_candles(rows, "1h")]
    assert told == [(2, "high 9.0 is below low 12.0", True), (3, "2 candles missing before this one", False)]


def test_a_table_without_usable_rows_gives_no_candles_and_no_crash() -> None:
    checked = clean(table((None, *GOOD), (FIRST_MS, None, None, None, None, None)), "1h")
    assert checked.candles.height == 0
    assert [problem.reason for problem in checked.problems] == [
        "the time is missing or unreadable",
        "open is missing or not a number",
    ]


anything = st.one_of(st.none(), st.floats(), st.floats(min_value=1, max_value=20))
some_time = st.one_of(
    st.none(), st.integers(0, 5).map(lambda hour: FIRST_MS + hour * HOUR_MS), st.integers(-(2**62), 2**62)
)


@pytest.mark.spec("REL-03")
@given(st.lists(st.tuples(some_time, anything, anything, anything, anything, anything), max_size=8))
def test_whatever_is_read_only_true_candles_come_out(rows: list[tuple[object, ...]]) -> None:
    checked = clean(table(*rows), "1h")
    candles = checked.candles
    assert candles["open_ms"].is_sorted()
    assert candles["open_ms"].is_unique().all()
    for row in candles.iter_rows(named=True):
        assert (
            0 < row["low"] <= min(row["open"], row["close"]) <= max(row["open"], row["close"]) <= row["high"] < math.inf
        )
        assert row["volume"] >= 0
        assert row["close_ms"] - row["open_ms"] == HOUR_MS
    left_out = {problem.row for problem in checked.problems if problem.left_out}
    assert len(left_out) + candles.height == len(rows)

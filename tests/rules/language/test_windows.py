"""Window functions against the plainest way to write them."""

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.language import windows

NAN = math.nan
COLUMNS = st.lists(st.one_of(st.just(NAN), st.integers(-8, 8).map(float)), max_size=9)
MARKS = st.lists(st.sampled_from([1.0, 0.0, NAN]), max_size=9)
Plain = Callable[[list[float]], float]


def over(values: list[float], bars: int, plain: Plain) -> list[float]:
    """Apply a function to each full window without unknowns."""
    result = []
    for row in range(len(values)):
        window = values[row - bars + 1 : row + 1] if row >= bars - 1 else []
        unknown = not window or any(math.isnan(value) for value in window)
        result.append(NAN if unknown else float(plain(window)))
    return result


def computed(function: str, bars: int, *columns: list[float]) -> list[float]:
    arrays = tuple(np.array(column, dtype=np.float64) for column in columns)
    return [float(value) for value in windows.compute(function, arrays, bars, 365.0)]


def steps(window: list[float]) -> list[float]:
    return [after - before for before, after in pairwise(window)]


PLAIN: dict[str, tuple[int, Plain]] = {
    "highest": (0, max),
    "lowest": (0, min),
    "mean": (0, lambda window: sum(window) / len(window)),
    "sum_last": (0, sum),
    "rising": (1, lambda window: all(step > 0 for step in steps(window))),
    "falling": (1, lambda window: all(step < 0 for step in steps(window))),
}


@pytest.mark.spec("RULE-02", "RULE-15")
@pytest.mark.parametrize("function", sorted(PLAIN))
@given(values=COLUMNS, bars=st.integers(1, 5))
def test_the_last_bars(function: str, values: list[float], bars: int) -> None:
    more, plain = PLAIN[function]
    np.testing.assert_array_equal(computed(function, bars, values), over(values, bars + more, plain))


@given(values=COLUMNS, bars=st.integers(1, 5))
def test_change_needs_both_ends_only(values: list[float], bars: int) -> None:
    expected = [values[row] - values[row - bars] if row >= bars else NAN for row in range(len(values))]
    np.testing.assert_array_equal(computed("change", bars, values), expected)


@pytest.mark.spec("RULE-15")
@given(marks=MARKS, bars=st.integers(1, 5))
def test_for_bars_is_false_once_false_and_unknown_while_unknown(marks: list[float], bars: int) -> None:
    expected = []
    for row in range(len(marks)):
        window = marks[max(0, row - bars + 1) : row + 1]
        known = row >= bars - 1 and not any(math.isnan(mark) for mark in window)
        expected.append(0.0 if 0.0 in window else 1.0 if known else NAN)
    np.testing.assert_array_equal(computed("for_bars", bars, marks), expected)


@given(one=COLUMNS)
def test_crossing_needs_all_four_values(one: list[float]) -> None:
    other = one[::-1]
    expected = []
    for row in range(len(one)):
        seen = [*one[row - 1 : row + 1], *other[row - 1 : row + 1]] if row else [NAN]
        unknown = any(math.isnan(value) for value in seen)
        expected.append(NAN if unknown else float(seen[0] <= seen[2] and seen[1] > seen[3]))
    np.testing.assert_array_equal(computed("crosses_above", 1, one, other), expected)
    np.testing.assert_array_equal(computed("crosses_below", 1, other, one), expected)


@given(values=COLUMNS)
def test_the_all_time_high_passes_over_gaps(values: list[float]) -> None:
    expected = [
        NAN if math.isnan(value) else max(each for each in values[: row + 1] if not math.isnan(each))
        for row, value in enumerate(values)
    ]
    np.testing.assert_array_equal(computed("ath", 1, values), expected)


def test_drawdown_is_a_ratio_of_the_high() -> None:
    assert computed("drawdown", 1, [4.0, 2.0, 8.0, NAN, 6.0])[:3] == [0.0, 0.5, 0.0]
    assert computed("drawdown", 1, [4.0, 2.0, 8.0, NAN, 6.0])[4] == 0.25
    assert math.isnan(computed("drawdown", 1, [0.0])[0])


def test_volatility_is_that_of_logarithmic_changes_for_a_year() -> None:
    values = [100.0, 110.0, 99.0, 104.0]
    changes = np.diff(np.log(values))
    result = computed("volatility", 3, values)
    assert all(math.isnan(value) for value in result[:3])
    assert result[3] == pytest.approx(changes.std(ddof=1) * math.sqrt(365))


def test_volatility_of_what_is_not_positive_is_unknown() -> None:
    assert all(math.isnan(value) for value in computed("volatility", 2, [1.0, 0.0, 1.0, -1.0]))


def test_correlation_of_relative_changes() -> None:
    one, other = [100.0, 110.0, 99.0, 104.0, 90.0], [10.0, 10.5, 10.4, 11.0, 9.0]
    changes = [np.diff(column) / np.array(column[:-1]) for column in (one, other)]
    assert computed("correlation", 4, one, other)[-1] == pytest.approx(np.corrcoef(*changes)[0, 1])
    assert computed("correlation", 4, one, one)[-1] == pytest.approx(1.0)
    assert math.isnan(computed("correlation", 4, one, [1.0] * 5)[-1])


@pytest.mark.parametrize("function", ["mean", "sum_last", "volatility", "correlation", "highest", "rising"])
def test_a_row_does_not_depend_on_what_follows(function: str) -> None:
    values = [100 + 10 * math.sin(row * 0.7) for row in range(60)]
    columns = [values, values[::-1]] if function == "correlation" else [values]
    whole = computed(function, 7, *columns)
    for rows in range(1, 60):
        part = computed(function, 7, *(column[:rows] for column in columns))
        np.testing.assert_array_equal(part, whole[:rows])

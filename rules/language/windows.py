"""Functions over the last bars, on whole columns.

Columns are float arrays in which NaN is unknown. A result depends on the rows of its window only, summed in order, so
that it is the same whether more rows follow or not. It is unknown until the window is full and while one of its rows is
unknown.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BLOCK_ROWS = 4096


def ago(values: Floats, bars: int) -> Floats:
    """Give the value some bars ago."""
    result = np.full(len(values), np.nan)
    if bars < len(values):
        result[bars:] = values[: len(values) - bars]
    return result


def sums(values: Floats, bars: int) -> Floats:
    """Add the last bars."""
    result = np.full(len(values), np.nan)
    for first, last in _blocks(len(values), bars):
        added = np.zeros(last - first)
        for at in range(bars):
            added += values[first + at : last + at]
        result[first + bars - 1 : last + bars - 1] = added
    return result


def _blocks(rows: int, bars: int) -> Iterator[tuple[int, int]]:
    """Cut the rows at which a window may begin into blocks that fit the processor's cache."""
    windows = rows - bars + 1
    for first in range(0, windows, BLOCK_ROWS):
        yield first, min(windows, first + BLOCK_ROWS)


def means(values: Floats, bars: int) -> Floats:
    """Give the mean of the last bars."""
    return sums(values, bars) / bars


def products(left: Floats, right: Floats, bars: int) -> Floats:
    """Add the products of the distances from their means, over the last bars of two columns."""
    result = np.full(len(left), np.nan)
    left_means, right_means = means(left, bars)[bars - 1 :], means(right, bars)[bars - 1 :]
    for first, last in _blocks(len(left), bars):
        added = np.zeros(last - first)
        for at in range(bars):
            product = left[first + at : last + at] - left_means[first:last]
            product *= right[first + at : last + at] - right_means[first:last]
            added += product
        result[first + bars - 1 : last + bars - 1] = added
    return result


def extremes(values: Floats, bars: int, better: Callable[[Floats, Floats], Floats]) -> Floats:
    """Give the highest or lowest of the last bars, doubling the span looked at in each step."""
    best, span = values, 1
    while span < bars:
        step = min(span, bars - span)
        best = better(best, ago(best, step))
        span += step
    return best


def highest(values: Floats, bars: int) -> Floats:
    """Give the highest of the last bars."""
    return extremes(values, bars, np.maximum)


def lowest(values: Floats, bars: int) -> Floats:
    """Give the lowest of the last bars."""
    return extremes(values, bars, np.minimum)


def holding(conditions: Floats, bars: int) -> Floats:
    """Say (1, 0 or NaN) whether a condition held in all of the last bars: 0 if it was false once, else NaN if ever."""
    unknown = np.isnan(conditions)
    was_false = _any_of_last(np.where(conditions == 0, 1.0, 0.0), bars)
    all_known = lowest(np.where(unknown, 0.0, 1.0), bars) == 1.0
    return np.where(was_false, 0.0, np.where(all_known, 1.0, np.nan))


def _any_of_last(marks: Floats, bars: int) -> NDArray[np.bool_]:
    """Say whether a mark stands in the last bars, of which there may be fewer at the start."""
    padded = np.concatenate((np.zeros(bars - 1), marks))
    return np.asarray(highest(padded, bars)[bars - 1 :] == 1.0)


def change(values: Floats, bars: int) -> Floats:
    """Give the difference to the value some bars ago."""
    return values - ago(values, bars)


def rising(values: Floats, bars: int) -> Floats:
    """Say (1, 0 or NaN) whether each of the last bars is above the one before it."""
    return _every_step(change(values, 1), bars, 1.0)


def falling(values: Floats, bars: int) -> Floats:
    """Say (1, 0 or NaN) whether each of the last bars is below the one before it."""
    return _every_step(change(values, 1), bars, -1.0)


def _every_step(steps: Floats, bars: int, sign: float) -> Floats:
    right_way = np.where(np.isnan(steps), np.nan, np.where(steps * sign > 0, 1.0, 0.0))
    return lowest(right_way, bars)


def crossing(above: Floats, below: Floats) -> Floats:
    """Say (1, 0 or NaN) whether the first is above the second now and was not one bar ago."""
    before_above, before_below = ago(above, 1), ago(below, 1)
    unknown = np.isnan(above) | np.isnan(below) | np.isnan(before_above) | np.isnan(before_below)
    return np.where(unknown, np.nan, ((above > below) & (before_above <= before_below)).astype(np.float64))


def all_time_high(values: Floats) -> Floats:
    """Give the highest of all known values so far; unknown where the value itself is."""
    known = np.where(np.isnan(values), -np.inf, values)
    return np.where(np.isnan(values), np.nan, np.maximum.accumulate(known)) if len(values) else values


def drawdown(values: Floats) -> Floats:
    """Give how far the value is below its highest so far, as a ratio of that."""
    peak = all_time_high(values)
    return (peak - values) / np.where(peak == 0, np.nan, peak)


def volatility(values: Floats, bars: int, bars_a_year: float) -> Floats:
    """Give the standard deviation of the last logarithmic changes for a year; unknown where a value isn't positive."""
    changes = change(np.log(np.where(values > 0, values, np.nan)), 1)
    deviation: Floats = np.sqrt(products(changes, changes, bars) / (bars - 1))
    return deviation * math.sqrt(bars_a_year)


def correlation(left: Floats, right: Floats, bars: int) -> Floats:
    """Give the correlation of the last relative changes; unknown where one of the two didn't change at all."""
    one, other = _relative_changes(left), _relative_changes(right)
    spread = np.sqrt(products(one, one, bars) * products(other, other, bars))
    together = products(one, other, bars)
    ratio: Floats = together / np.where(spread == 0, np.nan, spread)
    bounded: Floats = np.clip(ratio, -1.0, 1.0)
    return bounded


def _relative_changes(values: Floats) -> Floats:
    before = ago(values, 1)
    return (values - before) / np.where(before == 0, np.nan, before)


OF_ONE: Mapping[str, Callable[[Floats, int], Floats]] = MappingProxyType(
    {
        "highest": highest,
        "lowest": lowest,
        "mean": means,
        "sum_last": sums,
        "count_last": sums,
        "for_bars": holding,
        "rising": rising,
        "falling": falling,
        "change": change,
        "ath": lambda values, _bars: all_time_high(values),
        "drawdown": lambda values, _bars: drawdown(values),
    }
)
"""The functions of one column and a number of bars, by their name in the language."""


def compute(function: str, columns: tuple[Floats, ...], bars: int, bars_a_year: float) -> Floats:
    """Compute a window function by its name; what has no finite result is unknown."""
    with np.errstate(all="ignore"):
        result = _dispatch(function, columns, bars, bars_a_year)
        return np.where(np.isfinite(result), result, np.nan)


def _dispatch(function: str, columns: tuple[Floats, ...], bars: int, bars_a_year: float) -> Floats:
    if function in OF_ONE:
        return OF_ONE[function](columns[0], bars)
    if function == "volatility":
        return volatility(columns[0], bars, bars_a_year)
    if function == "correlation":
        return correlation(columns[0], columns[1], bars)
    first, second = columns if function == "crosses_above" else columns[::-1]
    return crossing(first, second)

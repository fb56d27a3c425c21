"""What indicators are made of: sums, extremes and smoothings of the rows up to each one.

A value depends on its own row and those before it alone, to the last bit, however many rows follow. It is unknown
(NaN) until a window is full, and where a row of its window is.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

Column = NDArray[np.float64]


def ago(values: Column, rows: int = 1) -> Column:
    """Give the value so many rows before each one."""
    return np.concatenate((np.full(min(rows, len(values)), np.nan), values[:-rows]))


def parts(of: Column, whole: Column) -> Column:
    """Divide, with 0 where the whole is 0."""
    return np.divide(of, whole, out=np.zeros_like(of), where=whole != 0)


def total(values: Column, window: int) -> Column:
    """Add up the rows of each window anew, so that nothing is left of what has gone out of it.

    Sums of 1, 2, 4, … rows are put together to the window: a few additions of whole columns, whatever its length.
    """
    rows = len(values) - window + 1
    if rows < 1:
        return np.full(len(values), np.nan)
    result, block, size, done = np.zeros(rows), values, 1, 0
    while done < window:
        if window & size:
            result = result + block[done : done + rows]
            done += size
        block, size = block[:-size] + block[size:], 2 * size
    return np.concatenate((np.full(window - 1, np.nan), result))


def mean(values: Column, window: int) -> Column:
    """Average the rows of each window."""
    return total(values, window) / window


def deviation(values: Column, window: int) -> Column:
    """Give the deviation of the rows of each window from their mean."""
    return _series(values).rolling_std(window, ddof=0).to_numpy()


def highest(values: Column, window: int) -> Column:
    """Give the largest of the rows of each window."""
    if window > len(values):
        return np.full(len(values), np.nan)
    block, size = values, 1
    while 2 * size <= window:
        block, size = np.maximum(block[:-size], block[size:]), 2 * size
    rows = len(values) - window + 1
    return np.concatenate((np.full(window - 1, np.nan), np.maximum(block[:rows], block[window - size :])))


def lowest(values: Column, window: int) -> Column:
    """Give the smallest of the rows of each window."""
    return -highest(-values, window)


def faded(values: Column, weight: float, full: int = 1) -> Column:
    """Smooth: each row moves the value toward itself by a weight; an unknown one leaves it as it is.

    It begins at the first row that is known, and is unknown until so many are.
    """
    known = _series(values)
    smoothed = known.ewm_mean(alpha=weight, adjust=False, min_samples=full, ignore_nulls=False)
    return (smoothed.forward_fill() if known.null_count() else smoothed).to_numpy()


def exponential(values: Column, window: int) -> Column:
    """Average with weights that fall by the same part with each row back."""
    return faded(values, 2 / (window + 1), window)


def wilder(first: float, rest: Column, window: int) -> Column:
    """Smooth by Wilder: each value moves from the last one toward the next by 1/window."""
    return faded(np.concatenate(([first], rest)), 1 / window)


def true_range(high: Column, low: Column, close: Column) -> Column:
    """Give how far each row reached, from the close before it on; the first one from itself."""
    before = ago(close)
    return np.fmax(high - low, np.fmax(np.abs(high - before), np.abs(low - before)))


def _series(values: Column) -> pl.Series:
    return pl.Series(values, dtype=pl.Float64, nan_to_null=True)

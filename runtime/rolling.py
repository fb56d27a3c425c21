"""What indicators are made of: sums, extremes and smoothings of the rows up to each one.

A value depends on its own row and those before it alone, to the last bit, however many rows follow. It is unknown
(NaN) until a window is full, and where a row of its window is.
"""

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]
MANY = 50_000
"""From so many rows on it pays to load pandas, which takes as long as smoothing a million rows without it."""


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
    import pandas as pd  # noqa: PLC0415 - it takes long to load, and the shipped books don't need it

    return pd.Series(values).rolling(window).std(ddof=0).to_numpy(np.float64)


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
    if len(values) < MANY:
        return _faded(values, weight, full)
    import pandas as pd  # noqa: PLC0415 - see MANY

    return pd.Series(values).ewm(alpha=weight, min_periods=full, adjust=False).mean().to_numpy(np.float64)


def _faded(values: Column, weight: float, full: int) -> Column:
    """Do what pandas does, to the last bit."""
    part = 1 / (1 + (1 - weight) / weight)  # rounded as it is there
    keep, share, left = 1 - part, part, 1.0
    result, mean, known = [], float("nan"), 0
    for value in values.tolist():
        left *= keep
        if value == value:  # noqa: PLR0124 - the quickest question whether a number is NaN
            known += 1
            if mean != mean:  # noqa: PLR0124
                mean = value
            elif mean != value:
                share = 1 - left if weight == 1 / 2 else part
                mean = (left * mean + share * value) / (left + share)
            left = 1.0
        result.append(mean if known >= full else float("nan"))
    return np.array(result)


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

"""Averages of windows, and what compares rises with falls, as `ta` defines them.

`ta` computes its exponential means in compiled code, so that ema, macd, ppo, pvo and the like have no kernel here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from runtime.rolling import Column, ago, faded, mean, total

Columns = Sequence[Column]
Numbers = Mapping[str, int | float]
Kernel = Callable[[Columns, Numbers], Column]


def sma(columns: Columns, p: Numbers) -> Column:
    """Mean of the last rows."""
    return mean(columns[0], int(p["window"]))


def rsi(columns: Columns, p: Numbers) -> Column:
    """Relative strength by Wilder; 100 where nothing fell."""
    window = int(p["window"])
    moved = columns[0] - ago(columns[0])
    rises = faded(np.where(moved > 0, moved, 0.0), 1 / window, window)
    falls = faded(np.where(moved < 0, -moved, 0.0), 1 / window, window)
    return np.where(falls == 0, 100.0, 100 - 100 / (1 + rises / falls))


def cci(columns: Columns, p: Numbers) -> Column:
    """How far the typical price is from its mean, in mean deviations."""
    window = int(p["window"])
    price = typical(columns)
    middle = mean(price, window)
    away = sum((np.abs(ago(price, rows) - middle) for rows in range(1, window)), np.abs(price - middle))
    return (price - middle) / (p["constant"] * (away / window))


def vwap(columns: Columns, p: Numbers) -> Column:
    """Mean of the typical price, weighted by volume."""
    window, volume = int(p["window"]), columns[3]
    return total(typical(columns) * volume, window) / total(volume, window)


def mfi(columns: Columns, p: Numbers) -> Column:
    """Relative strength of money flow."""
    window, price = int(p["window"]), typical(columns)
    flow = price * columns[3] * np.sign(np.nan_to_num(price - ago(price)))
    rises, falls = (total(np.maximum(way, 0.0), window) for way in (flow, -flow))
    return 100 - 100 / (1 + rises / falls)


def typical(columns: Columns) -> Column:
    """Give the mean of high, low and close."""
    high, low, close = columns[:3]
    return (high + low + close) / 3.0


def average_kernels() -> Iterator[tuple[str, Kernel]]:
    """Yield the kernels with their names."""
    yield from (("sma", sma), ("rsi", rsi), ("cci", cci), ("vwap", vwap), ("mfi", mfi))

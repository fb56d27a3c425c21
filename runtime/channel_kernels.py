"""Channels around the price, and where in them it is, as `ta` defines them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from runtime.average_kernels import Columns, Kernel, Numbers, typical
from runtime.rolling import Column, deviation, exponential, highest, lowest, mean, total, true_range, wilder


@dataclass(frozen=True, slots=True)
class Channel:
    """A value between two edges; its width is measured in parts of `base`, which is the middle but for Donchian's."""

    value: Column
    high: Column
    low: Column
    middle: Column
    base: Column


MakeChannel = Callable[[Columns, Numbers], Channel]


def bollinger(columns: Columns, p: Numbers) -> Channel:
    """Mean ± deviations × standard deviation."""
    x, window = columns[0], int(p["window"])
    middle, away = mean(x, window), p["deviations"] * deviation(x, window)
    return Channel(x, middle + away, middle - away, middle, middle)


def keltner(columns: Columns, p: Numbers) -> Channel:
    """Means of the typical price, and of it with a range added on either side."""
    high, low, close = columns
    window = int(p["window"])
    middle = mean(typical(columns), window)
    above, below = mean((4 * high - 2 * low + close) / 3.0, window), mean((4 * low - 2 * high + close) / 3.0, window)
    return Channel(close, above, below, middle, middle)


def keltner_atr(columns: Columns, p: Numbers) -> Channel:
    """Exponential mean ± multiplier × average true range."""
    close = columns[2]
    middle = exponential(close, int(p["window"]))
    away = p["multiplier"] * average_range(columns, int(p["atr_window"]))
    return Channel(close, middle + away, middle - away, middle, middle)


def donchian(columns: Columns, p: Numbers) -> Channel:
    """Highest high to lowest low; the width is in parts of the mean close."""
    high, low, close = columns
    window = int(p["window"])
    above, below = highest(high, window), lowest(low, window)
    return Channel(close, above, below, (above - below) / 2.0 + below, mean(close, window))


def average_range(columns: Columns, window: int) -> Column:
    """Average true range; unknown until the window is full."""
    ranges = true_range(*columns)
    smooth = wilder(float(ranges[:window].mean()), ranges[window:], window)
    return np.concatenate((np.full(window - 1, np.nan), smooth))


READINGS: dict[str, Callable[[Channel], Column]] = {
    "high": lambda channel: channel.high,
    "low": lambda channel: channel.low,
    "middle": lambda channel: channel.middle,
    "width": lambda channel: (channel.high - channel.low) / channel.base * 100,
    "percent": lambda channel: (channel.value - channel.low) / (channel.high - channel.low),
    "above": lambda channel: np.where(channel.value > channel.high, 1.0, 0.0),
    "below": lambda channel: np.where(channel.value < channel.low, 1.0, 0.0),
}


def _reading(make: MakeChannel, reading: Callable[[Channel], Column]) -> Kernel:
    return lambda columns, p: reading(make(columns, p))


# ── where the price is in its range ──────────────────────────────────────────────────────────────────────────────────


def stoch(columns: Columns, p: Numbers) -> Column:
    """Where the close is in the range of the window."""
    high, low, close = columns
    window = int(p["window"])
    bottom = lowest(low, window)
    return 100 * (close - bottom) / (highest(high, window) - bottom)


def stoch_signal(columns: Columns, p: Numbers) -> Column:
    """Mean of stoch."""
    return mean(stoch(columns, p), int(p["smooth"]))


def williams_r(columns: Columns, p: Numbers) -> Column:
    """Where the close is under the window's high."""
    high, low, close = columns
    window = int(p["window"])
    top = highest(high, window)
    return -100 * (top - close) / (top - lowest(low, window))


def _middle_of_range(columns: Columns, window: int) -> Column:
    return 0.5 * (highest(columns[0], window) + lowest(columns[1], window))


def ichimoku_conversion(columns: Columns, p: Numbers) -> Column:
    """Middle of the short window's range."""
    return _middle_of_range(columns, int(p["short"]))


def ichimoku_base(columns: Columns, p: Numbers) -> Column:
    """Middle of the middle window's range."""
    return _middle_of_range(columns, int(p["middle"]))


def ichimoku_a(columns: Columns, p: Numbers) -> Column:
    """Between the conversion and the base line."""
    return 0.5 * (ichimoku_conversion(columns, p) + ichimoku_base(columns, p))


def ichimoku_b(columns: Columns, p: Numbers) -> Column:
    """Middle of the long window's range."""
    return _middle_of_range(columns, int(p["long"]))


def _row_of_highest(values: Column, window: int) -> Column:
    """Where in each window its highest row stands, the first of equal ones: 0 the oldest, 100 the newest."""
    if window >= len(values):
        return np.full(len(values), np.nan)
    rows = np.lib.stride_tricks.sliding_window_view(values, window + 1).argmax(axis=1) / window * 100
    return np.concatenate((np.full(window, np.nan), rows)) + 0 * highest(values, window + 1)


def aroon_up(columns: Columns, p: Numbers) -> Column:
    """How recent the highest high is."""
    return _row_of_highest(columns[0], int(p["window"]))


def aroon_down(columns: Columns, p: Numbers) -> Column:
    """How recent the lowest low is."""
    return _row_of_highest(-columns[1], int(p["window"]))


def aroon(columns: Columns, p: Numbers) -> Column:
    """The one minus the other."""
    return aroon_up(columns, p) - aroon_down(columns, p)


def ulcer(columns: Columns, p: Numbers) -> Column:
    """Depth and length of falls below the window's highest known row."""
    x, window = columns[0], int(p["window"])
    top = highest(np.where(np.isnan(x), -np.inf, x), window)
    return np.sqrt(total((100 * (x - top) / top) ** 2, window) / window)


def channel_kernels() -> Iterator[tuple[str, Kernel]]:
    """Yield the kernels with their names."""
    for make in (bollinger, keltner, keltner_atr, donchian):
        for name, reading in READINGS.items():
            if make is not donchian or name not in ("above", "below"):
                yield f"{make.__name__}_{name}", _reading(make, reading)
    for kernel in (stoch, stoch_signal, williams_r, aroon_up, aroon_down, aroon, ulcer):
        yield kernel.__name__, kernel
    for kernel in (ichimoku_conversion, ichimoku_base, ichimoku_a, ichimoku_b):
        yield kernel.__name__, kernel

"""Indicators computed faster than `ta` does it, or without the future that `ta` lets in; equal to it otherwise.

Each takes the columns of its inputs, without unknown rows at the start, and complete parameters, and gives a value for
each row; what it gives during warm-up is not used.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from runtime.average_kernels import Columns, Kernel, Numbers, average_kernels
from runtime.channel_kernels import average_range, channel_kernels
from runtime.rolling import Column, ago, deviation, mean, parts, total, true_range, wilder

# ── averages and deviations ──────────────────────────────────────────────────────────────────────────────────────────


def stddev(columns: Columns, p: Numbers) -> Column:
    """Deviation of the rows of a window from their mean."""
    return deviation(columns[0], int(p["window"]))


def wma(columns: Columns, p: Numbers) -> Column:
    """Mean with weights from 1 to the window, the newest the heaviest."""
    window = int(p["window"])
    weights = np.arange(window, 0, -1) * (2 / (window * (window + 1)))
    return np.concatenate((np.full(window - 1, np.nan), np.convolve(columns[0], weights, "valid")))


def kama(columns: Columns, p: Numbers) -> Column:
    """Kaufman's adaptive mean; after unknown rows it starts anew at the value itself."""
    x, window = columns[0], int(p["window"])
    moved = np.abs(x - ago(x, window))
    efficiency = parts(moved, total(np.abs(x - ago(x)), window))
    fastest, slowest = 2 / (p["fast"] + 1), 2 / (p["slow"] + 1)
    pace = (efficiency * (fastest - slowest) + slowest) ** 2
    result, last = [float("nan")] * (window - 1), float("nan")
    for value, step in zip(x[window - 1 :].tolist(), pace[window - 1 :].tolist(), strict=True):
        known = last == last and step == step  # noqa: PLR0124 - the quickest question whether a number is NaN
        last = last + step * (value - last) if known else value
        result.append(last)
    return np.array(result)


# ── ranges and directions ────────────────────────────────────────────────────────────────────────────────────────────


def atr(columns: Columns, p: Numbers) -> Column:
    """Average true range."""
    return average_range(columns, int(p["window"]))


def _moves(columns: Columns, window: int) -> tuple[Column, Column]:
    """Smoothed moves up and down in percent of the smoothed range, for each row from the window on."""
    high, low, close = columns
    ranges = np.maximum(high, ago(close)) - np.minimum(low, ago(close))
    up, down = high - ago(high), ago(low) - low
    rises = np.where((up > down) & (up > 0), up, 0.0)
    falls = np.where((down > up) & (down > 0), down, 0.0)
    whole, plus, minus = (
        wilder(float(each[1 : window + 1].sum()) / window, each[window + 1 :], window)
        for each in (ranges, rises, falls)
    )
    return 100 * parts(plus, whole), 100 * parts(minus, whole)


def adx(columns: Columns, p: Numbers) -> Column:
    """Strength of the trend."""
    window = int(p["window"])
    plus, minus = _moves(columns, window)
    strength = 100 * np.abs(parts(plus - minus, plus + minus))
    smooth = wilder(float(strength[:window].mean()), strength[window:], window)
    return np.concatenate((np.full(2 * window - 1, np.nan), smooth))


def adx_pos(columns: Columns, p: Numbers) -> Column:
    """Strength of moves up."""
    window = int(p["window"])
    return np.concatenate((np.full(window, np.nan), _moves(columns, window)[0]))


def adx_neg(columns: Columns, p: Numbers) -> Column:
    """Strength of moves down."""
    window = int(p["window"])
    return np.concatenate((np.full(window, np.nan), _moves(columns, window)[1]))


def _vortex(columns: Columns, window: int) -> tuple[Column, Column]:
    high, low, _ = columns
    ranges = total(true_range(*columns)[1:], window)
    up = total(np.abs(high - ago(low))[1:], window) / ranges
    down = total(np.abs(low - ago(high))[1:], window) / ranges
    return np.concatenate(([np.nan], up)), np.concatenate(([np.nan], down))


def vortex_pos(columns: Columns, p: Numbers) -> Column:
    """Reach upward."""
    return _vortex(columns, int(p["window"]))[0]


def vortex_neg(columns: Columns, p: Numbers) -> Column:
    """Reach downward."""
    return _vortex(columns, int(p["window"]))[1]


def vortex_diff(columns: Columns, p: Numbers) -> Column:
    """Reach upward minus reach downward."""
    up, down = _vortex(columns, int(p["window"]))
    return up - down


# ── rates of change ──────────────────────────────────────────────────────────────────────────────────────────────────


def kst(columns: Columns, p: Numbers) -> Column:
    """Four smoothed rates of change, the slower ones the heavier."""
    x = columns[0]
    result = np.zeros(len(x))
    for weight in (1, 2, 3, 4):
        past = ago(x, int(p[f"roc{weight}"]))
        result += weight * mean((x - past) / past, int(p[f"window{weight}"]))
    return 100 * result


def kst_signal(columns: Columns, p: Numbers) -> Column:
    """Mean of kst."""
    return mean(kst(columns, p), int(p["signal"]))


def kst_diff(columns: Columns, p: Numbers) -> Column:
    """Kst minus its signal."""
    line = kst(columns, p)
    return line - mean(line, int(p["signal"]))


def nvi(columns: Columns, _: Numbers) -> Column:
    """Changes of the close in rows of falling volume, compounded from 1000."""
    close, volume = columns
    factors = np.where(volume[1:] < volume[:-1], close[1:] / close[:-1], 1.0)
    compounded: Column = np.cumprod(np.concatenate(([1000.0], factors)), dtype=np.float64)
    return compounded


# ── parabolic stop and reverse ───────────────────────────────────────────────────────────────────────────────────────


def _parabola(columns: Columns, p: Numbers) -> tuple[Column, NDArray[np.bool_]]:
    """The stop of each row, and whether the market is taken to rise."""
    high, low, close = (column.tolist() for column in columns)
    step, largest = p["step"], p["largest"]
    stops, rises = close[:2], [True, True]
    up, pace, peak, trough = True, step, high[0], low[0]
    for row in range(2, len(close)):
        last = stops[-1]
        stop = last + pace * ((peak if up else trough) - last)
        if low[row] < stop if up else high[row] > stop:
            stop = peak if up else trough
            up, pace, peak, trough = not up, step, high[row], low[row]
        elif up:
            if high[row] > peak:
                peak, pace = high[row], min(pace + step, largest)
            stop = min(stop, low[row - 2] if low[row - 2] < stop else low[row - 1])
        else:
            if low[row] < trough:
                trough, pace = low[row], min(pace + step, largest)
            stop = max(stop, high[row - 2] if high[row - 2] > stop else high[row - 1])
        stops.append(stop)
        rises.append(up)
    return np.array(stops), np.array(rises)


def psar(columns: Columns, p: Numbers) -> Column:
    """The stop, whatever the direction."""
    return _parabola(columns, p)[0]


def psar_up(columns: Columns, p: Numbers) -> Column:
    """The stop of a rising market."""
    stops, rises = _parabola(columns, p)
    return np.where(rises, stops, np.nan)


def psar_down(columns: Columns, p: Numbers) -> Column:
    """The stop of a falling market."""
    stops, rises = _parabola(columns, p)
    return np.where(rises, np.nan, stops)


def psar_turns_up(columns: Columns, p: Numbers) -> Column:
    """1 where the market turns to rising."""
    _, rises = _parabola(columns, p)
    return np.concatenate(([0.0], (rises[1:] & ~rises[:-1]).astype(np.float64)))


def psar_turns_down(columns: Columns, p: Numbers) -> Column:
    """1 where the market turns to falling."""
    _, rises = _parabola(columns, p)
    return np.concatenate(([0.0], (rises[:-1] & ~rises[1:]).astype(np.float64)))


_OWN: tuple[Kernel, ...] = (
    *(stddev, wma, kama, atr, adx, adx_pos, adx_neg, vortex_pos, vortex_neg, vortex_diff),
    *(kst, kst_signal, kst_diff, nvi, psar, psar_up, psar_down, psar_turns_up, psar_turns_down),
)
KERNELS: Mapping[str, Kernel] = MappingProxyType(
    {**{kernel.__name__: kernel for kernel in _OWN}, **dict(average_kernels()), **dict(channel_kernels())}
)

"""What the same capital would have become without any rule: bought at once and kept, or bought a little every week."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import numpy as np

from runtime.metrics import DAY_MS, Curve, Floats, Moments

WEEK_MS = 7 * DAY_MS
TAKER_FEE = 0.001  # what a spot market order costs without discounts

Closes = Mapping[str, Sequence[tuple[int, float]]]


def combined_weights(
    closes: Closes, shares: Mapping[str, Decimal], weights: Mapping[str, Mapping[str, Decimal]]
) -> dict[str, float]:
    """Return each symbol's part of the capital: the books' own weights times the books' shares, adding up to one.

    Books without weights and symbols without closes take no part; where nothing is left all symbols have the same.
    """
    parts: dict[str, float] = {}
    for book, symbols in weights.items():
        for symbol, weight in symbols.items():
            if symbol in closes:
                parts[symbol] = parts.get(symbol, 0.0) + float(shares.get(book, Decimal(0)) * weight)
    total = sum(parts.values())
    if total <= 0:
        return {symbol: 1 / len(closes) for symbol in closes}
    return {symbol: part / total for symbol, part in parts.items()}


def buy_and_hold(
    closes: Closes, weights: Mapping[str, float], capital: float, from_ms: int, fee: float = TAKER_FEE
) -> Curve:
    """Return the value of a portfolio that buys each symbol once, at its first close from `from_ms` on, and keeps it.

    The part of a symbol that is listed later waits as cash. The fee is a ratio of the amount spent. Starts with the
    capital itself at `from_ms`.
    """
    used = {symbol: [point for point in closes[symbol] if point[0] >= from_ms] for symbol in weights}
    moments = sorted({at_ms for points in used.values() for at_ms, _ in points} | {from_ms})
    at_ms = np.array(moments, dtype=np.int64)
    parts = [_held(points, at_ms, weights[symbol] * capital, fee) for symbol, points in used.items()]
    values: Floats = np.sum(parts, axis=0) if parts else np.full(len(at_ms), capital)
    values[0] = capital
    return Curve(at_ms, values)


def bought_weekly(
    closes: Closes, weights: Mapping[str, float], capital: float, span: tuple[int, int], fee: float = TAKER_FEE
) -> Curve:
    """Return the value of a portfolio that spends the same part of its capital every week of a span, and sells nothing.

    Each week's purchase is made at the first close from then on, in the weights of the symbols; what a symbol that is
    listed later would have got until then is spent at its first close. The fee is a ratio of the amount spent.
    """
    from_ms, to_ms = span
    weeks = np.arange(from_ms, max(to_ms, from_ms + 1), WEEK_MS, dtype=np.int64)
    used = {symbol: [point for point in closes[symbol] if point[0] >= from_ms] for symbol in weights}
    moments = sorted({at_ms for points in used.values() for at_ms, _ in points} | {from_ms})
    at_ms = np.array(moments, dtype=np.int64)
    parts = [_collected(points, at_ms, weeks, weights[symbol] * capital, fee) for symbol, points in used.items()]
    values: Floats = np.sum(parts, axis=0) if parts else np.full(len(at_ms), capital)
    values[0] = capital
    return Curve(at_ms, values)


def _collected(
    points: Sequence[tuple[int, float]], at_ms: Moments, weeks: Moments, amount: float, fee: float
) -> Floats:
    """Cash that gets less with every week, and the coins that it bought at the last known close."""
    if not points:
        return np.full(len(at_ms), amount)
    times = np.array([point[0] for point in points], dtype=np.int64)
    prices = np.array([point[1] for point in points], dtype=np.float64)
    rows = np.searchsorted(times, weeks)
    rows = rows[rows < len(times)]
    spent = amount / len(weeks)
    coins = np.concatenate([[0.0], np.cumsum(spent * (1 - fee) / prices[rows])])
    bought = np.searchsorted(times[rows], at_ms, side="right")
    latest = prices[np.maximum(np.searchsorted(times, at_ms, side="right") - 1, 0)]
    result: Floats = amount - spent * bought + coins[bought] * latest
    return result


def _held(points: Sequence[tuple[int, float]], at_ms: Moments, amount: float, fee: float) -> Floats:
    """Cash until the first close, then a fixed number of coins at the last known close."""
    if not points:
        return np.full(len(at_ms), amount)
    times = np.array([point[0] for point in points], dtype=np.int64)
    prices = np.array([point[1] for point in points], dtype=np.float64)
    index = np.searchsorted(times, at_ms, side="right") - 1
    coins = amount * (1 - fee) / prices[0]
    return np.where(index < 0, amount, coins * prices[np.maximum(index, 0)])

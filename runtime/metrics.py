"""What a curve of equity was worth: return, risk and their ratios. Statistics, so floats; they move no money."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

DAY_MS = 86_400_000
DAYS_PER_YEAR = 365  # coins trade every day

Floats = NDArray[np.float64]
Moments = NDArray[np.int64]


@dataclass(frozen=True)
class Curve:
    """Equity over time: moments in milliseconds, rising, and the value at each."""

    at_ms: Moments
    values: Floats

    @classmethod
    def of(cls, points: Sequence[tuple[int, float]]) -> "Curve":
        """Make a curve of (moment, value) pairs in order of time; of several at one moment the last counts."""
        latest = dict(points)
        return cls(np.array(list(latest), dtype=np.int64), np.array(list(latest.values()), dtype=np.float64))

    def daily(self) -> "Curve":
        """Return the first value, then the last known value at each following midnight (UTC) and at the end."""
        if len(self.at_ms) < 2:
            return self
        first, last = int(self.at_ms[0]), int(self.at_ms[-1])
        midnights = np.arange((first // DAY_MS + 1) * DAY_MS, last, DAY_MS, dtype=np.int64)
        at_ms = np.concatenate([[first], midnights, [last]])
        return Curve(at_ms, self.values[np.searchsorted(self.at_ms, at_ms, side="right") - 1])

    @property
    def returns(self) -> Floats:
        """The simple return from each point to the next."""
        changes: Floats = np.diff(self.values) / np.where(self.values[:-1] > 0, self.values[:-1], np.nan)
        return np.nan_to_num(changes)

    @property
    def days(self) -> float:
        """How long the curve is."""
        return float(self.at_ms[-1] - self.at_ms[0]) / DAY_MS if len(self.at_ms) else 0.0


@dataclass(frozen=True, slots=True)
class Drawdown:
    """A fall below a former high, from the high to the lowest point and back; `depth` is a ratio of the high.

    `recovered_ms` is None while the former high has not been reached again.
    """

    depth: float
    start_ms: int
    bottom_ms: int
    recovered_ms: int | None

    @property
    def recovery_days(self) -> float | None:
        """Days from the lowest point back to the former high; None where it was never reached."""
        return None if self.recovered_ms is None else (self.recovered_ms - self.bottom_ms) / DAY_MS


@dataclass(frozen=True, slots=True)
class Performance:
    """The usual figures of a curve; ratios, and None where a figure has no meaning (no loss, no movement, no time)."""

    days: float
    total_return: float
    annual_return: float | None
    volatility: float | None
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    largest_drawdown: float
    longest_drawdown_days: float


def performance(curve: Curve) -> Performance:
    """Return the figures of a curve: ratios from daily values, drawdowns from every point of it."""
    daily = curve.daily()
    falls = drawdowns(curve)
    return Performance(
        days=curve.days,
        total_return=total_return(curve),
        annual_return=annual_return(curve),
        volatility=volatility(daily),
        sharpe=sharpe(daily),
        sortino=sortino(daily),
        calmar=calmar(curve),
        largest_drawdown=max((fall.depth for fall in falls), default=0.0),
        longest_drawdown_days=max((_length(fall, curve) for fall in falls), default=0.0) / DAY_MS,
    )


def total_return(curve: Curve) -> float:
    """Last value ÷ first value − 1."""
    if len(curve.values) == 0 or curve.values[0] <= 0:
        return 0.0
    return float(curve.values[-1] / curve.values[0] - 1)


def annual_return(curve: Curve) -> float | None:
    """(1 + total return) ^ (365 ÷ days) − 1: the yearly rate that compounds to the total.

    None under one day, and where a few lucky days would compound beyond what a number can hold. A curve that ends at
    nothing has lost everything, whatever the time.
    """
    if curve.days < 1:
        return None
    grown = 1 + total_return(curve)
    try:
        return float(grown ** (DAYS_PER_YEAR / curve.days) - 1) if grown > 0 else -1.0
    except OverflowError:
        return None


def volatility(daily: Curve) -> float | None:
    """Standard deviation of daily returns (sample, n − 1) × √365; None under two returns."""
    returns = daily.returns
    return float(np.std(returns, ddof=1) * np.sqrt(DAYS_PER_YEAR)) if len(returns) > 1 else None


def sharpe(daily: Curve) -> float | None:
    """Mean ÷ standard deviation of daily returns × √365, with a risk-free rate of zero; None without movement.

    W. F. Sharpe, "The Sharpe Ratio", The Journal of Portfolio Management 21 (1994).
    """
    returns = daily.returns
    if len(returns) < 2:
        return None
    deviation = float(np.std(returns, ddof=1))
    return float(np.mean(returns)) / deviation * float(np.sqrt(DAYS_PER_YEAR)) if deviation > 0 else None


def rolling_sharpe(daily: Curve, days: int) -> Curve:
    """The Sharpe ratio of the last so many daily returns at each day that has them; nothing where nothing moved."""
    returns = daily.returns
    if len(returns) < days:
        return Curve(daily.at_ms[:0], daily.values[:0])
    windows = np.lib.stride_tricks.sliding_window_view(returns, days)
    deviations = np.std(windows, axis=1, ddof=1)
    moved = deviations > 0
    ratios = np.mean(windows[moved], axis=1) / deviations[moved] * np.sqrt(DAYS_PER_YEAR)
    return Curve(daily.at_ms[days:][moved], ratios)


def sortino(daily: Curve) -> float | None:
    """Mean of daily returns ÷ downside deviation × √365, target zero; None without a losing day.

    Downside deviation is the root of the mean of min(return, 0)² over all days, winning ones included.
    F. A. Sortino and L. N. Price, "Performance Measurement in a Downside Risk Framework", The Journal of Investing 3
    (1994).
    """
    returns = daily.returns
    downside = float(np.sqrt(np.mean(np.minimum(returns, 0.0) ** 2))) if len(returns) > 1 else 0.0
    return float(np.mean(returns)) / downside * float(np.sqrt(DAYS_PER_YEAR)) if downside > 0 else None


def calmar(curve: Curve) -> float | None:
    """Annual return ÷ largest drawdown, both over the whole curve; None without a drawdown.

    T. W. Young, "Calmar Ratio: A Smoother Tool", Futures 20 (1991), takes the last 36 months; a back-test shows its
    whole span.
    """
    annual = annual_return(curve)
    largest = max((fall.depth for fall in drawdowns(curve)), default=0.0)
    return annual / largest if annual is not None and largest > 0 else None


def under_water(curve: Curve) -> Floats:
    """How far each point is below the highest before it, as a ratio; 0 at a high."""
    highs = np.maximum.accumulate(curve.values)
    below: Floats = 1 - curve.values / np.where(highs > 0, highs, 1.0)
    return np.maximum(below, 0.0)


def drawdowns(curve: Curve) -> list[Drawdown]:
    """Return every fall below a former high, in the order of time."""
    below = under_water(curve)
    wet = np.concatenate([[False], below > 0, [False]])
    edges = np.flatnonzero(wet[1:] != wet[:-1])
    return [_drawdown(curve, below, int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]


def _drawdown(curve: Curve, below: Floats, start: int, end: int) -> Drawdown:
    """Points from start to before end are under water; the one before start is the high."""
    bottom = start + int(np.argmax(below[start:end]))
    recovered = int(curve.at_ms[end]) if end < len(below) else None
    return Drawdown(float(below[bottom]), int(curve.at_ms[start - 1]), int(curve.at_ms[bottom]), recovered)


def _length(fall: Drawdown, curve: Curve) -> int:
    return (int(curve.at_ms[-1]) if fall.recovered_ms is None else fall.recovered_ms) - fall.start_ms


def monthly_returns(curve: Curve) -> dict[tuple[int, int], float]:
    """Return the return of each calendar month (UTC) by (year, month); the first and the last may be parts of months.

    A value at the very midnight between two months belongs to the month that ends there.
    """
    lasts: dict[tuple[int, int], float] = {}
    for at_ms, value in zip(curve.at_ms[1:], curve.values[1:], strict=True):
        at = datetime.fromtimestamp((int(at_ms) - 1) / 1000, UTC)
        lasts[at.year, at.month] = float(value)
    befores = [float(curve.values[0]), *lasts.values()] if lasts else []
    return {
        month: value / before - 1 if before > 0 else 0.0
        for (month, value), before in zip(lasts.items(), befores, strict=False)
    }


def yearly_returns(curve: Curve) -> dict[int, float]:
    """Return the return of each calendar year (UTC)."""
    months = monthly_returns(curve)
    grown: dict[int, float] = {}
    for (year, _), value in months.items():
        grown[year] = grown.get(year, 1.0) * (1 + value)
    return {year: value - 1 for year, value in grown.items()}

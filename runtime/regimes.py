"""Which kind of market each day was, told from Bitcoin's daily closes, and what a curve did in each kind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from runtime.metrics import DAY_MS, DAYS_PER_YEAR, Curve, Floats

_Reduce = Callable[..., Floats]
_MONTH = 30
_SHORT = 50
_LONG = 200


class Regime(StrEnum):
    """A kind of market day; the first that fits counts.

    crisis: the close is more than 30 % below the highest close of the last 30 days.
    high volatility: the standard deviation of the last 30 daily log returns × √365 is above 80 %.
    bull: the close and its 50-day average are both above the 200-day average.
    bear: the close and its 50-day average are both below the 200-day average.
    sideways: everything else.
    unknown: the first days, before the averages exist.
    """

    CRISIS = "crisis"
    HIGH_VOLATILITY = "high volatility"
    BULL = "bull"
    BEAR = "bear"
    SIDEWAYS = "sideways"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RegimeResult:
    """What a curve did on the days of one regime: how many there were, and their returns compounded."""

    regime: Regime
    days: int
    total_return: float


def regimes(closes: Floats) -> list[Regime]:
    """Return the regime at each daily close, knowing nothing later than it."""
    fall = _rolling(closes, _MONTH, np.max)
    spread = np.concatenate([[np.nan], _rolling(np.diff(np.log(closes)), _MONTH, _deviation)])
    short, long = _rolling(closes, _SHORT, np.mean), _rolling(closes, _LONG, np.mean)
    below = 1 - closes / fall
    yearly = spread * np.sqrt(DAYS_PER_YEAR)
    columns = zip(closes, below, yearly, short, long, strict=True)
    return [_regime(*(float(value) for value in row)) for row in columns]


def _regime(close: float, below: float, volatility: float, short: float, long: float) -> Regime:
    if below > 0.30:
        return Regime.CRISIS
    if volatility > 0.80:
        return Regime.HIGH_VOLATILITY
    if np.isnan(long):
        return Regime.UNKNOWN
    if min(close, short) > long:
        return Regime.BULL
    return Regime.BEAR if max(close, short) < long else Regime.SIDEWAYS


def _deviation(windows: Floats, axis: int) -> Floats:
    spread: Floats = np.std(windows, axis=axis, ddof=1)
    return spread


def _rolling(values: Floats, window: int, of: _Reduce) -> Floats:
    """NaN until the window is full."""
    result = np.full(len(values), np.nan)
    if len(values) >= window:
        result[window - 1 :] = of(np.lib.stride_tricks.sliding_window_view(values, window), axis=1)
    return result


def regimes_by_day(closes: Curve) -> dict[int, Regime]:
    """Return, by the midnight at which a day starts, the regime known then: nothing of the day itself is used.

    `closes` has one point a day, at the moment at which the day's candle closed.
    """
    return dict(zip((int(at) for at in closes.at_ms), regimes(closes.values), strict=True))


def results_by_regime(curve: Curve, by_day: Mapping[int, Regime]) -> list[RegimeResult]:
    """Return what a curve did in each regime that occurred, in the order of `Regime`."""
    daily = curve.daily()
    grown: dict[Regime, list[float]] = {}
    for at_ms, change in zip(daily.at_ms[:-1], daily.returns, strict=True):
        regime = by_day.get(int(at_ms) // DAY_MS * DAY_MS, Regime.UNKNOWN)
        grown.setdefault(regime, []).append(1 + float(change))
    return [RegimeResult(one, len(grown[one]), float(np.prod(grown[one])) - 1) for one in Regime if one in grown]

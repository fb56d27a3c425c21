"""The story of a made-up market: bull and bear stretches, quiet times, crash days, volatility in clusters."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

HOURS_PER_DAY = 24
_HOURS_PER_YEAR = 365 * HOURS_PER_DAY
_TAIL_WEIGHT = 4  # degrees of freedom of Student's t: hourly returns of coins have fat tails

Floats = NDArray[np.float64]


class Regime(StrEnum):
    """What the market as a whole is doing."""

    BULL = "bull"
    BEAR = "bear"
    SIDEWAYS = "sideways"


@dataclass(frozen=True, slots=True)
class Mood:
    """How prices move in a regime: drift and volatility of log returns per year, and how many days it lasts."""

    drift: float
    volatility: float
    days_min: int
    days_max: int


MOODS = {
    Regime.BULL: Mood(1.35, 0.50, 140, 280),
    Regime.BEAR: Mood(-1.05, 0.60, 110, 200),
    Regime.SIDEWAYS: Mood(0.0, 0.40, 60, 140),
}
_CYCLE = (Regime.SIDEWAYS, Regime.BULL, Regime.BEAR)


@dataclass(frozen=True)
class Story:
    """The market's factor hour by hour (log return and the volatility behind it, per hour) and each day's regime."""

    returns: Floats
    volatility: Floats
    regimes: tuple[Regime, ...]
    crash_days: tuple[int, ...]


def tell(random: np.random.Generator, days: int) -> Story:
    """Draw the story of a market for so many days; a bull stretch ends in a crash day, and others come now and then."""
    regimes = _regimes(random, days)
    crash_days = _crash_days(random, regimes)
    volatility = np.repeat(_daily_volatility(random, regimes, crash_days), HOURS_PER_DAY) / np.sqrt(_HOURS_PER_YEAR)
    drift = np.repeat([MOODS[regime].drift for regime in regimes], HOURS_PER_DAY) / _HOURS_PER_YEAR
    noise = fat_tailed(random, days * HOURS_PER_DAY)
    returns = drift + volatility * noise + _crash_returns(random, crash_days, days)
    return Story(returns, volatility, regimes, crash_days)


def fat_tailed(random: np.random.Generator, size: int) -> Floats:
    """Draw noise of variance one whose large values are more frequent than a bell curve's."""
    noise: Floats = random.standard_t(_TAIL_WEIGHT, size) / np.sqrt(_TAIL_WEIGHT / (_TAIL_WEIGHT - 2))
    return noise


def _regimes(random: np.random.Generator, days: int) -> tuple[Regime, ...]:
    told: list[Regime] = []
    turn = 0
    while len(told) < days:
        mood = MOODS[_CYCLE[turn % len(_CYCLE)]]
        told += [_CYCLE[turn % len(_CYCLE)]] * int(random.integers(mood.days_min, mood.days_max + 1))
        turn += 1
    return tuple(told[:days])


def _crash_days(random: np.random.Generator, regimes: tuple[Regime, ...]) -> tuple[int, ...]:
    tops = [day for day in range(1, len(regimes)) if regimes[day - 1] is Regime.BULL and regimes[day] is Regime.BEAR]
    others = random.integers(30, max(31, len(regimes)), size=len(regimes) // 300)
    return tuple(sorted({*tops, *(int(day) for day in others if day < len(regimes))}))


def _daily_volatility(random: np.random.Generator, regimes: tuple[Regime, ...], crash_days: tuple[int, ...]) -> Floats:
    """Per year. Its logarithm returns slowly to the regime's level, and a crash lifts it for weeks."""
    shocks = random.normal(0.0, 0.10, len(regimes))
    crashes = set(crash_days)
    above = 0.0
    result = np.empty(len(regimes))
    for day, regime in enumerate(regimes):
        above = 0.95 * above + shocks[day] + (0.8 if day in crashes else 0.0)
        result[day] = MOODS[regime].volatility * np.exp(min(above, 1.5))
    return result


def _crash_returns(random: np.random.Generator, crash_days: tuple[int, ...], days: int) -> Floats:
    """A crash falls within one day, most of it within a few hours, and part of it is won back over the next two."""
    result = np.zeros(days * HOURS_PER_DAY)
    for day in crash_days:
        fall = random.uniform(0.12, 0.24)
        weights = random.exponential(1.0, HOURS_PER_DAY) ** 3
        start = day * HOURS_PER_DAY
        result[start : start + HOURS_PER_DAY] -= fall * weights / weights.sum()
        recovery = result[start + HOURS_PER_DAY : start + 3 * HOURS_PER_DAY]
        recovery += 0.3 * fall / (2 * HOURS_PER_DAY)
    return result

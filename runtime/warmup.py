"""Whether a value is the same from wherever its history starts, once it has the candles that it is said to need."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import polars as pl

from rules.language.evaluate import Value
from rules.language.reach import reach
from rules.language.vocabulary import PERPETUAL
from runtime.history import Histories
from runtime.instrument import Market
from runtime.market_data import CANDLE_SCHEMA, Key
from runtime.readings import Column

TOLERANCE = 1e-9
FACTORS = (1, 2, 4)
MOST_DOUBLINGS = 16
NO_CANDLES = pl.DataFrame(schema=CANDLE_SCHEMA)


class Verdict(StrEnum):
    """What the starting points say of a value's warm-up."""

    ENOUGH = "enough"
    TOO_LITTLE = "too little"
    ENDLESS = "all since the first candle"
    UNTRIED = "too little history to tell"


@dataclass(frozen=True, slots=True)
class Warmed:
    """One value tried from several starting points; `bars` is the declared warm-up, None where it is the whole history.

    `differences` are the greatest relative ones to the value from the whole history, for one, two and four times the
    declared warm-up; infinite where one of the two is unknown. `needs` is how many bars are enough, None where only
    the whole history is. `moments` is how many moments had enough candles before them.
    """

    column: Column
    bars: int | None
    differences: tuple[float, ...]
    verdict: Verdict
    needs: int | None
    moments: int


def warmed(column: Column, candles: Mapping[Key, pl.DataFrame], whole: Histories, moments_ms: Sequence[int]) -> Warmed:
    """Try one value at several moments; `whole` holds all the candles."""
    # What is read from other candles alone is still seen at those of whoever asks.
    declared = {("", column.timeframe): 1, **reach(column.seen.expression, column.timeframe)}
    known = {choice: bars for choice, bars in declared.items() if bars is not None}
    if len(known) < len(declared):
        return Warmed(column, None, (), Verdict.ENDLESS, None, 0)
    attempt, longest = _Attempt(column, candles, whole, known), max(known.values())
    usable = [at_ms for at_ms in moments_ms if attempt.held_before(at_ms)]
    differences = tuple(attempt.difference(usable, factor) for factor in FACTORS)
    if not usable:
        return Warmed(column, longest, (), Verdict.UNTRIED, None, 0)
    if differences[0] <= TOLERANCE:
        return Warmed(column, longest, differences, Verdict.ENOUGH, longest, len(usable))
    times = attempt.enough(usable)
    needs = None if times is None else times * longest
    return Warmed(column, longest, differences, Verdict.TOO_LITTLE, needs, len(usable))


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A value computed from cut histories; `declared` are the candles that it is said to need of each series."""

    column: Column
    candles: Mapping[Key, pl.DataFrame]
    whole: Histories
    declared: Mapping[tuple[str, str], int]

    def held_before(self, at_ms: int) -> bool:
        """Whether there are more candles than the declared ones before a moment, so that starting points differ."""
        return all(
            self._rows(choice).filter(pl.col("close_ms") <= at_ms).height > bars
            for choice, bars in self.declared.items()
        )

    def difference(self, moments_ms: Sequence[int], factor: int) -> float:
        """Give the greatest relative difference to the value from the whole history."""
        return max((self._difference(at_ms, factor) for at_ms in moments_ms), default=0.0)

    def enough(self, moments_ms: Sequence[int]) -> int | None:
        """Give how many times the declared candles are enough, by doubling; None where only all of them are."""
        for factor in (1 << power for power in range(1, MOST_DOUBLINGS)):
            if not any(self._more_than(at_ms, factor) for at_ms in moments_ms):
                return None
            if self.difference(moments_ms, factor) <= TOLERANCE:
                return factor
        return None

    def _difference(self, at_ms: int, factor: int) -> float:
        cut = Histories()
        for choice, bars in self.declared.items():
            rows = self._rows(choice).filter(pl.col("close_ms") <= at_ms).tail(bars * factor)
            cut.history(*self._key(choice)).preload(rows)
        return relative(_at(self.column, self.whole, at_ms), _at(self.column, cut, at_ms))

    def _more_than(self, at_ms: int, factor: int) -> bool:
        return any(
            self._rows(choice).filter(pl.col("close_ms") <= at_ms).height > bars * factor
            for choice, bars in self.declared.items()
        )

    def _rows(self, choice: tuple[str, str]) -> pl.DataFrame:
        return self.candles.get(self._key(choice), NO_CANDLES)

    def _key(self, choice: tuple[str, str]) -> Key:
        symbol, timeframe = choice
        own = self.column.seen.symbol
        if symbol == PERPETUAL:
            return Market.LINEAR, own, timeframe
        return self.column.market, symbol or own, timeframe


def relative(expected: Value, found: Value) -> float:
    """Give the distance of two values as a ratio of the first; infinite where only one of them is known."""
    if expected is None or found is None:
        return 0.0 if expected is found else math.inf
    if isinstance(expected, bool) or isinstance(found, bool):
        return 0.0 if expected == found else math.inf
    one, other = float(expected), float(found)
    return 0.0 if one == other else abs(one - other) / max(abs(one), abs(other))


def _at(column: Column, histories: Histories, at_ms: int) -> Value:
    """The value at the last candle that has closed by a moment."""
    history = histories.history(column.market, column.seen.symbol, column.timeframe)
    row = int(np.searchsorted(history.closes_ms, at_ms, side="right")) - 1
    value = column.values(histories)[row] if row >= 0 else None
    if value is None or isinstance(value, bool):
        return value
    return None if math.isnan(value) else float(value)

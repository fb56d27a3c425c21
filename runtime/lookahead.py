"""Whether anything looked ahead: what was seen and decided before a moment has to be the same under any future."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from math import isnan
from typing import Any

import numpy as np

from rules.language.evaluate import Value
from runtime.engine import Engine
from runtime.events import CandleClose
from runtime.history import Histories, Values
from runtime.readings import Column, Reading, Seen, readings_of
from runtime.step import Decision, Step

NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Peek:
    """Something that was another before a moment although only the future after it was another.

    `what` says what it is and `place` where it stands; `at_ms` is the first candle at which it differed, `before` the
    value with the recorded future and `after` that with the other one.
    """

    rank: int
    what: str
    book: str
    symbol: str
    place: str
    future: str
    moment_ms: int
    at_ms: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Doing:
    """What a step decided and asked for; `closing` says that candles closed in it."""

    at_ms: int
    closing: bool
    records: tuple[Any, ...]
    requests: tuple[Any, ...]


@dataclass(slots=True)
class Track:
    """Everything that an engine saw at its candles, and everything that it did."""

    readings: Mapping[str, tuple[Reading, ...]]
    doings: list[Doing] = field(default_factory=list)
    moments: dict[str, list[int]] = field(default_factory=dict)
    values: dict[str, list[tuple[Value, ...]]] = field(default_factory=dict)

    @classmethod
    def of(cls, engine: Engine) -> "Track":
        """Begin to follow an engine; its readings are kept by the timeframe of their book."""
        by_timeframe: dict[str, list[Reading]] = {}
        for reading in readings_of(engine):
            by_timeframe.setdefault(reading.timeframe, []).append(reading)
        return cls({timeframe: tuple(readings) for timeframe, readings in by_timeframe.items()})

    @property
    def count(self) -> int:
        """How many values have been seen."""
        return sum(len(self.readings[timeframe]) * len(rows) for timeframe, rows in self.values.items())

    def watch(self, step: Step) -> None:
        """Take in one step."""
        closing = isinstance(step.event, CandleClose)
        if step.records or step.requests:
            self.doings.append(Doing(step.at_ms, closing, step.records, step.requests))
        if isinstance(step.event, CandleClose):
            closed = {candle.timeframe for candle in step.event.candles}
            for timeframe, readings in self.readings.items():
                if timeframe in closed:
                    self.moments.setdefault(timeframe, []).append(step.at_ms)
                    self.values.setdefault(timeframe, []).append(tuple(reading.read() for reading in readings))


def peeks_in_tracks(whole: Track, other: Track, moment_ms: int, future: str) -> Iterator[Peek]:
    """Compare what was seen and done up to the candles that close at a moment; yield the first difference of each."""
    for timeframe, readings in whole.readings.items():
        expected, found = (_seen_until(track, timeframe, moment_ms) for track in (whole, other))
        yield from _differing(readings, expected, found, moment_ms, future)
    yield from _first_doing(whole, other, moment_ms, future)


def peeks_in_columns(
    columns: Sequence[Column], whole: Histories, other: Histories, moment_ms: int, future: str
) -> Iterator[Peek]:
    """Compare columns up to the candles that close at a moment; yield the first difference of each."""
    for column in columns:
        history = whole.history(column.market, column.seen.symbol, column.timeframe)
        closes = history.closes_ms
        until = int(np.searchsorted(closes, moment_ms, side="right"))
        expected, found = column.values(whole), column.values(other)
        row = _first_difference(expected[:until], found[:until])
        if row is not None:
            values = (expected[row], found[row] if row < len(found) else None)
            yield _peek(column.seen, int(closes[row]), values, moment_ms, future)


# ── where they differ ───────────────────────────────────────────────────────────────────────────────────────────────

Rows = list[tuple[int, tuple[Value, ...]]]


def _seen_until(track: Track, timeframe: str, moment_ms: int) -> Rows:
    moments, values = track.moments.get(timeframe, []), track.values.get(timeframe, [])
    return [row for row in zip(moments, values, strict=True) if row[0] <= moment_ms]


def _differing(readings: Sequence[Reading], expected: Rows, found: Rows, moment_ms: int, future: str) -> Iterator[Peek]:
    told: set[int] = set()
    for (at_ms, values), (_, others) in zip(expected, found, strict=False):
        if values == others:
            continue
        for place, reading in enumerate(readings):
            if values[place] != others[place] and place not in told:
                told.add(place)
                yield _peek(reading.seen, at_ms, (values[place], others[place]), moment_ms, future)


def _first_doing(whole: Track, other: Track, moment_ms: int, future: str) -> Iterator[Peek]:
    for one, another in zip_longest(_done_until(whole, moment_ms), _done_until(other, moment_ms)):
        if one != another:
            yield _doing_peek(one, another, moment_ms, future)
            return


def _doing_peek(one: Doing | None, another: Doing | None, moment_ms: int, future: str) -> Peek:
    at_ms = min(doing.at_ms for doing in (one, another) if doing is not None)
    mine, others = _decisions(one), _decisions(another)
    first = next((d for d in (*mine, *others) if d not in mine or d not in others), None)
    told = (_did(one), _did(another))
    if first is None:
        return Peek(5, "what was asked of the exchange", "", "", "", future, moment_ms, at_ms, *told)
    place = "" if first.place is None else _placed(first.place)
    what = f"the decision of {first.rule}"
    return Peek(5, what, first.book, first.symbol, place, future, moment_ms, at_ms, *told)


def _done_until(track: Track, moment_ms: int) -> list[Doing]:
    """What was done at a moment before its candles closed has seen the prices that follow; what they led to has not."""
    return [d for d in track.doings if d.at_ms < moment_ms or (d.at_ms == moment_ms and d.closing)]


def _decisions(doing: Doing | None) -> list[Decision]:
    return [] if doing is None else [record for record in doing.records if isinstance(record, Decision)]


def _did(doing: Doing | None) -> str:
    decisions = _decisions(doing)
    if decisions:
        return ", ".join(f"{decision.rule} fired {decision.trigger}" for decision in decisions)
    return NOTHING if doing is None else f"{len(doing.requests)} requests"


def _first_difference(expected: Values, found: Values) -> int | None:
    if isinstance(expected, list) or isinstance(found, list):
        pairs = zip_longest(expected, found)
        return next((row for row, (one, other) in enumerate(pairs) if one is not other), None)
    if len(expected) != len(found):
        return min(len(expected), len(found))
    differs = ~((expected == found) | (np.isnan(expected) & np.isnan(found)))
    return int(differs.argmax()) if differs.any() else None


def _peek(seen: Seen, at_ms: int, values: tuple[Value, Value], moment_ms: int, future: str) -> Peek:
    told = (_written(values[0]), _written(values[1]))
    return Peek(
        seen.rank, seen.what, seen.book, seen.symbol, _placed(seen.place), future, moment_ms, at_ms, told[0], told[1]
    )


def _placed(place: Any) -> str:
    return f"{place.file}:{place.line}"


def _written(value: Value) -> str:
    if value is None or (isinstance(value, float) and isnan(value)):
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.10g}" if isinstance(value, float) else str(value)

"""The candles of a scenario: formed piece by piece as time passes, for each market, symbol and timeframe."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import polars as pl

from features.steps.course import Course, still
from features.steps.words import DAY_MS, HOUR_MS
from runtime.board import unusable
from runtime.events import Candle
from runtime.feed import Turn
from runtime.instrument import Market
from runtime.market_data import CANDLE_SCHEMA, Key
from runtime.timeframe import timeframe_ms

Place = tuple[Market, str]
Moves = Mapping[tuple[str, Market | None], Course]
MINUTE, HOUR, DAY = "1m", "1h", "1d"
MINUTE_MS = 60_000


class Candles:
    """Everything that was seen of each symbol, and the candles that are being formed."""

    def __init__(self, timeframes: Sequence[str], now_ms: int, hourly: bool) -> None:
        self.now_ms = now_ms
        self.hourly = hourly
        self.prices: dict[Place, float] = {}
        self.volumes: dict[Place, float] = {}
        self._timeframes = tuple(dict.fromkeys((*timeframes, HOUR, DAY)))
        self._forming: dict[Key, Course] = {}
        self._seen: dict[Key, list[Candle]] = {}

    @property
    def keys(self) -> list[Place]:
        """Every market and symbol that has a price, in alphabetical order."""
        return sorted(self.prices)

    def frames(self) -> dict[Key, pl.DataFrame]:
        """All candles that were seen, as histories take them."""
        return {key: frame_of(candles) for key, candles in self._seen.items()}

    def remember(self, key: Key, courses: Sequence[Course]) -> None:
        """Take in the past of a series; its last candle closes now."""
        market, symbol, timeframe = key
        length = timeframe_ms(timeframe)
        first = self.now_ms - len(courses) * length
        self._seen[key] = [
            _candle(key, first + place * length, first + (place + 1) * length, course)
            for place, course in enumerate(courses)
            if course.seen
        ]
        self.prices[market, symbol] = courses[-1].close
        self.volumes[market, symbol] = courses[-1].volume * DAY_MS / length

    def pieces(self, span_ms: int) -> list[int]:
        """Cut a length of time at the hours; whole days stay whole unless somebody looks at hours."""
        pieces, at_ms, end_ms = [], self.now_ms, self.now_ms + span_ms
        while at_ms < end_ms:
            whole_day = at_ms % DAY_MS == 0 and end_ms - at_ms >= DAY_MS and not self.hourly
            pieces.append(DAY_MS if whole_day else min(end_ms - at_ms, HOUR_MS - at_ms % HOUR_MS))
            at_ms += pieces[-1]
        return pieces

    def present(self) -> Turn:
        """The prices at which the scenario begins, seen in candles on which no book decides."""
        candles = tuple(
            _candle((*place, MINUTE), self.now_ms - MINUTE_MS, self.now_ms, still(self.prices[place], 0.0))
            for place in self.keys
        )
        return Turn(self.now_ms, candles, candles, ())

    def jump(self, prices: Mapping[str, float]) -> None:
        """Move prices without a candle."""
        for place in self.keys:
            self.prices[place] = prices.get(place[1], self.prices[place])

    def opening(self) -> Turn:
        """The moment at which the next candles open, where the last ones closed."""
        courses = {place: still(self.prices[place], self.volumes[place]) for place in self.keys}
        return Turn(self.now_ms, (), (), self._finest(courses, DAY_MS))

    def pass_piece(self, span_ms: int, moves: Moves) -> tuple[Turn, Turn]:
        """Let time pass: the moment at which this piece opens, and the one at which it closes."""
        courses = {place: self._course(place, span_ms, moves) for place in self.keys}
        seen = {place: course for place, course in courses.items() if course.seen}
        finest = self._finest(seen, span_ms)
        opening = Turn(self.now_ms, (), (), finest)
        self.now_ms += span_ms
        for place, course in seen.items():
            self._form(place, course, span_ms)
        closed = self._closed(span_ms)
        for place, course in courses.items():
            if _sound(course):
                self.prices[place] = course.close
        return opening, Turn(self.now_ms, closed, finest, ())

    def _course(self, place: Place, span_ms: int, moves: Moves) -> Course:
        market, symbol = place
        given = moves.get((symbol, market), moves.get((symbol, None)))
        share = span_ms / DAY_MS
        return still(self.prices[place], self.volumes[place] * share) if given is None else given

    def _finest(self, courses: Mapping[Place, Course], span_ms: int) -> tuple[Candle, ...]:
        """What the exchange trades on; a candle that can't be true is a fault of the feed, not of the market."""
        name = DAY if span_ms == DAY_MS else HOUR
        return tuple(
            _candle(
                (market, symbol, name),
                self.now_ms,
                self.now_ms + span_ms,
                course if _sound(course) else still(self.prices[market, symbol], self.volumes[market, symbol]),
            )
            for (market, symbol), course in sorted(courses.items())
        )

    def _form(self, place: Place, course: Course, span_ms: int) -> None:
        for timeframe in self._timeframes:
            if span_ms <= timeframe_ms(timeframe):
                key = (*place, timeframe)
                known = self._forming.get(key)
                self._forming[key] = course if known is None else _joined(known, course)

    def _closed(self, span_ms: int) -> tuple[Candle, ...]:
        closed = []
        for key in sorted(self._forming):
            length = timeframe_ms(key[2])
            if self.now_ms % length == 0 and span_ms <= length:
                closed.append(_candle(key, self.now_ms - length, self.now_ms, self._forming.pop(key)))
        for candle in closed:
            if unusable(candle) is None:
                self._seen.setdefault((candle.market, candle.symbol, candle.timeframe), []).append(candle)
        return tuple(closed)


def frame_of(candles: Sequence[Candle]) -> pl.DataFrame:
    """Candles as a table."""
    rows = [(c.open_ms, c.close_ms, c.open, c.high, c.low, c.close, c.volume) for c in candles]
    return pl.DataFrame(rows, schema=CANDLE_SCHEMA, orient="row")


def split(course: Course, parts: int) -> list[Course]:
    """Cut a course into equal parts that lead straight from its open to its close, by way of its low and its high."""
    edges = [course.open + (course.close - course.open) * place / parts for place in range(parts + 1)]
    pieces = [
        Course(start, max(start, end), min(start, end), end, course.volume / parts, course.seen)
        for start, end in pairwise(edges)
    ]
    pieces[0] = replace(pieces[0], low=min(pieces[0].low, course.low))
    pieces[-1] = replace(pieces[-1], high=max(pieces[-1].high, course.high))
    return pieces


def _joined(before: Course, after: Course) -> Course:
    high, low = max(before.high, after.high), min(before.low, after.low)
    return Course(before.open, high, low, after.close, before.volume + after.volume)


def _candle(key: Key, open_ms: int, close_ms: int, course: Course) -> Candle:
    return Candle(*key, open_ms, close_ms, course.open, course.high, course.low, course.close, course.volume)


def _sound(course: Course) -> bool:
    return 0 < course.low <= min(course.open, course.close) <= max(course.open, course.close) <= course.high

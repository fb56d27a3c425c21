"""Market data in the order in which it happened: at each moment the candles that close, then those that open."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from runtime.events import Candle
from runtime.instrument import Market
from runtime.market_data import CANDLE_SCHEMA
from runtime.timeframe import timeframe_ms

Series = tuple[Market, str, str]
Column = np.ndarray[tuple[int], np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class Turn:
    """One moment: all candles that closed, and, for the exchange, the finest ones that closed and that open now."""

    at_ms: int
    closed: tuple[Candle, ...]
    finest_closed: tuple[Candle, ...]
    finest_opened: tuple[Candle, ...]


def finest_of(series: Sequence[Series]) -> frozenset[Series]:
    """For each market and symbol the series with the shortest timeframe."""
    best: dict[tuple[Market, str], Series] = {}
    for entry in series:
        market, symbol, timeframe = entry
        known = best.get((market, symbol))
        if known is None or timeframe_ms(timeframe) < timeframe_ms(known[2]):
            best[market, symbol] = entry
    return frozenset(best.values())


def turns(candles: Mapping[Series, pl.DataFrame]) -> Iterator[Turn]:
    """Merge all series by time; within a moment series stand in alphabetical order, so that every run is the same."""
    table = Timetable(candles)
    return (table.turn(number) for number in range(len(table)))


class Timetable:
    """All moments of a market, and what closes and opens at each.

    `at_ms` are the moments, in order; a turn is called by its place among them. Raises ValueError for a series whose
    candles don't close in order.
    """

    def __init__(self, candles: Mapping[Series, pl.DataFrame]) -> None:
        names = sorted(candles)
        finest = finest_of(names)
        self.sources = [Source(name, candles[name], name in finest) for name in names]
        self._finest = [source for source in self.sources if source.finest]
        times = [source.close_ms for source in self.sources] + [source.open_ms for source in self._finest]
        self.at_ms: Column = distinct(times)
        self._moments: list[int] = self.at_ms.tolist()
        for source in self.sources:
            source.place(self.at_ms)

    def __len__(self) -> int:
        return len(self.at_ms)

    def after(self, at_ms: int) -> int:
        """Give the first turn after a moment."""
        return bisect_right(self._moments, at_ms)

    def turn(self, number: int) -> Turn:
        """Give everything that happens at one moment."""
        closed, finest = [], []
        for source in self.sources:
            row = source.closes[number]
            if row >= 0:
                candle = source.candle(row)
                closed.append(candle)
                if source.finest:
                    finest.append(candle)
        opened = [source.candle(row) for source in self._finest if (row := source.opens[number]) >= 0]
        return Turn(self._moments[number], tuple(closed), tuple(finest), tuple(opened))


class Source:
    """One series: its columns, and at which turn each of its rows closes and opens.

    `closes` and `opens` give the row by turn, -1 where there is none; `closing` and `opening` the turn by row.
    """

    def __init__(self, name: Series, frame: pl.DataFrame, finest: bool) -> None:
        self.name = name
        self.market, self.symbol, self.timeframe = name
        self.finest = finest
        self.open_ms: Column = frame["open_ms"].to_numpy()
        self.close_ms: Column = frame["close_ms"].to_numpy()
        if len(frame) > 1 and not (np.diff(self.close_ms) > 0).all():
            what = f"{self.symbol} ({self.market}, {self.timeframe})"
            raise ValueError(f"Candles of {what} are expected in the order in which they close; sort them first.")
        self.closes: list[int] = []
        self.opens: list[int] = []
        self.closing = self.opening = np.empty(0, dtype=np.int64)
        self._closing: list[int] = []
        self._opening: list[int] = []
        self._frame = frame
        self._rows: list[tuple[Any, ...]] = []
        self._arrays: dict[str, Column] = {}
        self._last: tuple[int, Candle] | None = None

    def place(self, at_ms: Column) -> None:
        """Find the turns of the candles among all moments."""
        self.closing, self.opening = np.searchsorted(at_ms, self.close_ms), np.searchsorted(at_ms, self.open_ms)
        self.closes = _rows_by_turn(self.closing, len(at_ms))
        self._closing, self._opening = self.closing.tolist(), self.opening.tolist()
        if self.finest:
            self.opens = _rows_by_turn(self.opening, len(at_ms))

    def column(self, name: str) -> Column:
        """Give a column of the candles."""
        if name not in self._arrays:
            self._arrays[name] = self._frame[name].to_numpy()
        return self._arrays[name]

    def rows_at(self, turns: Column) -> Column:
        """Give the rows that close at some turns, -1 where none does."""
        return np.array([self.closes[turn] for turn in turns.tolist()], dtype=np.int64)

    def closing_in(self, first: int, end: int) -> tuple[int, int]:
        """Give the rows that close in the turns from `first` up to, not including, `end`, as a range."""
        low = bisect_left(self._closing, first)
        return low, bisect_left(self._closing, end, low)

    def opened_before(self, end: int) -> int:
        """Give the number of rows that open before a turn."""
        return bisect_left(self._opening, end)

    def candle(self, row: int) -> Candle:
        """The candle of a row; the same object at its opening and at its close."""
        if self._last is not None and self._last[0] == row:
            return self._last[1]
        if not self._rows:
            self._rows = self._frame.select(CANDLE_SCHEMA.keys()).rows()
        candle = Candle(self.market, self.symbol, self.timeframe, *self._rows[row])
        self._last = (row, candle)
        return candle


def distinct(parts: Sequence[Column]) -> Column:
    """Give the different whole numbers of some columns, in order: sorted, because numpy's own way is slow for many."""
    together: Column = np.sort(np.concatenate([*parts, np.empty(0, dtype=np.int64)]))
    first: Column = np.concatenate((np.ones(min(len(together), 1), dtype=bool), np.diff(together) > 0))
    different: Column = together[first]
    return different


def next_of(turns_: Column, first: int, end: int) -> int:
    """Give the first of some turns that is not before `first`, or `end` where it is not before that."""
    place = int(turns_.searchsorted(first))
    return min(int(turns_[place]), end) if place < len(turns_) else end


def _rows_by_turn(turn_of_row: Column, turns_: int) -> list[int]:
    rows = np.full(turns_, -1, dtype=np.int64)
    rows[turn_of_row] = np.arange(len(turn_of_row))
    return rows.tolist()

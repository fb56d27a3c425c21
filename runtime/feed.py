"""Market data in the order in which it happened: at each moment the candles that close, then those that open."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from runtime.events import Candle
from runtime.instrument import Market
from runtime.timeframe import timeframe_ms

Series = tuple[Market, str, str]
Column = np.ndarray[tuple[int], np.dtype[Any]]
CLOSING, OPENING = 0, 1


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
    names = sorted(candles)
    finest = finest_of(names)
    sources = [_Source(name, candles[name], name in finest) for name in names]
    moments, kinds, owners, rows = _schedule(sources)
    start = 0
    edges = np.flatnonzero(np.diff(moments)) + 1
    for end in (*edges.tolist(), len(moments)):
        if end > start:
            yield _turn(
                int(moments[start]),
                kinds[start:end].tolist(),
                owners[start:end].tolist(),
                rows[start:end].tolist(),
                sources,
            )
        start = end


class _Source:
    """One series as plain Python lists, with the candle that is open at the moment kept for its close."""

    def __init__(self, name: Series, frame: pl.DataFrame, finest: bool) -> None:
        self.market, self.symbol, self.timeframe = name
        self.finest = finest
        self.open_ms = frame["open_ms"].to_numpy()
        self.close_ms = frame["close_ms"].to_numpy()
        self._columns = [
            frame[column].to_list() for column in ("open_ms", "close_ms", "open", "high", "low", "close", "volume")
        ]
        self._last: tuple[int, Candle] | None = None

    def candle(self, row: int) -> Candle:
        """The candle of a row; the same object at its opening and at its close."""
        if self._last is not None and self._last[0] == row:
            return self._last[1]
        candle = Candle(self.market, self.symbol, self.timeframe, *(column[row] for column in self._columns))
        self._last = (row, candle)
        return candle


def _schedule(sources: Sequence[_Source]) -> tuple[Column, Column, Column, Column]:
    """When which row of which source closes or opens, sorted by moment, closings first, then by source."""
    moments, kinds, owners, rows = [], [], [], []
    for owner, source in enumerate(sources):
        for kind, times in ((CLOSING, source.close_ms), (OPENING, source.open_ms)):
            if kind == OPENING and not source.finest:
                continue
            moments.append(times)
            kinds.append(np.full(len(times), kind, dtype=np.int8))
            owners.append(np.full(len(times), owner, dtype=np.int16))
            rows.append(np.arange(len(times), dtype=np.int64))
    if not moments:
        empty = np.empty(0, dtype=np.int64)
        return empty, empty, empty, empty
    at, kind_of, owner_of, row_of = (np.concatenate(parts) for parts in (moments, kinds, owners, rows))
    order = np.lexsort((row_of, owner_of, kind_of, at))
    return at[order], kind_of[order], owner_of[order], row_of[order]


def _turn(at_ms: int, kinds: list[int], owners: list[int], rows: list[int], sources: Sequence[_Source]) -> Turn:
    closed: list[Candle] = []
    finest_closed: list[Candle] = []
    finest_opened: list[Candle] = []
    for kind, owner, row in zip(kinds, owners, rows, strict=True):
        source = sources[owner]
        candle = source.candle(row)
        if kind == OPENING:
            finest_opened.append(candle)
            continue
        closed.append(candle)
        if source.finest:
            finest_closed.append(candle)
    return Turn(at_ms, tuple(closed), tuple(finest_closed), tuple(finest_opened))

"""The latest price of each instrument turn by turn, and when it was seen, as the board will have it."""

import numpy as np
from numpy.typing import NDArray

from runtime.board import Quote
from runtime.course import Course, Key, usable

Turns = NDArray[np.int64]
Floats = NDArray[np.float64]
Taken = tuple[Turns, Floats, Turns]
"""The turns at which a candle becomes the latest price, with the price and its moment."""
NEVER_MS = -(2**62)


class QuoteColumns:
    """Columns from a turn on, before which the board has these quotes; computed when first asked for."""

    def __init__(self, course: Course, quotes: dict[Key, Quote], first: int) -> None:
        self._course, self._first = course, first
        self._before = {key: (quote.price, quote.at_ms) for key, quote in quotes.items()}
        self._taken: dict[Key, Taken] = {}

    def prices(self, key: Key, turns: Turns) -> Floats:
        """Give the latest price at some turns, NaN for none."""
        since, prices, _ = self._columns(key)
        return prices[since.searchsorted(turns, side="right") - 1]

    def seen_ms(self, key: Key, turns: Turns) -> Turns:
        """Give the moments at which those prices were seen."""
        since, _, seen_ms = self._columns(key)
        return seen_ms[since.searchsorted(turns, side="right") - 1]

    def _columns(self, key: Key) -> Taken:
        if key not in self._taken:
            self._taken[key] = self._computed(key)
        return self._taken[key]

    def _computed(self, key: Key) -> Taken:
        """A candle counts unless a later or finer one has told already."""
        price, at_ms = self._before.get(key, (np.nan, NEVER_MS))
        turns, prices, seen_ms = [-1], [price], [at_ms]
        for turn, open_ms, close_ms, close in self._rows(key):
            if open_ms >= at_ms:
                at_ms = close_ms
                turns.append(turn)
                prices.append(close)
                seen_ms.append(close_ms)
        return np.array(turns), np.array(prices), np.array(seen_ms)

    def _rows(self, key: Key) -> list[tuple[int, int, int, float]]:
        """The candles that can be true from the first turn on, in the order in which the engine takes them in."""
        rows: list[tuple[int, int, int, int, float]] = []
        sources = self._course.sources(key) if key in self._course.keys else []
        for number, source in enumerate(sources):
            begin = source.closing_in(self._first, self._first)[0]
            true = usable(source)[begin:]
            columns = (source.closing, source.open_ms, source.close_ms, source.column("close"))
            turn, open_ms, close_ms, close = (column[begin:][true].tolist() for column in columns)
            rows += zip(turn, [number] * len(turn), open_ms, close_ms, close, strict=True)
        rows.sort(key=lambda row: row[:2])
        return [(turn, open_ms, close_ms, close) for turn, _, open_ms, close_ms, close in rows]

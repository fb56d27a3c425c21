"""The prices of a market turn by turn, as columns: where each stands, and where one leaves its bounds."""

import numpy as np

from runtime.feed import Column, Source, Timetable
from runtime.instrument import Market

Key = tuple[Market, str]


class Course:
    """Columns over the turns of a timetable, computed when first asked for."""

    def __init__(self, table: Timetable) -> None:
        self._table = table
        self._by_key: dict[Key, list[Source]] = {}
        for source in table.sources:
            self._by_key.setdefault((source.market, source.symbol), []).append(source)
        self._marks: dict[Key, Column] = {}

    @property
    def keys(self) -> tuple[Key, ...]:
        """The instruments that have candles."""
        return tuple(self._by_key)

    def sources(self, key: Key) -> list[Source]:
        """Give the series of an instrument, in the order in which they are dealt out."""
        return self._by_key[key]

    def finest(self, key: Key) -> Source | None:
        """Give the series of an instrument with the shortest candles."""
        return next((one for one in self._by_key.get(key, ()) if one.finest), None)

    def marks(self, key: Key) -> Column:
        """Give the last close of an instrument at each turn, NaN before the first."""
        if key not in self._marks:
            closes: Column = np.full(len(self._table), np.nan)
            for source in self._by_key.get(key, ()):
                true = usable(source)
                closes[source.closing[true]] = source.column("close")[true]
            known = np.where(np.isnan(closes), 0, np.arange(len(closes)))
            self._marks[key] = closes[np.maximum.accumulate(known)] if len(closes) else closes
        return self._marks[key]

    def leaves(self, key: Key, low: float, high: float, first: int, end: int) -> int:
        """Give the first turn from `first` on, before `end`, at which a price touches one of two bounds, or `end`.

        An opening price counts when its candle opens, the rest of the candle when it closes.
        """
        source = self.finest(key)
        assert source is not None
        start, stop = source.closing_in(first, end)[0], source.opened_before(end)
        opens, lows, highs = (source.column(name)[start:stop] for name in ("open", "low", "high"))
        inside = _first((lows <= low) | (highs >= high))
        jumped = _first((opens <= low) | (opens >= high))
        turns = [] if inside is None else [int(source.closing[start + inside])]
        turns += [] if jumped is None else [max(first, int(source.opening[start + jumped]))]
        return min((*turns, end))


def usable(source: Source) -> Column:
    """Mark the rows of a series that can be true."""
    open_, high, low, close, volume = map(source.column, ("open", "high", "low", "close", "volume"))
    whole: Column = (low > 0) & (high < np.inf) & (low <= open_) & (open_ <= high) & (low <= close) & (close <= high)
    return whole & (volume >= 0)


def _first(marked: Column) -> int | None:
    at = int(marked.argmax()) if len(marked) else 0
    return at if len(marked) and marked[at] else None

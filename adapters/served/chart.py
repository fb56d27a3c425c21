"""What the exchange shows of prices so far: finished candles, and the one under way."""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import astuple
from functools import cached_property
from itertools import groupby
from typing import Any

import polars as pl

from adapters.served.bar import Bar, joined
from runtime.events import Candle
from runtime.instrument import Market
from runtime.market_data import Key
from runtime.timeframe import grid_start_ms, timeframe_ms

_COLUMNS = ("open_ms", "open", "high", "low", "close", "volume")


class _Series:
    """The rows of one series, made when somebody asks for them: few symbols of a market ever are."""

    def __init__(self, candles: pl.DataFrame) -> None:
        self._candles = candles

    @cached_property
    def rows(self) -> list[tuple[Any, ...]]:
        return self._candles.select(_COLUMNS).rows()


class Chart:
    """Candles of every series, none of them later than the market has come.

    Lengths that were not recorded are built from the longest recorded one that divides them.
    """

    def __init__(self, candles: Mapping[Key, pl.DataFrame], start_ms: int) -> None:
        self._series = {key: _Series(frame) for key, frame in candles.items()}
        self._under_way: dict[tuple[Market, str], Bar] = {}
        self.reached_ms = start_ms

    def open(self, candle: Candle) -> None:
        """Let a candle begin: nothing but its first price is known."""
        first = candle.open
        self._under_way[candle.market, candle.symbol] = Bar(candle.open_ms, first, first, first, first, 0.0)
        self.reached_ms = max(self.reached_ms, candle.open_ms)

    def close(self, candle: Candle) -> None:
        """Let a candle end."""
        self._under_way.pop((candle.market, candle.symbol), None)
        self.reached_ms = max(self.reached_ms, candle.close_ms)

    def grow(self, candle: Candle) -> None:
        """Let a candle of the shortest length end that was not among those of the beginning, and the longer with it."""
        market, symbol, finest = candle.market, candle.symbol, candle.timeframe
        self.close(candle)
        self._series[market, symbol, finest].rows.append(tuple(getattr(candle, name) for name in _COLUMNS))
        for key, series in self._series.items():
            length_ms = timeframe_ms(key[2])
            if key[:2] != (market, symbol) or key[2] == finest or (candle.close_ms - grid_start_ms(key[2])) % length_ms:
                continue
            parts = self._known(market, symbol, finest, candle.close_ms - length_ms, candle.close_ms)
            series.rows.append(astuple(joined(parts, candle.close_ms - length_ms)))

    def correct(self, market: Market, symbol: str, close: float) -> None:
        """Give the candle that has just ended another close; raises ValueError where none has."""
        finest = min((name for *of, name in self._series if of == [market, symbol]), key=timeframe_ms)
        rows, open_ms = self._series[market, symbol, finest].rows, self.reached_ms - timeframe_ms(finest)
        place = bisect_left(rows, (open_ms,))
        if place == len(rows) or rows[place][0] != open_ms:
            raise ValueError(f"Expected a candle of {symbol} that has just ended, found none.")
        _, first, high, low, _, volume = rows[place]
        rows[place] = (open_ms, first, max(high, close), min(low, close), close, volume)

    def has(self, market: Market, symbol: str, timeframe: str) -> bool:
        """Whether there are candles of this length, recorded or built."""
        return self._source(market, symbol, timeframe) is not None

    def bars(self, market: Market, symbol: str, timeframe: str, start_ms: int, end_ms: int) -> list[Bar]:
        """Give the candles that open within a span (both ends included), oldest first; the last may be under way."""
        source = self._source(market, symbol, timeframe)
        if source is None:
            return []
        length_ms, origin_ms = timeframe_ms(timeframe), grid_start_ms(timeframe)
        first_ms = start_ms - (start_ms - origin_ms) % length_ms
        finest = self._known(market, symbol, source, first_ms, end_ms + length_ms)
        grouped = groupby(finest, key=lambda bar: bar.open_ms - (bar.open_ms - origin_ms) % length_ms)
        bars = [joined(list(part), open_ms) for open_ms, part in grouped]
        return [bar for bar in bars if start_ms <= bar.open_ms <= end_ms]

    def last(self, market: Market, symbol: str, timeframe: str, count: int) -> list[Bar]:
        """Give the latest candles, oldest first; the last may be under way."""
        length_ms = timeframe_ms(timeframe)
        start_ms = self.reached_ms - (count + 1) * length_ms
        return self.bars(market, symbol, timeframe, max(start_ms, 0), self.reached_ms)[-count:]

    def since(self, market: Market, symbol: str, start_ms: int) -> list[Bar]:
        """Give the latest hours, oldest first, or candles of the shortest length where that is longer than an hour."""
        timeframe = max("1h", self._finest(market, symbol), key=timeframe_ms)
        return self.bars(market, symbol, timeframe, start_ms, self.reached_ms)

    def ended(self, market: Market, symbol: str, timeframe: str) -> Bar | None:
        """Give the candle that ends at the moment which the market has reached, or None where none does."""
        length_ms = timeframe_ms(timeframe)
        open_ms = self.reached_ms - length_ms
        if (open_ms - grid_start_ms(timeframe)) % length_ms:
            return None
        found = self.bars(market, symbol, timeframe, open_ms, open_ms)
        return found[0] if found else None

    def _source(self, market: Market, symbol: str, timeframe: str) -> str | None:
        lengths = [name for kind, coin, name in self._series if (kind, coin) == (market, symbol)]
        dividing = [name for name in lengths if not timeframe_ms(timeframe) % timeframe_ms(name)]
        return max(dividing, key=timeframe_ms, default=None)

    def _finest(self, market: Market, symbol: str) -> str:
        return min((name for kind, coin, name in self._series if (kind, coin) == (market, symbol)), key=timeframe_ms)

    def _known(self, market: Market, symbol: str, timeframe: str, start_ms: int, end_ms: int) -> list[Bar]:
        rows = self._series[market, symbol, timeframe].rows
        finished_ms = self.reached_ms - timeframe_ms(timeframe)
        begin = bisect_left(rows, (start_ms,))
        end = bisect_left(rows, (min(end_ms, finished_ms + 1),))
        bars = [Bar(*row) for row in rows[begin:end]]
        return bars + self._unfinished(market, symbol, timeframe, bars, start_ms, end_ms)

    def _unfinished(
        self, market: Market, symbol: str, timeframe: str, bars: list[Bar], start_ms: int, end_ms: int
    ) -> list[Bar]:
        """Give what is known of the candle under way, from the finest series."""
        finest = self._finest(market, symbol)
        after_ms = bars[-1].open_ms + timeframe_ms(timeframe) if bars else start_ms
        parts: list[Bar] = []
        if finest != timeframe:
            since_ms = self.reached_ms - (self.reached_ms - grid_start_ms(timeframe)) % timeframe_ms(timeframe)
            parts += self._known(market, symbol, finest, max(since_ms, after_ms), end_ms)
            return [joined(parts, since_ms)] if parts and since_ms < end_ms else []
        bar = self._under_way.get((market, symbol))
        return [bar] if bar is not None and after_ms <= bar.open_ms < end_ms else []

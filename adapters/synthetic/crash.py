"""A crash of another time, put into recorded candles."""

from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from adapters.synthetic.scenarios import Crash
from runtime.market_data import MarketData

FIRST = "BTC"
DAY_MS = 86_400_000
Floats = NDArray[np.float64]
Moments = NDArray[np.int64]


def with_crash(data: MarketData, crash: Crash, from_ms: int) -> MarketData:
    """Give the data with every price from a midnight on multiplied by the path that the crash took."""
    candles = {key: fallen(rows, Path.of(crash, key[1]), from_ms) for key, rows in data.candles.items()}
    return replace(data, candles=candles)


class Path:
    """What a price becomes, as a ratio of what it would have been, in logarithmically straight lines from day to day.

    Each day has its low at noon and its close at midnight.
    """

    def __init__(self, lows: Floats, closes: Floats) -> None:
        half_days = np.ravel(np.column_stack([lows, closes]))
        self.knots_ms = np.arange(len(half_days) + 1, dtype=np.int64) * (DAY_MS // 2)
        self._logarithms = np.concatenate([[0.0], np.log(half_days)])

    @classmethod
    def of(cls, crash: Crash, symbol: str) -> "Path":
        """Give the path of one symbol."""
        power = 1.0 if symbol.startswith(FIRST) else crash.others
        return cls(np.array(crash.lows) ** power, np.array(crash.closes) ** power)

    def at(self, elapsed_ms: Moments) -> Floats:
        """Give the factor so long after the beginning; before it 1, after the end the last one."""
        factors: Floats = np.exp(np.interp(elapsed_ms, self.knots_ms, self._logarithms))
        return factors

    def extremes(self, from_ms: Moments, to_ms: Moments) -> tuple[Floats, Floats]:
        """Give the least and the greatest factor within each span, its ends included."""
        least, most = np.minimum(self.at(from_ms), self.at(to_ms)), np.maximum(self.at(from_ms), self.at(to_ms))
        for knot_ms, factor in zip(self.knots_ms, self.at(self.knots_ms), strict=True):
            inside = (from_ms < knot_ms) & (knot_ms < to_ms)
            least = np.where(inside, np.minimum(least, factor), least)
            most = np.where(inside, np.maximum(most, factor), most)
        return least, most


def fallen(rows: pl.DataFrame, path: Path, from_ms: int) -> pl.DataFrame:
    """Give the candles of one series with the path in their prices; highs and lows hold whatever it passed."""
    opened, closed = (rows[name].to_numpy() - from_ms for name in ("open_ms", "close_ms"))
    least, most = path.extremes(opened, closed)
    first, last = rows["open"].to_numpy() * path.at(opened), rows["close"].to_numpy() * path.at(closed)
    high, low = rows["high"].to_numpy() * most, rows["low"].to_numpy() * least
    return rows.with_columns(
        pl.Series("open", first),
        pl.Series("high", np.maximum.reduce([high, first, last])),
        pl.Series("low", np.minimum.reduce([low, first, last])),
        pl.Series("close", last),
    )

"""Writes a made-up market in the layout of recorded ones, labelled so that nobody takes it for real."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from adapters.synthetic.coins import COINS, Candles, CoinHistory, make
from adapters.synthetic.regimes import HOURS_PER_DAY, Floats, Story, tell
from runtime.market_data import SYNTHETIC_LABEL, MarketDataError
from runtime.timeframe import timeframe_ms

SYMBOLS = tuple(COINS)
TIMEFRAMES = ("1h", "1d")
_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS
_DAYS_PER_YEAR = 365
_LABEL_TEXT = """Synthetic market data, seed {seed}.

Every price, volume, funding rate and index value in this folder was drawn by a seeded random generator. Nothing here
was recorded from an exchange, and nothing about real markets follows from it. The same seed, start and length give the
same numbers again.
"""


def write_market(
    directory: Path,
    seed: int,
    from_ms: int,
    years: int,
    symbols: Sequence[str] = SYMBOLS,
    timeframes: Sequence[str] = TIMEFRAMES,
) -> tuple[Path, ...]:
    """Write candles of both markets, funding every eight hours and a fear-and-greed index.

    It starts at midnight (UTC) of the day of `from_ms`. Returns the files written. Raises MarketDataError where the
    folder already holds candles that are not labelled synthetic.
    """
    directory = Path(directory)
    if (directory / "candles").exists() and not (directory / SYNTHETIC_LABEL).is_file():
        raise MarketDataError(
            f"Expected an empty folder or a synthetic market, found other market data in {directory}. "
            "Choose another folder."
        )
    start_ms = from_ms // _DAY_MS * _DAY_MS
    directory.mkdir(parents=True, exist_ok=True)
    (directory / SYNTHETIC_LABEL).write_text(_LABEL_TEXT.format(seed=seed))
    story = tell(np.random.Generator(np.random.PCG64([seed])), years * _DAYS_PER_YEAR)
    written = []
    for symbol in symbols:
        written += _write_coin(directory, symbol, make(symbol, story, seed), start_ms, timeframes)
    return (*written, _write_index(directory, story, start_ms))


def _write_coin(
    directory: Path, symbol: str, coin: CoinHistory, start_ms: int, timeframes: Sequence[str]
) -> list[Path]:
    written = []
    for market, hourly in (("spot", coin.spot), ("linear", coin.perpetual)):
        for timeframe in timeframes:
            step_ms = timeframe_ms(timeframe)
            path = directory / "candles" / market / timeframe / f"{symbol}.parquet"
            written.append(_write(path, _table(hourly.joined(step_ms // _HOUR_MS), start_ms, step_ms)))
    path = directory / "funding" / "bybit" / f"{symbol}.parquet"
    rates = pl.DataFrame({"timestamp": _times(len(coin.funding), start_ms, 8 * _HOUR_MS), "rate": coin.funding})
    return [*written, _write(path, rates)]


def _table(candles: Candles, start_ms: int, step_ms: int) -> pl.DataFrame:
    columns = {name: getattr(candles, name) for name in ("open", "high", "low", "close", "volume")}
    return pl.DataFrame({"timestamp": _times(len(candles.open), start_ms, step_ms), **columns})


def _times(count: int, start_ms: int, step_ms: int) -> pl.Series:
    times = pl.Series("timestamp", start_ms + np.arange(count, dtype=np.int64) * step_ms)
    return times.cast(pl.Datetime("ms")).dt.replace_time_zone("UTC")


def _write_index(directory: Path, story: Story, start_ms: int) -> Path:
    values = _fear_and_greed(story)
    table = pl.DataFrame({"timestamp": _times(len(values), start_ms, _DAY_MS), "value": values})
    return _write(directory / "fear_greed.parquet", table)


def _fear_and_greed(story: Story) -> Floats:
    """Greed after thirty days of rising, fear after falling and in rough markets; 0 to 100, known at midnight."""
    daily = story.returns.reshape(-1, HOURS_PER_DAY).sum(axis=1)
    known = np.concatenate([[0.0], np.cumsum(daily)[:-1]])
    before = np.concatenate([np.zeros(30), known[:-30]]) if len(known) > 30 else np.zeros(len(known))
    volatility = story.volatility[::HOURS_PER_DAY] * np.sqrt(_DAYS_PER_YEAR * HOURS_PER_DAY)
    index: Floats = np.clip(50 + 120 * (known - before) - 25 * np.clip(volatility - 0.6, 0.0, 1.0), 5, 95)
    return np.round(index).astype(np.float64)


def _write(path: Path, table: pl.DataFrame) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    table.write_parquet(path, compression="zstd")
    return path

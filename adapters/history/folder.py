"""A folder of recorded candles, funding rates and outside facts."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from adapters.history.aggregate import aggregate, divides
from adapters.history.candle_checks import clean
from adapters.history.table import read_candles, read_values
from adapters.history.venues import CANDLE_VENUES, FUNDING_VENUES, Venue, stitch
from runtime.instrument import Market
from runtime.market_data import FACT_SCHEMA, FUNDING_SCHEMA, SYNTHETIC_LABEL, MarketDataError, Problem
from runtime.timeframe import timeframe_ms

_SYMBOL = re.compile(r"[A-Z0-9]{2,30}")
# A timeframe counts as covering a span when it holds nearly as much of it as the longest series does.
_NEARLY_ALL = 0.99
FACTS = ("fear_greed", "earn.yield")
_RATE_NAMES = ("rate", "fundingrate", "funding_rate", "value")


@dataclass(frozen=True)
class Series:
    """Rows of one or several venues in one series; `venues` is what the column `venue` counts.

    `built_from` has, for each venue, the shorter timeframe its candles were built from, or an empty text.
    """

    rows: pl.DataFrame
    venues: tuple[Venue, ...]
    problems: tuple[Problem, ...]
    built_from: tuple[str, ...] = ("",)


class CandleFolder:
    """Reads candles/<market>/<timeframe>/<SYMBOL>.parquet, funding/<venue>/<SYMBOL>.parquet and outside facts.

    Raises MarketDataError with a sentence for whatever is missing or unreadable. Files are read once.
    """

    def __init__(self, directory: Path) -> None:
        if not (directory / "candles").is_dir():
            raise MarketDataError(
                f'Expected a folder of market data with a sub-folder "candles", found none at {directory}. '
                "Check the path, or download the data first."
            )
        self.directory = directory
        self.synthetic = (directory / SYNTHETIC_LABEL).is_file()
        self._read: dict[Path, Series] = {}

    def symbols(self, market: Market) -> tuple[str, ...]:
        """Return every symbol for which any venue of this market has candles of any timeframe."""
        paths = (path for venue in CANDLE_VENUES[market] for path in self._folder(venue).glob("*/*.parquet"))
        return tuple(sorted({path.stem for path in paths}))

    def timeframes(self, market: Market, symbol: str, *, stand_ins: bool = True) -> tuple[str, ...]:
        """Return the timeframes that have a file for this symbol, the shortest first."""
        check_symbol(symbol)
        found = {name for venue in _venues(market, stand_ins=stand_ins) for name in self._timeframes(venue, symbol)}
        return tuple(sorted(found, key=timeframe_ms))

    def candles(self, market: Market, symbol: str, timeframe: str, *, stand_ins: bool = True) -> Series | None:
        """Return the whole series of all venues, or None where there is no file to make it from."""
        check_symbol(symbol)
        check_timeframe(timeframe)
        venues = _venues(market, stand_ins=stand_ins)
        found = [(venue, self._venue_candles(venue, symbol, timeframe)) for venue in venues]
        return self._joined([(venue, series) for venue, series in found if series is not None], "open_ms")

    def funding(self, symbol: str, *, stand_ins: bool = True) -> Series | None:
        """Return all funding rates of a perpetual, or None where none were recorded."""
        check_symbol(symbol)
        venues = FUNDING_VENUES if stand_ins else FUNDING_VENUES[:1]
        paths = [(venue, self.directory / "funding" / venue.folder / f"{symbol}.parquet") for venue in venues]
        series = self._joined(
            [(venue, self._values(path, _RATE_NAMES)) for venue, path in paths if path.is_file()], "at_ms"
        )
        if series is None:
            return None
        return replace(series, rows=series.rows.rename({"value": "rate"}).select(*FUNDING_SCHEMA, "venue"))

    def facts(self) -> dict[str, Series]:
        """Return what was recorded of outside facts, by name."""
        paths = {name: self.directory / f"{name.replace('.', '_')}.parquet" for name in FACTS}
        found = {name: (path, ("value", path.stem)) for name, path in paths.items() if path.is_file()}
        return {name: self._values(*place) for name, place in found.items()}

    def finest(self, market: Market, symbol: str, from_ms: int, to_ms: int, *, stand_ins: bool = True) -> str | None:
        """Return the shortest timeframe that holds (nearly) all that any holds of the span, or None."""
        held = {
            name: self._held_ms(market, symbol, name, from_ms, to_ms, stand_ins=stand_ins)
            for name in self.timeframes(market, symbol, stand_ins=stand_ins)
        }
        most = max(held.values(), default=0)
        return next((name for name, span_ms in held.items() if span_ms >= _NEARLY_ALL * most), None) if most else None

    def _held_ms(
        self, market: Market, symbol: str, timeframe: str, from_ms: int, to_ms: int, *, stand_ins: bool
    ) -> int:
        series = self.candles(market, symbol, timeframe, stand_ins=stand_ins)
        if series is None:
            return 0
        inside = series.rows.filter((pl.col("close_ms") > from_ms) & (pl.col("close_ms") <= to_ms))
        return inside.height * timeframe_ms(timeframe)

    def _joined(self, found: list[tuple[Venue, Series]], time: str) -> Series | None:
        if not found:
            return None
        rows = stitch([(venue, series.rows) for venue, series in found], time)
        venues = tuple(replace(venue, name="made up") if self.synthetic else venue for venue, _ in found)
        problems = tuple(problem for _, series in found for problem in series.problems)
        return Series(rows, venues, problems, tuple(series.built_from[0] for _, series in found))

    def _folder(self, venue: Venue) -> Path:
        return self.directory / "candles" / venue.folder

    def _timeframes(self, venue: Venue, symbol: str) -> list[str]:
        """Timeframes of one venue with a file for this symbol, the longest first."""
        names = [
            path.parent.name
            for path in self._folder(venue).glob(f"*/{symbol}.parquet")
            if _is_timeframe(path.parent.name)
        ]
        return sorted(names, key=timeframe_ms, reverse=True)

    def _venue_candles(self, venue: Venue, symbol: str, timeframe: str) -> Series | None:
        there = self._timeframes(venue, symbol)
        if timeframe in there:
            return self._candle_file(self._folder(venue) / timeframe / f"{symbol}.parquet", timeframe)
        shorter = next((name for name in there if divides(name, timeframe)), None)
        if shorter is None:
            return None
        source = self._candle_file(self._folder(venue) / shorter / f"{symbol}.parquet", shorter)
        return replace(source, rows=aggregate(source.rows, shorter, timeframe), built_from=(shorter,))

    def _candle_file(self, path: Path, timeframe: str) -> Series:
        if path not in self._read:
            checked = clean(read_candles(path), timeframe)
            self._read[path] = Series(
                checked.candles, (), tuple(replace(one, file=str(path)) for one in checked.problems)
            )
        return self._read[path]

    def _values(self, path: Path, names: tuple[str, ...]) -> Series:
        if path not in self._read:
            self._read[path] = _clean_values(read_values(path, names), str(path))
        return self._read[path]


def _is_timeframe(name: str) -> bool:
    try:
        return timeframe_ms(name) > 0
    except ValueError:
        return False


def check_symbol(symbol: str) -> None:
    """Raise MarketDataError unless this is a symbol."""
    if not _SYMBOL.fullmatch(symbol):
        raise MarketDataError(f'Expected a symbol in capital letters and digits such as BTCUSDT, found "{symbol}".')


def check_timeframe(timeframe: str) -> None:
    """Raise MarketDataError unless this is a timeframe."""
    try:
        timeframe_ms(timeframe)
    except ValueError as error:
        raise MarketDataError(str(error)) from error


def _venues(market: Market, *, stand_ins: bool) -> tuple[Venue, ...]:
    return CANDLE_VENUES[market] if stand_ins else CANDLE_VENUES[market][:1]


def _clean_values(table: pl.DataFrame, file: str) -> Series:
    numbered = table.with_row_index("row", 1)
    usable = pl.col("open_ms").is_not_null() & pl.col("value").is_finite().fill_null(value=False)
    problems = tuple(
        Problem(row["row"], row["open_ms"], "the time or the value is missing or not a number", file=file)
        for row in numbered.filter(~usable).iter_rows(named=True)
    )
    rows = numbered.filter(usable).unique("open_ms", keep="first").sort("open_ms").rename({"open_ms": "at_ms"})
    return Series(rows.select(FACT_SCHEMA.names()).cast(FACT_SCHEMA), (), problems)

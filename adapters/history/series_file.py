"""One file of a folder of market data: where it lies, what it holds, how it is read and replaced."""

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import polars as pl

from adapters.history.candle_checks import clean
from adapters.history.table import read_candles, read_values
from runtime.market_data import MarketDataError
from runtime.timeframe import grid_start_ms, timeframe_ms

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
LONGEST_FUNDING_MS = 8 * HOUR_MS
LATEST_MS = 4_102_444_800_000
"""The year 2100: what stands later is no time."""
TIME = "at_ms"
PART = ".part"
"""The ending of a file that is still being written; one that is left over is of no use to anybody."""


class Kind(StrEnum):
    """What a file holds."""

    CANDLES = "candles"
    FUNDING = "funding"
    OPEN_INTEREST = "open_interest"
    FEAR_GREED = "fear_greed"


COLUMNS = {
    Kind.CANDLES: ("open", "high", "low", "close", "volume"),
    Kind.FUNDING: ("rate",),
    Kind.OPEN_INTEREST: ("open_interest",),
    Kind.FEAR_GREED: ("value",),
}
# Rates come every eight hours, or more often where the exchange says so; the rest comes on a grid.
_STEPS_MS = {Kind.FUNDING: LONGEST_FUNDING_MS, Kind.OPEN_INTEREST: HOUR_MS, Kind.FEAR_GREED: DAY_MS}


@dataclass(frozen=True, slots=True)
class SeriesFile:
    """The file of one series; `venue` is the folder that says whose it is (`spot_bybit`, `bybit`)."""

    directory: Path
    kind: Kind
    venue: str = ""
    symbol: str = ""
    timeframe: str = ""

    @property
    def place(self) -> str:
        """Where it lies below the folder."""
        parts = [self.kind.value, self.venue, self.timeframe, self.symbol]
        return "/".join(filter(None, parts)) + ".parquet"

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.directory / self.place

    @property
    def step_ms(self) -> int:
        """The longest that two rows are apart where none is missing between them."""
        return timeframe_ms(self.timeframe) if self.kind is Kind.CANDLES else _STEPS_MS[self.kind]

    @property
    def grid_ms(self) -> int:
        """A moment at which a row of this series stands; those of a grid are whole steps away from it."""
        return grid_start_ms(self.timeframe) if self.kind is Kind.CANDLES else 0

    @property
    def schema(self) -> pl.Schema:
        """The columns of its rows: the time, in milliseconds UTC, and numbers."""
        return pl.Schema({TIME: pl.Int64(), **{name: pl.Float64() for name in COLUMNS[self.kind]}})

    def read(self) -> pl.DataFrame:
        """Return the usable rows, sorted, each moment once; none where there is no file.

        Raises MarketDataError for a file that can't be read.
        """
        if not self.path.exists():
            return pl.DataFrame(schema=self.schema)
        if self.kind is Kind.CANDLES:
            rows = clean(read_candles(self.path), self.timeframe).candles.rename({"open_ms": TIME})
            return rows.select(self.schema.names())
        rows = read_values(self.path, COLUMNS[self.kind]).rename({"open_ms": TIME, "value": COLUMNS[self.kind][0]})
        usable = rows.filter(pl.col(TIME).is_between(1, LATEST_MS) & pl.col(COLUMNS[self.kind][0]).is_finite())
        return usable.unique(TIME, keep="first").sort(TIME)

    def write(self, rows: pl.DataFrame) -> None:
        """Put these rows in the place of the file in one go: whoever reads it sees the old file or the new one.

        The bytes follow from the rows alone.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_name(f".{self.path.name}{PART}")
        moments = pl.col(TIME).cast(pl.Datetime("ms")).dt.replace_time_zone("UTC").alias("timestamp")
        table = rows.sort(TIME).rechunk().select(moments, *COLUMNS[self.kind])
        with part.open("wb") as file:
            table.write_parquet(file, compression="zstd")
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.path)


def files_in(directory: Path) -> tuple[tuple[SeriesFile, ...], tuple[Path, ...]]:
    """Return the series of a folder, and what lies among them without being one.

    Raises MarketDataError where there is no folder.
    """
    if not directory.is_dir():
        raise MarketDataError(
            f"Expected a folder of market data, found none at {directory}. Check the path, or download the data first."
        )
    paths = [path for kind in Kind for path in (directory / kind.value).rglob("*") if path.is_file()]
    paths += [path for path in (directory / f"{Kind.FEAR_GREED}.parquet",) if path.is_file()]
    known = {path: _series(directory, path) for path in sorted(paths)}
    series = tuple(one for one in known.values() if one is not None)
    return series, tuple(path for path, one in known.items() if one is None)


def _series(directory: Path, path: Path) -> SeriesFile | None:
    """Read what a path says; None where it is not one of ours."""
    if path.suffix != ".parquet":
        return None
    match path.relative_to(directory).with_suffix("").parts:
        case (Kind.CANDLES.value, venue, timeframe, symbol) if _is_timeframe(timeframe):
            return SeriesFile(directory, Kind.CANDLES, venue, symbol, timeframe)
        case (Kind.FUNDING.value | Kind.OPEN_INTEREST.value as kind, venue, symbol):
            return SeriesFile(directory, Kind(kind), venue, symbol)
        case (Kind.FEAR_GREED.value,):
            return SeriesFile(directory, Kind.FEAR_GREED)
        case _:
            return None


def _is_timeframe(name: str) -> bool:
    try:
        return timeframe_ms(name) > 0
    except ValueError:
        return False

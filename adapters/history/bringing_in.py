"""Puts candles of another program into the folder, beside what is there."""

from dataclasses import dataclass

import polars as pl

from adapters.history.candle_checks import clean
from adapters.history.missing import gaps
from adapters.history.series_file import COLUMNS, TIME, Kind, SeriesFile
from runtime.market_data import MarketDataError, Problem

VENUES = {
    ("binance", "spot"): "spot",
    ("bybit", "spot"): "spot_bybit",
    ("bybit", "linear"): "linear",
    ("binance", "linear"): "linear_binance",
}
"""In which folder candles of an exchange and a market lie."""
_NEARLY = 1e-9


@dataclass(frozen=True)
class Bringing:
    """What would come of it: usable rows, those left out and why, and the file as it would be.

    Of the usable rows `added` are new; of those that are there already `differing` have other values, and what was
    there stays.
    """

    file: SeriesFile
    usable: pl.DataFrame
    problems: tuple[Problem, ...]
    whole: pl.DataFrame
    added: int
    differing: int
    missing: int

    def write(self) -> None:
        """Write the file, if anything is new."""
        if self.added:
            self.file.write(self.whole)


def bringing_in(file: SeriesFile, candles: pl.DataFrame) -> Bringing:
    """Compare candles with what a file has; raises MarketDataError where none of them is usable."""
    checked = clean(candles, file.timeframe)
    usable = checked.candles.rename({"open_ms": TIME}).select(file.schema.names())
    if usable.height == 0:
        first = checked.problems[0]
        raise MarketDataError(
            f"Expected {file.timeframe} candles, found none usable: row {first.row} {first.reason}. "
            "Check the length of the candles and the columns."
        )
    there = file.read()
    whole = pl.concat([there, usable]).unique(TIME, keep="first", maintain_order=True).sort(TIME)
    lacking = sum(count for _, count in gaps(file, usable))
    return Bringing(
        file, usable, checked.problems, whole, whole.height - there.height, _differing(there, usable), lacking
    )


def _differing(there: pl.DataFrame, usable: pl.DataFrame) -> int:
    both = there.join(usable, on=TIME, suffix="_new")
    names = COLUMNS[Kind.CANDLES]
    apart = [(pl.col(name) - pl.col(f"{name}_new")).abs() > _NEARLY * pl.col(name).abs() for name in names]
    return both.filter(pl.any_horizontal(apart)).height

"""Which venue's candles are preferred, and how series of several venues become one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from runtime.instrument import Market


@dataclass(frozen=True, slots=True)
class Venue:
    """One source of candles or rates: its folder, its name, and whether it only stands in for another market."""

    folder: str
    name: str
    stands_in: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """The time for which one venue supplied the rows; both ends are the times of rows, in milliseconds."""

    venue: Venue
    first_ms: int
    last_ms: int


CANDLE_VENUES = {
    Market.SPOT: (Venue("spot", "Binance"), Venue("spot_bybit", "Bybit")),
    Market.LINEAR: (
        Venue("linear", "Bybit"),
        Venue("linear_binance", "Binance perpetual"),
        Venue("spot", "spot candles", stands_in=True),
    ),
}
FUNDING_VENUES = (Venue("bybit", "Bybit"), Venue("binance", "Binance"))
MARKET_NAMES = {Market.SPOT: "spot", Market.LINEAR: "perpetual"}


def stitch(pieces: Sequence[tuple[Venue, pl.DataFrame]], time: str) -> pl.DataFrame:
    """Return one series: each venue fills only the time before and after all that are preferred to it.

    Pieces come in order of preference, sorted by the column `time`. A stand-in only fills the time before. The result
    has a column `venue` with the index of the piece.
    """
    result: pl.DataFrame | None = None
    for index, (venue, frame) in enumerate(pieces):
        marked = frame.with_columns(pl.lit(index, dtype=pl.Int64).alias("venue"))
        result = (
            marked
            if result is None or result.height == 0
            else _around(result, marked, time, only_before=venue.stands_in)
        )
    if result is None:
        raise ValueError("Expected at least one series to stitch, found none.")
    return result


def _around(preferred: pl.DataFrame, other: pl.DataFrame, time: str, *, only_before: bool) -> pl.DataFrame:
    before = other.filter(pl.col(time) < preferred[time][0])
    after = other.clear() if only_before else other.filter(pl.col(time) > preferred[time][-1])
    return pl.concat([before, preferred, after])


def spans(stitched: pl.DataFrame, venues: Sequence[Venue], time: str) -> list[Span]:
    """Return who supplied what, in the order of time."""
    runs = stitched.group_by(pl.col("venue").rle_id().alias("run"), maintain_order=True).agg(
        pl.col("venue").first(), pl.col(time).min().alias("first"), pl.col(time).max().alias("last")
    )
    return [Span(venues[row["venue"]], row["first"], row["last"]) for row in runs.iter_rows(named=True)]


def supplied_by(found: Sequence[Span], venues: Sequence[Venue]) -> str:
    """Tell who supplied what, the most preferred venue first: "Bybit from 2020-03-25; before it …"."""
    if not found:
        return "nothing"
    main = min(range(len(found)), key=lambda index: venues.index(found[index].venue))
    told = [f"{_stands(found[main])} from {day(found[main].first_ms)}"]
    for index in range(main - 1, -1, -1):
        told.append(f"before it {_stands(found[index])} from {day(found[index].first_ms)}")
    for span in found[main + 1 :]:
        told.append(f"after {day(span.first_ms)} {_stands(span)}")
    return "; ".join(told)


def _stands(span: Span) -> str:
    return f"{span.venue.name} stand in" if span.venue.stands_in else span.venue.name


def day(at_ms: int) -> str:
    """Write a moment as its day in UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d")


def minute(at_ms: int) -> str:
    """Write a moment as its day and minute in UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")

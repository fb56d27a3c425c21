"""Brings what is missing of series into their files, piece by piece, so that it can end at any moment and go on."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

import polars as pl

from adapters.history.missing import Span, gaps, missing
from adapters.history.series_file import HOUR_MS, LONGEST_FUNDING_MS, TIME, Kind, SeriesFile
from runtime.events import Candle
from runtime.instrument import Market
from runtime.timeframe import timeframe_ms

PIECES_BETWEEN_SAVES = 20
PARTS_BETWEEN_SAVES = 20
CANDLES_A_PIECE, VALUES_A_PIECE = 1000, 200


class Source(Protocol):
    """Where the past can be asked for, from one moment on until before another, by the times of the rows.

    Each method raises MarketDataError when it can't be had.
    """

    def candles(self, series: tuple[Market, str, str], from_ms: int, to_ms: int) -> Sequence[Candle]:
        """Give the finished candles that open within a span, oldest first."""

    def funding(self, symbol: str, from_ms: int, to_ms: int) -> Sequence[tuple[int, Decimal]]:
        """Give the rates settled within a span, oldest first."""

    def open_interest(self, symbol: str, from_ms: int, to_ms: int) -> Sequence[tuple[int, Decimal]]:
        """Give the open interest at each hour of a span, in the coin, oldest first."""


@dataclass(frozen=True, slots=True)
class Task:
    """One series to bring up to date: its file, its market, and the pieces that are missing of it."""

    file: SeriesFile
    market: Market
    pieces: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Downloaded:
    """What came of a task; `missing` rows are still missing between the first and the last: the source has none."""

    file: SeriesFile
    added: int
    rows: int
    span: Span | None
    missing: int


def task_of(file: SeriesFile, market: Market, from_ms: int, to_ms: int) -> Task:
    """Plan what to ask for so that the file holds all within a span; candles must have closed by its end."""
    end_ms = to_ms - timeframe_ms(file.timeframe) + 1 if file.kind is Kind.CANDLES else to_ms
    spans = missing(file, file.read(), from_ms, end_ms)
    return Task(file, market, tuple(piece for span in spans for piece in _pieces(span, _piece_ms(file))))


def download(source: Source, task: Task, done: Callable[[int], None] = lambda _pieces: None) -> Downloaded:
    """Ask for each missing piece, the oldest first, and keep what came, however this ends.

    `done` is told after each piece how many there were. Raises MarketDataError.
    """
    rows, fresh = task.file.read(), list[pl.DataFrame]()
    before = rows.height
    try:
        for number, piece in enumerate(task.pieces, 1):
            fresh.append(_asked(source, task, piece))
            if _is_worth_saving(rows, fresh):
                rows, fresh = _saved(task.file, rows, fresh), []
            done(number)
    finally:
        rows = _saved(task.file, rows, fresh)
    return _told(task.file, rows, before)


def add(file: SeriesFile, found: Sequence[tuple[int, float]]) -> Downloaded:
    """Add values to a file; those of moments that it has already are left as they are."""
    rows = file.read()
    fresh = pl.DataFrame(found, schema=file.schema, orient="row")
    return _told(file, _saved(file, rows, [fresh]), rows.height)


def _told(file: SeriesFile, rows: pl.DataFrame, before: int) -> Downloaded:
    span = (int(rows[TIME][0]), int(rows[TIME][-1])) if rows.height else None
    lacking = sum(count for _, count in gaps(file, rows))
    return Downloaded(file, rows.height - before, rows.height, span, lacking)


def _is_worth_saving(rows: pl.DataFrame, fresh: Sequence[pl.DataFrame]) -> bool:
    """A file is written as a whole, so the longer it is, the more must have come."""
    came = sum(piece.height for piece in fresh)
    return len(fresh) >= PIECES_BETWEEN_SAVES and came * PARTS_BETWEEN_SAVES >= rows.height


def _saved(file: SeriesFile, rows: pl.DataFrame, fresh: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Write the file anew if anything came; what was there before stays as it was."""
    whole = pl.concat([rows, *fresh]).unique(TIME, keep="first", maintain_order=True).sort(TIME)
    if whole.height > rows.height:
        file.write(whole)
    return whole


def _asked(source: Source, task: Task, piece: Span) -> pl.DataFrame:
    file, rows = task.file, list[tuple[float, ...]]()
    match file.kind:
        case Kind.CANDLES:
            found = source.candles((task.market, file.symbol, file.timeframe), *piece)
            rows = [(one.open_ms, one.open, one.high, one.low, one.close, one.volume) for one in found]
        case Kind.FUNDING:
            rows = [(at_ms, float(rate)) for at_ms, rate in source.funding(file.symbol, *piece)]
        case Kind.OPEN_INTEREST:
            rows = [(at_ms, float(value)) for at_ms, value in source.open_interest(file.symbol, *piece)]
    return pl.DataFrame(rows, schema=file.schema, orient="row")


def _piece_ms(file: SeriesFile) -> int:
    """How much is asked for at once: what fits into one answer."""
    if file.kind is Kind.CANDLES:
        return CANDLES_A_PIECE * timeframe_ms(file.timeframe)
    return VALUES_A_PIECE * (LONGEST_FUNDING_MS if file.kind is Kind.FUNDING else HOUR_MS)


def _pieces(span: Span, piece_ms: int) -> Iterator[Span]:
    start, end = span
    for at_ms in range(start, end, piece_ms):
        yield at_ms, min(at_ms + piece_ms, end)

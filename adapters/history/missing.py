"""Which part of a series isn't there yet."""

import polars as pl

from adapters.history.series_file import HOUR_MS, LONGEST_FUNDING_MS, TIME, Kind, SeriesFile

Span = tuple[int, int]
"""From one moment on until before another, in milliseconds UTC."""


def missing(file: SeriesFile, rows: pl.DataFrame, from_ms: int, to_ms: int) -> list[Span]:
    """Return the spans that must hold rows within [from_ms, to_ms) but have none, the oldest first."""
    from_ms = _on_grid(file, from_ms)
    times = rows[TIME]
    if from_ms >= to_ms:
        return []
    if times.is_empty():
        return [(from_ms, to_ms)]
    first, last = int(times[0]), int(times[-1])
    step = HOUR_MS if file.kind is Kind.FUNDING else file.step_ms
    head = [(from_ms, min(first, to_ms))] if first > from_ms else []
    tail = [(max(last + 1, from_ms), to_ms)] if max(last, from_ms - step) + step < to_ms else []
    inside = [(max(start, from_ms), min(end, to_ms)) for start, end in _holes(file, rows)]
    spans = ((_on_grid(file, start), end) for start, end in (*head, *inside, *tail))
    return [(start, end) for start, end in spans if start < end]


def gaps(file: SeriesFile, rows: pl.DataFrame) -> list[tuple[int, int]]:
    """Return where rows are certainly missing between the first and the last: the first moment, and at least how many.

    A rate is missing only where two are further apart than any exchange lets them be.
    """
    step = file.step_ms
    return [
        (int(row[TIME]) - int(row["distance"]) + step, -(-int(row["distance"]) // step) - 1)
        for row in _distances(rows).filter(pl.col("distance") > step).iter_rows(named=True)
    ]


def _holes(file: SeriesFile, rows: pl.DataFrame) -> list[Span]:
    far = pl.col("distance") > file.step_ms
    if file.kind is Kind.FUNDING:
        # How often rates come may change; a distance over both of its neighbours may be no change but a hole.
        beside = pl.max_horizontal(pl.col("distance").shift(1), pl.col("distance").shift(-1)).fill_null(HOUR_MS)
        far = (pl.col("distance") > LONGEST_FUNDING_MS) | (pl.col("distance") > beside)
    return [
        (int(row[TIME]) - int(row["distance"]) + 1, int(row[TIME]))
        for row in _distances(rows).filter(far).iter_rows(named=True)
    ]


def _distances(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(TIME, pl.col(TIME).diff().alias("distance")).slice(1)


def _on_grid(file: SeriesFile, at_ms: int) -> int:
    """Return the first moment from this one on at which a row can stand."""
    if file.kind is Kind.FUNDING:
        return at_ms
    return at_ms + (file.grid_ms - at_ms) % file.step_ms

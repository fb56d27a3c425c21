"""Looks through a folder of market data for what is missing, twice there, impossible or odd."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl

from adapters.history.candle_checks import check_candles, clean
from adapters.history.missing import gaps
from adapters.history.series_file import COLUMNS, LATEST_MS, PART, TIME, Kind, SeriesFile, files_in
from adapters.history.table import read_candles, read_values
from runtime.market_data import MarketDataError, Problem

# Real crashes stay below, but for a handful in ten years; mixed-up coins, venues and units don't.
ODD_OPEN, ODD_WICK = 0.05, 1.5
ODD_RATE = 0.03
_ROW = "row"


def audit(directory: Path) -> Iterator[Problem]:
    """Yield every finding, file by file; `file` is the place below the folder, and row 0 speaks of the whole file.

    Raises MarketDataError where there is no folder.
    """
    series, strays = files_in(directory)
    for path in strays:
        if sentence := _stray(path):
            yield Problem(0, None, sentence, file=str(path.relative_to(directory)))
    for file in series:
        try:
            found = _candle_problems(file) if file.kind is Kind.CANDLES else _value_problems(file)
        except MarketDataError as error:
            found = [Problem(0, None, str(error))]
        yield from (replace(one, file=file.place) for one in found)


def _stray(path: Path) -> str:
    if path.name.endswith(PART):
        return "left over from a download that was cut off; delete it"
    if path.suffix == ".parquet":
        return "lies where no series is looked for, as candles/<market>/<length>/<SYMBOL>.parquet; move it"
    return ""


def _candle_problems(file: SeriesFile) -> list[Problem]:
    raw = read_candles(file.path)
    found = [*check_candles(raw, file.timeframe), *_odd_candles(raw, file)]
    return sorted(found, key=lambda one: one.row)


def _odd_candles(raw: pl.DataFrame, file: SeriesFile) -> list[Problem]:
    rows = raw.with_row_index(_ROW, 1).select(_ROW, "open_ms").unique("open_ms", keep="first")
    candles = clean(raw, file.timeframe).candles.join(rows, on="open_ms", how="left", maintain_order="left")
    before = pl.when(pl.col("open_ms").diff() == file.step_ms).then(pl.col("close").shift(1))
    apart = (pl.col("open") / before - 1) * 100
    upward = pl.col("high") / pl.max_horizontal("open", "close")
    downward = pl.min_horizontal("open", "close") / pl.col("low")
    reasons = [
        (
            apart.abs() > ODD_OPEN * 100,
            pl.format("opens at {}, {} % away from the close before it, {}", "open", apart.round(1), before),
        ),
        (upward > ODD_WICK, pl.format("its high {} is {} times its open and close", "high", upward.round(1))),
        (downward > ODD_WICK, pl.format("its low {} is {} times under its open and close", "low", downward.round(1))),
    ]
    return _found(candles, "open_ms", reasons)


def _value_problems(file: SeriesFile) -> list[Problem]:
    raw = read_values(file.path, COLUMNS[file.kind]).rename({"open_ms": TIME}).with_row_index(_ROW, 1)
    at, value = pl.col(TIME), pl.col("value")
    reasons = [
        (~at.is_between(1, LATEST_MS).fill_null(value=False), pl.lit("the time is missing or unreadable")),
        (~value.is_finite().fill_null(value=False), pl.lit("the value is missing or not a number")),
        (at.is_duplicated() & ~at.is_first_distinct(), pl.lit("stands twice; the first one is used")),
        (at < at.cum_max(), pl.lit("stands after a later one")),
        (~_is_likely(file.kind), pl.format("{} is {}, which is hardly true", pl.lit(COLUMNS[file.kind][0]), value)),
    ]
    return sorted([*_found(raw, TIME, reasons), *_gaps(file, raw)], key=lambda one: one.row)


def _is_likely(kind: Kind) -> pl.Expr:
    value = pl.col("value")
    match kind:
        case Kind.FUNDING:
            return value.abs() <= ODD_RATE
        case Kind.FEAR_GREED:
            return value.is_between(0, 100)
        case _:
            return value >= 0


def _gaps(file: SeriesFile, raw: pl.DataFrame) -> list[Problem]:
    rows = raw.filter(pl.col(TIME).is_between(1, LATEST_MS)).unique(TIME, keep="first").sort(TIME)
    found = []
    for after_ms, count in gaps(file, rows):
        number = int(rows.filter(pl.col(TIME) >= after_ms)[_ROW][0])
        noun = "row" if count == 1 else "rows"
        found.append(Problem(number, after_ms, f"{count} {noun} missing before this one", left_out=False))
    return found


def _found(rows: pl.DataFrame, time: str, reasons: list[tuple[pl.Expr, pl.Expr]]) -> list[Problem]:
    """The first reason that holds of each row."""
    told = pl.coalesce(*(pl.when(test).then(reason) for test, reason in reasons))
    marked = rows.select(_ROW, pl.col(time).alias(TIME), told.alias("reason")).filter(pl.col("reason").is_not_null())
    return [Problem(row, at_ms, reason, left_out=False) for row, at_ms, reason in marked.iter_rows()]

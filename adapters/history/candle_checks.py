"""Finds candles that can't be true, so that nothing trades on them."""

from dataclasses import dataclass

import polars as pl

from runtime.market_data import CANDLE_SCHEMA, Problem
from runtime.timeframe import grid_start_ms, timeframe_ms

_PRICES = ("open", "high", "low", "close")
_EARLIEST_MS = 1_230_768_000_000  # 2009: before it there was nothing to trade
_LATEST_MS = 4_102_444_800_000  # 2100


@dataclass(frozen=True, slots=True)
class Gap:
    """Candles missing between two that are there; `after_ms` is where the first of them should have opened."""

    after_ms: int
    candles: int


@dataclass(frozen=True)
class Checked:
    """What is usable of a table of candles, and what was found to be wrong with the rest."""

    candles: pl.DataFrame
    problems: tuple[Problem, ...]


def check_candles(candles: pl.DataFrame, timeframe: str) -> list[Problem]:
    """Return every problem of a table with open_ms, open, high, low, close, volume, gaps included, by row."""
    checked = clean(candles, timeframe)
    gaps = [_gap_problem(candles, gap, timeframe) for gap in gaps_of(checked.candles, timeframe)]
    return sorted([*checked.problems, *gaps], key=lambda problem: problem.row)


def clean(candles: pl.DataFrame, timeframe: str) -> Checked:
    """Leave out the rows that can't be true; the result is sorted, unique and has the columns of `CANDLE_SCHEMA`."""
    numbered = candles.with_row_index("row", 1).with_columns(_reason(timeframe).alias("reason"))
    numbered = _without_doubles(numbered)
    good = numbered.filter(pl.col("reason").is_null())
    problems = [_problem(row) for row in numbered.filter(pl.col("reason").is_not_null()).iter_rows(named=True)]
    problems += _out_of_order(good)
    result = good.sort("open_ms").with_columns(close_ms=pl.col("open_ms") + timeframe_ms(timeframe))
    return Checked(
        result.select(CANDLE_SCHEMA.names()).cast(CANDLE_SCHEMA), tuple(sorted(problems, key=lambda p: p.row))
    )


def gaps_of(candles: pl.DataFrame, timeframe: str) -> list[Gap]:
    """Return where sorted candles are missing between the first and the last."""
    step = timeframe_ms(timeframe)
    steps = candles.select(pl.col("open_ms").shift(1).alias("before"), pl.col("open_ms").diff().alias("distance"))
    return [
        Gap(row["before"] + step, row["distance"] // step - 1)
        for row in steps.filter(pl.col("distance") > step).iter_rows(named=True)
    ]


def _reason(timeframe: str) -> pl.Expr:
    """The first thing that is wrong with a row by itself, or null."""
    opens, high, low, close, volume = (pl.col(name) for name in (*_PRICES, "volume"))
    step, start, at = timeframe_ms(timeframe), grid_start_ms(timeframe), pl.col("open_ms")
    tests: list[tuple[pl.Expr, pl.Expr]] = [
        (at.is_null(), pl.lit("the time is missing or unreadable")),
        ((at < _EARLIEST_MS) | (at > _LATEST_MS), pl.lit("the time is outside of 2009 to 2100")),
        (
            (at - start) % step != 0,
            pl.format("does not open on the " + timeframe + " grid in UTC, {} s off", (at - start) % step // 1000),
        ),
        *((~_number(name), pl.lit(f"{name} is missing or not a number")) for name in (*_PRICES, "volume")),
        *((pl.col(name) <= 0, pl.format(name + " is {}, not above zero", pl.col(name))) for name in _PRICES),
        (volume < 0, pl.format("volume is {}, below zero", volume)),
        (high < low, pl.format("high {} is below low {}", high, low)),
        ((opens > high) | (opens < low), pl.format("open {} is outside of low {} to high {}", opens, low, high)),
        ((close > high) | (close < low), pl.format("close {} is outside of low {} to high {}", close, low, high)),
    ]
    return pl.coalesce(*(pl.when(test).then(reason) for test, reason in tests))


def _number(name: str) -> pl.Expr:
    return pl.col(name).is_finite().fill_null(value=False)


def _without_doubles(numbered: pl.DataFrame) -> pl.DataFrame:
    """Of equal candles the first stays; where two differ nobody knows which is true, and none stays."""
    usable = pl.col("reason").is_null()
    if numbered.filter(usable)["open_ms"].is_unique().all():
        return numbered
    same = pl.struct(*_PRICES, "volume")
    doubled = numbered.filter(usable).group_by("open_ms").agg(
        pl.col("row").min().alias("first"), pl.len().alias("times"), same.n_unique().alias("kinds")
    )  # fmt: skip
    told = (
        pl.when(usable & (pl.col("kinds") > 1))
        .then(pl.format("stands {} times with different values; none of them is used", pl.col("times")))
        .when(usable & (pl.col("row") > pl.col("first")))
        .then(pl.format("repeats row {}", pl.col("first")))
        .otherwise(pl.col("reason"))
    )
    joined = numbered.join(doubled, on="open_ms", how="left", maintain_order="left")
    return joined.with_columns(told.alias("reason")).drop("first", "times", "kinds")


def _out_of_order(good: pl.DataFrame) -> list[Problem]:
    times = good["open_ms"]
    if times.is_sorted():
        return []
    if times.is_sorted(descending=True):
        return [Problem(1, int(times[0]), "the newest row comes first; the rows were sorted", left_out=False)]
    late = good.filter(pl.col("open_ms") < pl.col("open_ms").cum_max())
    return [
        Problem(row["row"], row["open_ms"], "stands after a later candle; it was sorted into its place", left_out=False)
        for row in late.iter_rows(named=True)
    ]


def _problem(row: dict[str, object]) -> Problem:
    at = row["open_ms"]
    return Problem(int(str(row["row"])), at if isinstance(at, int) else None, str(row["reason"]))


def _gap_problem(candles: pl.DataFrame, gap: Gap, timeframe: str) -> Problem:
    next_ms = gap.after_ms + gap.candles * timeframe_ms(timeframe)
    row = candles.with_row_index("row", 1).filter(pl.col("open_ms") == next_ms)["row"][0]
    noun = "candle" if gap.candles == 1 else "candles"
    return Problem(int(row), gap.after_ms, f"{gap.candles} {noun} missing before this one", left_out=False)

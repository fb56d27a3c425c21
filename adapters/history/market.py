"""Reads what a run needs of the market from a folder or a file, and tells in plain words where it came from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from adapters.history.candle_checks import clean, gaps_of
from adapters.history.folder import CandleFolder, Series, check_timeframe
from adapters.history.table import read_candles
from adapters.history.venues import MARKET_NAMES, Span, day, minute, spans, supplied_by
from runtime.instrument import Market
from runtime.market_data import CANDLE_SCHEMA, FUNDING_SCHEMA, Key, MarketData, MarketDataError, Problem
from runtime.timeframe import timeframe_ms

_DAY_MS = 86_400_000
SYNTHETIC_NOTE = "The market is synthetic: made by a seeded generator, not recorded from any exchange."


@dataclass(frozen=True, slots=True)
class _Loaded:
    """One series cut to the run, with what is to be said about it."""

    rows: pl.DataFrame
    remarks: tuple[str, ...]
    problems: tuple[Problem, ...]


def load_market(
    directory: Path,
    wanted: Sequence[Key],
    from_ms: int,
    to_ms: int,
    warmup_bars: Mapping[Key, int] | int,
    *,
    stand_ins: bool = True,
) -> MarketData:
    """Read the candles that close within the span, those before it that warm up indicators, and the funding rates.


    Spot candles come from Binance, then Bybit; perpetual ones from Bybit, then Binance, then spot stands in for the
    time before perpetuals existed; `stand_ins=False` uses the first venue only. Raises MarketDataError that names
    everything missing.
    """
    if from_ms >= to_ms:
        raise MarketDataError(f"Expected a span that ends after it starts, found {minute(from_ms)} to {minute(to_ms)}.")
    folder = CandleFolder(Path(directory))
    series = _all_series(folder, wanted, stand_ins=stand_ins)
    loaded = {key: _cut(key, one, from_ms, to_ms, _bars(warmup_bars, key)) for key, one in series.items()}
    if all(one.rows.filter(pl.col("close_ms") > from_ms).height == 0 for one in loaded.values()):
        raise MarketDataError(_nothing_inside(folder, series, from_ms, to_ms))
    funding = _all_funding(folder, _first_moments(loaded, to_ms), to_ms, stand_ins=stand_ins)
    facts = {name: one.rows.filter(pl.col("at_ms") <= to_ms) for name, one in folder.facts().items()}
    return MarketData(
        candles={key: one.rows for key, one in loaded.items()},
        funding={symbol: one.rows for symbol, one in funding.items()},
        facts=facts,
        notes=_notes(loaded, funding, synthetic=folder.synthetic),
        problems=tuple(
            dict.fromkeys(problem for one in (*loaded.values(), *funding.values()) for problem in one.problems)
        ),
    )


def with_funding(
    directory: Path, data: MarketData, symbols: Sequence[str], span: tuple[int, int], *, stand_ins: bool = True
) -> MarketData:
    """Add the funding rates of perpetuals whose candles nobody wants, from the start of the span to its end."""
    firsts = {symbol: span[0] for symbol in symbols if symbol not in data.funding}
    added = _all_funding(CandleFolder(Path(directory)), firsts, span[1], stand_ins=stand_ins)
    return replace(
        data,
        funding={**data.funding, **{symbol: one.rows for symbol, one in added.items()}},
        notes=(*data.notes, *_notes({}, added, synthetic=False)),
        problems=tuple(dict.fromkeys((*data.problems, *(p for one in added.values() for p in one.problems)))),
    )


def load_file(path: Path, market: Market, symbol: str, timeframe: str) -> MarketData:
    """Read one CSV or Parquet file of candles, its columns found by name.

    Raises MarketDataError where nothing in it is usable.
    """
    path = Path(path)
    check_timeframe(timeframe)
    checked = clean(read_candles(path), timeframe)
    if checked.candles.height == 0:
        first = checked.problems[0]
        raise MarketDataError(
            f"Expected candles of {timeframe}, found none usable in {path}: row {first.row} {first.reason}. "
            "Check the timeframe and the columns."
        )
    problems = tuple(replace(problem, file=str(path)) for problem in checked.problems)
    key = (market, symbol, timeframe)
    source = f"{path.name} from {day(checked.candles['open_ms'][0])}"
    remarks = (source, *_gap_remarks(checked.candles, timeframe), *_problem_remarks(problems))
    return MarketData({key: checked.candles}, notes=(_note(_name(key), remarks),), problems=problems)


def finest(
    directory: Path, market: Market, symbol: str, from_ms: int, to_ms: int, *, stand_ins: bool = True
) -> str | None:
    """Return the shortest timeframe that holds (nearly) all that the folder holds of the span, or None."""
    return CandleFolder(Path(directory)).finest(market, symbol, from_ms, to_ms, stand_ins=stand_ins)


def _all_series(folder: CandleFolder, wanted: Sequence[Key], *, stand_ins: bool) -> dict[Key, Series]:
    found: dict[Key, Series] = {}
    missing: list[str] = []
    for key in dict.fromkeys(wanted):
        series = folder.candles(*key, stand_ins=stand_ins)
        if series is None or series.rows.height == 0:
            missing.append(_missing(folder, key, stand_ins=stand_ins))
        else:
            found[key] = series
    if missing or not found:
        raise MarketDataError(" ".join(missing) or "Expected a series of candles to read, found none asked for.")
    return found


def _missing(folder: CandleFolder, key: Key, *, stand_ins: bool) -> str:
    market, symbol, timeframe = key
    there = folder.timeframes(market, symbol, stand_ins=stand_ins)
    what = f"Expected {timeframe} candles of {symbol} ({MARKET_NAMES[market]}) in {folder.directory}, found "
    if there:
        return what + f"only {', '.join(there)}. Use one of those, or download {timeframe}."
    known = ", ".join(folder.symbols(market)) or "none"
    return what + f"none. Symbols that are there: {known}."


def _bars(warmup_bars: Mapping[Key, int] | int, key: Key) -> int:
    return warmup_bars if isinstance(warmup_bars, int) else warmup_bars.get(key, 0)


def _cut(key: Key, series: Series, from_ms: int, to_ms: int, warmup_bars: int) -> _Loaded:
    until = series.rows.filter(pl.col("close_ms") <= to_ms)
    warmup = until.filter(pl.col("close_ms") <= from_ms).tail(warmup_bars)
    rows = pl.concat([warmup, until.filter(pl.col("close_ms") > from_ms)])
    supplied = spans(rows, series.venues, "open_ms")
    remarks = (
        *_source_remarks(series, supplied),
        *_span_remarks(rows, warmup, warmup_bars, from_ms, to_ms),
        *_gap_remarks(rows, key[2]),
        *_problem_remarks(series.problems),
    )
    return _Loaded(rows.select(CANDLE_SCHEMA.names()), remarks, series.problems)


def _source_remarks(series: Series, supplied: Sequence[Span]) -> tuple[str, ...]:
    if not supplied:
        return ()
    remarks = [supplied_by(supplied, series.venues)]
    if any(span.venue.stands_in for span in supplied):
        remarks.append("funding only where a rate was recorded")
    used = {series.venues.index(span.venue) for span in supplied}
    built = {series.built_from[index] for index in used} - {""}
    remarks += [f"partly built from {shorter} candles, whole ones only" for shorter in sorted(built)]
    return tuple(remarks)


def _span_remarks(
    rows: pl.DataFrame, warmup: pl.DataFrame, warmup_bars: int, from_ms: int, to_ms: int
) -> tuple[str, ...]:
    inside = rows.filter(pl.col("close_ms") > from_ms)
    if inside.height == 0:
        return (f"no candles between {day(from_ms)} and {day(to_ms)}; it is not traded",)
    remarks = []
    if inside["open_ms"][0] >= from_ms + _DAY_MS:
        remarks.append(f"begins on {day(inside['open_ms'][0])}, after the start of the run")
    elif warmup.height < warmup_bars:
        remarks.append(f"only {warmup.height} of {warmup_bars} candles to warm up before the start")
    if inside["close_ms"][-1] <= to_ms - _DAY_MS:
        remarks.append(f"ends at {minute(inside['close_ms'][-1])}, before the end of the run")
    return tuple(remarks)


def _gap_remarks(rows: pl.DataFrame, timeframe: str) -> tuple[str, ...]:
    gaps = gaps_of(rows, timeframe)
    if not gaps:
        return ()
    longest = max(gaps, key=lambda gap: gap.candles)
    missing = sum(gap.candles for gap in gaps)
    hours = longest.candles * timeframe_ms(timeframe) / 3_600_000
    what = f"{_count(missing, 'candle')} missing in {_count(len(gaps), 'gap')}"
    return (f"{what}, the longest {hours:g} h from {minute(longest.after_ms)}",)


def _problem_remarks(problems: Sequence[Problem]) -> tuple[str, ...]:
    left_out = [problem for problem in problems if problem.left_out]
    if not left_out:
        return ()
    first = left_out[0]
    where = f" of {Path(first.file).name}" if first.file else ""
    return (f"{_count(len(left_out), 'row')} left out, first row {first.row}{where}: {first.reason}",)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _first_moments(loaded: Mapping[Key, _Loaded], to_ms: int) -> dict[str, int]:
    """From when on funding is wanted: since the first candle of a perpetual, so that rules over past rates are warm."""
    firsts: dict[str, int] = {}
    for (market, symbol, _), one in loaded.items():
        if market is Market.LINEAR and one.rows.height:
            firsts[symbol] = min(firsts.get(symbol, to_ms), one.rows["open_ms"][0])
    return firsts


def _all_funding(folder: CandleFolder, firsts: Mapping[str, int], to_ms: int, *, stand_ins: bool) -> dict[str, _Loaded]:
    return {
        symbol: _funding(folder.funding(symbol, stand_ins=stand_ins), first, to_ms) for symbol, first in firsts.items()
    }


def _funding(series: Series | None, first_ms: int, to_ms: int) -> _Loaded:
    if series is None:
        return _Loaded(pl.DataFrame(schema=FUNDING_SCHEMA), ("none recorded, none is charged",), ())
    rows = series.rows.filter(pl.col("at_ms").is_between(first_ms, to_ms))
    if rows.height == 0:
        return _Loaded(
            rows.select(FUNDING_SCHEMA.names()), ("none recorded in this span, none is charged",), series.problems
        )
    supplied = supplied_by(spans(rows, series.venues, "at_ms"), series.venues)
    late = rows["at_ms"][0] > first_ms + _DAY_MS
    remarks = (supplied, "none is charged before that") if late else (supplied,)
    return _Loaded(rows.select(FUNDING_SCHEMA.names()), (*remarks, *_problem_remarks(series.problems)), series.problems)


def _name(key: Key) -> str:
    return f"{key[1]} {MARKET_NAMES[key[0]]} {key[2]}"


def _notes(loaded: Mapping[Key, _Loaded], funding: Mapping[str, _Loaded], *, synthetic: bool) -> tuple[str, ...]:
    candles = [_note(_name(key), one.remarks) for key, one in loaded.items()]
    rates = [_note(f"{symbol} funding", one.remarks) for symbol, one in funding.items()]
    return ((SYNTHETIC_NOTE,) if synthetic else ()) + (*candles, *rates)


def _note(name: str, remarks: Sequence[str]) -> str:
    return f"{name}: {'; '.join(remarks)}."


def _nothing_inside(folder: CandleFolder, series: Mapping[Key, Series], from_ms: int, to_ms: int) -> str:
    first = min(one.rows["open_ms"][0] for one in series.values())
    last = max(one.rows["close_ms"][-1] for one in series.values())
    return (
        f"Expected candles between {day(from_ms)} and {day(to_ms)}, found them only from {day(first)} to {day(last)} "
        f"in {folder.directory}. Choose a span inside of that."
    )

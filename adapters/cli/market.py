"""The market data of a plan: from a folder or from one file, with what must be said about it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import product

import polars as pl

from adapters.cli.failure import ExitCode, Failure
from adapters.cli.plan import CandleFile, Inside, Plan
from adapters.cli.wanted import asked_of_funding, daily, looked_at, needed
from adapters.history.aggregate import aggregate, divides
from adapters.history.folder import CandleFolder
from adapters.history.market import load_file, load_market, with_funding
from adapters.history.venues import day
from rules.language.book import Book
from rules.language.rulebook import Rulebook
from runtime.instrument import Market
from runtime.market_data import Key, MarketData

Span = tuple[int, int]


def market_of(plan: Plan, rulebook: Rulebook, books: Sequence[Book]) -> tuple[MarketData, Span]:
    """Return the data and the span of a plan; everything before the start comes along to warm up indicators."""
    if isinstance(plan.source, CandleFile):
        data = _from_file(plan.source, needed(rulebook, books), books)
        if plan.inside is not Inside.FINER:
            data = _without_finer(data, plan.source, needed(rulebook, books))
        return data, span_of(plan, data.candles.values())
    folder, keys = CandleFolder(plan.source), needed(rulebook, books)
    held = _held(folder, keys, plan)
    from_ms, to_ms = span_of(plan, held.values())
    held |= _held(folder, [key for key in looked_at(rulebook, books) if key not in held], plan)
    warmup = {key: rows.filter(pl.col("close_ms") <= from_ms).height for key, rows in held.items()}
    finer = plan.inside is Inside.FINER
    traded = _traded(folder, books, (from_ms, to_ms), stand_ins=plan.stand_ins) if finer else []
    wanted = tuple(dict.fromkeys((*keys, *held, *daily(books), *traded)))
    rates = asked_of_funding(rulebook, books)
    data = load_market(plan.source, wanted, from_ms, to_ms, warmup, stand_ins=plan.stand_ins)
    return with_funding(plan.source, data, rates, (from_ms, to_ms), stand_ins=plan.stand_ins), (from_ms, to_ms)


def _held(folder: CandleFolder, keys: Iterable[Key], plan: Plan) -> dict[Key, pl.DataFrame]:
    found = {key: folder.candles(*key, stand_ins=plan.stand_ins) for key in keys}
    return {key: series.rows for key, series in found.items() if series is not None}


def span_of(plan: Plan, held: Iterable[pl.DataFrame]) -> Span:
    """Return the start and the end asked for, or those of the data; fails when the end is not after the start."""
    frames = [frame for frame in held if frame.height]
    from_ms = min((int(f["open_ms"][0]) for f in frames), default=0) if plan.from_ms is None else plan.from_ms
    to_ms = max((int(f["close_ms"][-1]) for f in frames), default=1) if plan.to_ms is None else plan.to_ms
    if from_ms >= to_ms:
        raise Failure(
            f"Expected a run that ends after it starts, found {day(from_ms)} to {day(to_ms)}. "
            "Swap or widen --from and --to.",
            ExitCode.USAGE,
        )
    return from_ms, to_ms


def digest(data: MarketData) -> str:
    """Return a hash over every value that a run may look at."""
    total = sha256()
    frames = [*data.candles.items(), *data.funding.items(), *data.facts.items()]
    for name, frame in sorted(frames, key=lambda one: str(one[0])):
        total.update(f"{name} {frame.columns} {frame.height}\n".encode())
        for column in frame.columns:
            total.update(frame[column].to_numpy().tobytes())
    return total.hexdigest()


def _traded(folder: CandleFolder, books: Sequence[Book], span: Span, *, stand_ins: bool) -> list[Key]:
    """The series on which the exchange trades: for each symbol the finest that holds the span."""
    found = []
    for book in books:
        for market, symbol in product(map(Market, book.markets), book.symbols):
            finest = folder.finest(market, symbol, *span, stand_ins=stand_ins)
            found.append((market, symbol, finest or book.timeframe))
    return found


def _from_file(file: CandleFile, keys: Sequence[Key], books: Sequence[Book]) -> MarketData:
    """Read one series, and build from it the longer ones that are wanted of the same symbol."""
    data = load_file(file.path, file.market, file.symbol, file.timeframe)
    own = (file.market, file.symbol, file.timeframe)
    if not any(file.market in book.markets and file.symbol in book.symbols for book in books):
        traded = ", ".join(
            dict.fromkeys(f"{symbol} ({' and '.join(book.markets)})" for book in books for symbol in book.symbols)
        )
        raise Failure(
            f"Expected candles of something that the books trade, found {file.symbol} ({file.market}) in {file.path}. "
            f"They trade {traded}. Choose the book with --book, or the symbol and market of the file.",
            ExitCode.USAGE,
        )
    candles = dict(data.candles)
    for key in (*keys, *daily(books)):
        if key[:2] == own[:2] and divides(file.timeframe, key[2]):
            candles[key] = aggregate(data.candles[own], file.timeframe, key[2])
    _decidable(file, keys, candles)
    return replace(data, candles=candles)


def _without_finer(data: MarketData, file: CandleFile, keys: Sequence[Key]) -> MarketData:
    """Leave out the file's own candles where no book decides on them."""
    own = (file.market, file.symbol, file.timeframe)
    return replace(data, candles={key: rows for key, rows in data.candles.items() if key != own or key in keys})


def _decidable(file: CandleFile, keys: Sequence[Key], candles: Iterable[Key]) -> None:
    lacking = [key for key in keys if key[:2] == (file.market, file.symbol) and key not in candles]
    if lacking:
        raise Failure(
            f"Expected candles from which {lacking[0][2]} candles can be built, found {file.timeframe} in {file.path}. "
            f"Give a file of {lacking[0][2]} or shorter candles."
        )

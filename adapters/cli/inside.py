"""What is assumed to have happened inside a candle, and what a report says of it."""

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from adapters.cli.plan import Inside
from adapters.history.venues import MARKET_NAMES
from adapters.report.words import percent
from rules.language.book import Book
from runtime.feed import finest_of
from runtime.instrument import Market
from runtime.market_data import Key, MarketData
from runtime.timeframe import timeframe_ms

ORDERS = {
    Inside.FINER: "Within each of those the worst comes first: liquidation, stops, then resting orders.",
    Inside.WORST: "Within a candle the worst comes first: liquidation, stops, then resting orders.",
    Inside.BEST: "Within a candle the best comes first, which no market promises: resting orders, and no stop "
    "where one of them was filled. Compare it with the worst.",
}


def inside_note(data: MarketData, books: Sequence[Book], span: tuple[int, int], inside: Inside) -> str:
    """Say by which candles the exchange traded inside those that books decide on, and for which share of them."""
    told: dict[str, list[str]] = {}
    for name, symbol in _traded(data, books, span):
        told.setdefault(name, []).append(symbol)
    lines = "; ".join(f"{name} ({', '.join(dict.fromkeys(symbols))})" for name, symbols in told.items())
    return f"Inside candles: {lines}. {ORDERS[inside]}"


def _traded(data: MarketData, books: Sequence[Book], span: tuple[int, int]) -> Iterator[tuple[str, str]]:
    finest = {key[:2]: key for key in finest_of(list(data.candles))}
    for book in books:
        for own, symbol in product(book.markets, book.symbols):
            decided, traded = (Market(own), symbol, book.timeframe), finest.get((Market(own), symbol))
            if traded is None or decided not in data.candles:
                continue
            if traded == decided:
                yield f"{MARKET_NAMES[decided[0]]} {book.timeframe} as they are", symbol
            else:
                share = _share(data, decided, traded, span)
                yield f"{MARKET_NAMES[decided[0]]} {book.timeframe} by {traded[2]} for {percent(share)} of them", symbol


def _share(data: MarketData, decided: Key, traded: Key, span: tuple[int, int]) -> float:
    """Give the part of the candles of a span that have all of the finer ones in them."""
    rows, opens = data.candles[decided], data.candles[traded]["open_ms"].to_numpy()
    from_ms, to_ms = rows["open_ms"].to_numpy(), rows["close_ms"].to_numpy()
    within = (from_ms >= span[0]) & (to_ms <= span[1])
    held = np.searchsorted(opens, to_ms[within]) - np.searchsorted(opens, from_ms[within])
    whole = timeframe_ms(decided[2]) // timeframe_ms(traded[2])
    return float(np.mean(held == whole)) if len(held) else 0.0

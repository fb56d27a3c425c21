"""Which books run where none is named."""

from pathlib import Path

from adapters.cli.plan import DEFAULT_BOOKS, Plan
from adapters.history.aggregate import divides
from adapters.history.folder import CandleFolder
from rules.language.book import Book
from rules.language.rulebook import Rulebook
from runtime.instrument import Market

WHERE_DATA_ARE = ("funding",)
"""Books that want more data than candles of one market, so that not every folder has them."""


def books_of(plan: Plan, rulebook: Rulebook) -> tuple[str, ...]:
    """Return the books that a plan names; without any the usual ones, and those for which its folder has the data."""
    if plan.books or not isinstance(plan.source, Path):
        return plan.books or DEFAULT_BOOKS
    known = (rulebook.books[name] for name in WHERE_DATA_ARE if name in rulebook.books)
    return (*DEFAULT_BOOKS, *(book.name for book in known if has_data(plan.source, book)))


def has_data(source: Path, book: Book) -> bool:
    """Whether a folder has candles of every market of a book, none standing in for another, and funding rates."""
    folder = CandleFolder(source)
    candles = all(
        any(
            name == book.timeframe or divides(name, book.timeframe)
            for name in folder.timeframes(Market(market), symbol, stand_ins=False)
        )
        for market in book.markets
        for symbol in book.symbols
    )
    return candles and all(folder.funding(symbol) is not None for symbol in book.symbols)

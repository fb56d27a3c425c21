"""Which series of candles a run needs: what books decide on, what their rules look at, what the exchange trades on."""

from collections.abc import Iterable, Iterator, Sequence

from rules.language.book import Book, Mode
from rules.language.rulebook import Rulebook
from rules.language.typed import Series, Typed
from runtime.instrument import Market
from runtime.market_data import Key

DAILY = "1d"


def needed(rulebook: Rulebook, books: Sequence[Book]) -> tuple[Key, ...]:
    """Return the series without which the books can't decide, each once."""
    found: dict[Key, None] = {}
    for book in books:
        own = [(Market(book.market), symbol, book.timeframe) for symbol in book.symbols]
        found.update(dict.fromkeys(own))
        for expression in expressions(rulebook, book):
            found.update(dict.fromkeys(named(expression, book)))
    return tuple(found)


def daily(books: Iterable[Book]) -> tuple[Key, ...]:
    """Return the daily series of what is traded, by which the report compares with holding and tells regimes."""
    return tuple(dict.fromkeys((Market(book.market), symbol, DAILY) for book in books for symbol in book.symbols))


def expressions(rulebook: Rulebook, book: Book) -> Iterator[Typed]:
    """Yield every expression that is evaluated for a book: its rules and the checks of its orders."""
    for rule in book.rules:
        if rule.mode is not Mode.OFF:
            yield rule.when
            yield from rule.arguments.values()
    for check in rulebook.checks:
        if check.mode is Mode.LIVE:
            parts = (check.condition, check.unless, check.refuse_if, check.scale, check.cap)
            yield from (part for part in parts if part is not None)


def named(expression: Typed, book: Book) -> Iterator[Key]:
    """Yield the series that an expression names itself, for each symbol of the book where it names none."""
    if isinstance(expression, Series) and (expression.symbol or expression.timeframe):
        symbols = (expression.symbol,) if expression.symbol else book.symbols
        for symbol in symbols:
            yield Market(book.market), symbol, expression.timeframe or book.timeframe
    for child in expression.children:
        yield from named(child, book)

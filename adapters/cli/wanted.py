"""Which series of candles a run needs: what books decide on, what their rules look at, what the exchange trades on."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from rules.language.book import Book, Mode
from rules.language.rulebook import Rulebook
from rules.language.typed import Fact, Series, Typed
from rules.language.vocabulary import PERPETUAL
from runtime.allocation import market_of_shares
from runtime.instrument import Market
from runtime.market_data import Key

DAILY = "1d"
FUNDING = "funding."


def needed(rulebook: Rulebook, books: Sequence[Book]) -> tuple[Key, ...]:
    """Return the series without which the books can't decide, each once."""
    found: dict[Key, None] = {}
    for book in books:
        own = [(Market(market), symbol, book.timeframe) for market in book.markets for symbol in book.symbols]
        found.update(dict.fromkeys(own))
        for expression in expressions(rulebook, book):
            found.update(dict.fromkeys(named(expression, book)))
    return tuple(found)


def looked_at(rulebook: Rulebook, books: Sequence[Book]) -> tuple[Key, ...]:
    """Return the daily series by which the shares tell kinds of markets; without them the base shares hold."""
    if rulebook.sharing is None:
        return ()
    market = market_of_shares({book.name: book for book in books})
    around = replace(books[0], market=market.value, symbols=(), timeframe=DAILY)
    found = (key for one in rulebook.sharing.conditions for key in named(one.when, around))
    return tuple(dict.fromkeys(found))


def daily(books: Iterable[Book]) -> tuple[Key, ...]:
    """Return the daily series of what is traded, by which the report compares with holding and tells regimes."""
    return tuple(
        dict.fromkeys(
            (Market(market), symbol, DAILY) for book in books for market in book.markets for symbol in book.symbols
        )
    )


def asked_of_funding(rulebook: Rulebook, books: Sequence[Book]) -> tuple[str, ...]:
    """Return the symbols whose funding rates the rules of these books look at, whatever the books trade."""
    found: dict[str, None] = {}
    for book in books:
        for expression in expressions(rulebook, book):
            for fact in facts_in(expression):
                if fact.name.startswith(FUNDING):
                    found.update(dict.fromkeys((fact.symbol,) if fact.symbol else book.symbols))
    return tuple(found)


def facts_in(expression: Typed) -> Iterator[Fact]:
    """Yield every fact of the runtime in an expression."""
    if isinstance(expression, Fact):
        yield expression
    for child in expression.children:
        yield from facts_in(child)


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
        perpetual = expression.symbol == PERPETUAL
        symbols = (expression.symbol,) if expression.symbol and not perpetual else book.symbols
        for symbol in symbols:
            yield Market.LINEAR if perpetual else Market(book.market), symbol, expression.timeframe or book.timeframe
    for child in expression.children:
        yield from named(child, book)

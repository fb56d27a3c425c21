"""Everything that the books of an engine look at, with the place in the rule files where it stands."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, product

from rules.language.book import Book, Mode, Rule
from rules.language.evaluate import Value, compile_live
from rules.language.rulebook import Rulebook
from rules.language.source import Place
from rules.language.typed import Fact, Typed, is_leaf, selections
from runtime.allocation import market_of_shares
from runtime.engine import Engine
from runtime.history import Histories, Values
from runtime.instance import Instance, in_order
from runtime.instrument import Market

DAILY = "1d"


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that a book looks at, for one symbol; `what` says it in words, `place` is where it stands.

    `rank` puts what others are made of before what is made of it.
    """

    rank: int
    what: str
    book: str
    symbol: str
    place: Place
    expression: Typed


@dataclass(frozen=True, slots=True)
class Reading:
    """Something looked at by a running engine; `read` gives its value now. `timeframe` is that of the book."""

    seen: Seen
    timeframe: str
    read: Callable[[], Value]


@dataclass(frozen=True, slots=True)
class Column:
    """Something looked at that follows from candles alone, so that it has a value at each of them."""

    seen: Seen
    market: Market
    timeframe: str

    def values(self, histories: Histories) -> Values:
        """Give the values at every candle of the book's own series."""
        return histories.history(self.market, self.seen.symbol, self.timeframe).column(self.seen.expression)


def readings_of(engine: Engine) -> tuple[Reading, ...]:
    """List what the books look at: facts of the runtime, facts of the books, conditions and arguments of rules."""
    return tuple(reading for instance in engine.instances.values() for reading in _readings(instance))


def columns_of(rulebook: Rulebook, books: Iterable[Book]) -> tuple[Column, ...]:
    """List what follows from candles alone: indicators, facts, and whatever part of a condition does.

    What the pre-trade checks ask about the orders of the books is among it, and what tells kinds of markets for the
    shares.
    """
    chosen = tuple(books)
    return tuple(_unique((*chain.from_iterable(map(_columns, chosen)), *_of_governance(rulebook, chosen))))


def _readings(instance: Instance) -> Iterator[Reading]:
    book = instance.book
    for symbol in instance.symbols:
        for seen in _everything(book, symbol):
            yield Reading(seen, book.timeframe, compile_live(seen.expression, instance.binder, symbol))


def _everything(book: Book, symbol: str) -> Iterator[Seen]:
    known: dict[str, Fact] = {}
    for expression in _expressions(book):
        known |= {part.key: part for part in _parts(expression) if isinstance(part, Fact)}
    for fact in known.values():
        yield Seen(0, f"the fact {fact.text}", book.name, symbol, fact.place, fact)
    for name, expression in book.facts.items():
        yield Seen(2, f"the fact {name}", book.name, symbol, expression.place, expression)
    for rule in live_rules(book):
        yield Seen(3, f"the condition of {rule.id}", book.name, symbol, rule.place, rule.when)
        for name, argument in rule.arguments.items():
            yield Seen(4, f"{name} of {rule.id}", book.name, symbol, argument.place, argument)


def _columns(book: Book) -> Iterator[Column]:
    named = frozenset(expression.key for expression in book.facts.values())
    for symbol in book.symbols:
        for seen in _everything(book, symbol):
            yield from _columns_in(seen, Market(book.market), book.timeframe, named)


def _columns_in(seen: Seen, market: Market, timeframe: str, named: Collection[str] = ()) -> Iterator[Column]:
    """Give the largest parts that follow from candles, and the indicators in them that have no name of their own."""
    for part in _of_candles(seen.expression):
        yield Column(seen if part is seen.expression else _part(part, seen), market, timeframe)
    for leaf in _leaves(seen.expression):
        if leaf.key not in named:
            yield Column(_part(leaf, seen), market, timeframe)


def _of_governance(rulebook: Rulebook, books: Sequence[Book]) -> Iterator[Column]:
    for book, check in product(books, rulebook.checks):
        for expression in (check.condition, check.unless, check.refuse_if, check.scale, check.cap):
            if expression is not None and check.mode is Mode.LIVE:
                for symbol in book.symbols:
                    seen = Seen(3, f"the check {check.name}", book.name, symbol, check.place, expression)
                    yield from _columns_in(seen, Market(book.market), book.timeframe)
    sharing = rulebook.sharing
    market = market_of_shares({book.name: book for book in books})
    for condition in () if sharing is None else sharing.conditions:
        # Nobody has a symbol here, so that the candles of the first one that is named count.
        symbols = sorted(symbol for symbol, _ in selections(condition.when) if symbol)
        for symbol in symbols[:1]:
            seen = Seen(3, f"the condition {condition.name}", "shares", symbol, condition.place, condition.when)
            yield from _columns_in(seen, market, DAILY)


def _part(part: Typed, of: Seen) -> Seen:
    """A part of something has the place where it is written, which for a named fact is where that fact stands."""
    return Seen(1, f"`{part.text}`", of.book, of.symbol, part.place, part)


def _unique(columns: Iterable[Column]) -> Iterator[Column]:
    """What is written in several places is one thing; the first place counts, and a name of its own is kept."""
    known: set[tuple[str, str, str, str]] = set()
    for column in columns:
        seen = column.seen
        key = (seen.book, seen.symbol, seen.expression.key, "" if seen.rank == 1 else seen.what)
        if key not in known:
            known.add(key)
            yield column


def live_rules(book: Book) -> list[Rule]:
    """Give the rules that are looked at, in the order in which they are."""
    return [rule for rule in in_order(book.rules) if rule.mode is not Mode.OFF]


def _expressions(book: Book) -> Iterator[Typed]:
    yield from book.facts.values()
    for rule in live_rules(book):
        yield rule.when
        yield from rule.arguments.values()


def _parts(expression: Typed) -> Iterator[Typed]:
    yield expression
    for child in expression.children:
        yield from _parts(child)


def _of_candles(expression: Typed) -> Iterator[Typed]:
    """Give the largest parts that follow from candles alone."""
    if expression.constant:
        return
    if expression.kind.series:
        yield expression
        return
    for child in expression.children:
        yield from _of_candles(child)


def _leaves(expression: Typed) -> Iterator[Typed]:
    """Give each indicator, window and offset, and those inside them."""
    return (part for part in _parts(expression) if is_leaf(part) and part.children)

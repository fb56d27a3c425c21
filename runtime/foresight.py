"""What of a condition can be said beforehand: its parts, and why a rule has to be asked at every candle."""

from collections.abc import Callable, Collection, Container, Iterator, Sequence
from dataclasses import replace

from rules.language.book import Book, Mode
from rules.language.typed import (
    Age,
    Arithmetic,
    Choice,
    Comparison,
    Fact,
    Junction,
    Known,
    Negative,
    Not,
    OverSymbols,
    Pointwise,
    Typed,
    is_leaf,
)
from rules.language.units import NUMERIC
from runtime.fact_columns import COLUMNS, GIVEN
from runtime.foretold import is_foretold
from runtime.intervals import FUNCTIONS
from runtime.still_facts import is_clocked, is_still

DAILY = "1d"
SHOWN = 3
COMPOSED = (Arithmetic, Choice, Comparison, Junction, Known, Negative, Not, OverSymbols, Pointwise)


def conjuncts(node: Typed) -> Iterator[Typed]:
    """Take apart what has to hold all together."""
    if isinstance(node, Junction) and node.operator == "and":
        for operand in node.operands:
            yield from conjuncts(operand)
    else:
        yield node


def joined(parts: Sequence[Typed]) -> Typed:
    """Put conditions over candles together again."""
    one = parts[0]
    if len(parts) == 1:
        return one
    text = " and ".join(part.text for part in parts)
    return Junction(
        kind=replace(one.kind, series=True), place=one.place, text=text, operator="and", operands=tuple(parts)
    )


def reads_facts(node: Typed) -> bool:
    """Whether a fact of the runtime is anywhere in it."""
    return isinstance(node, Fact | Age) or any(reads_facts(child) for child in node.children)


def reads_any(node: Typed, names: Container[str]) -> bool:
    """Whether one of some facts is anywhere in it."""
    return (isinstance(node, Fact) and node.name in names) or any(reads_any(child, names) for child in node.children)


def has_column(node: Typed, symbol: str) -> bool:
    """Whether candles alone say what a condition comes to."""
    return node.kind.series and not node.constant and bool(symbol) and not reads_facts(node)


def unforeseen(book: Book) -> str:
    """Name the rules of a book of which nothing can be said beforehand; empty where there are none.

    They are asked at each candle that the book decides on, in the states in which they count. Books of
    daily candles are not named, since those are few.
    """
    symbol = book.symbols[0]
    asked = [rule for rule in book.rules if rule.mode is not Mode.OFF and book.timeframe != DAILY]
    rules = [rule for rule in asked if not any(_is_foreseeable(part, symbol) for part in conjuncts(rule.when))]
    if not rules:
        return ""
    named = ", ".join(f"{rule.id} ({rule.place})" for rule in rules[:SHOWN])
    more = f" and {len(rules) - SHOWN} more" if len(rules) > SHOWN else ""
    return (
        f"{book.name} at each of its {book.timeframe} candles in the states of {named}{more}, which no column foretells"
    )


def _is_foreseeable(node: Typed, symbol: str) -> bool:
    if has_column(node, symbol) or is_clocked(node):
        return True
    if isinstance(node, Junction):
        return all(_is_foreseeable(part, symbol) for part in node.operands)
    return bool(symbol) and _consists(node, _is_bounded)


def _is_bounded(node: Typed) -> bool:
    return is_still(node) or is_foretold(node) or _is_column(node, COLUMNS)


def is_given(node: Typed) -> bool:
    """Whether prices, candles and observations alone decide an expression, whatever is held."""
    return _consists(node, lambda leaf: is_foretold(leaf) or _is_column(leaf, GIVEN))


def _is_column(node: Typed, columns: Collection[str]) -> bool:
    if isinstance(node, Fact):
        return node.name in columns
    return is_leaf(node) and not reads_facts(node)


def _consists(node: Typed, is_known: Callable[[Typed], bool]) -> bool:
    """Whether an expression is put together of such parts in ways that can be foreseen."""
    if node.constant or is_known(node):
        return True
    if is_leaf(node) or not isinstance(node, COMPOSED):
        return False
    unforeseen_function = isinstance(node, Pointwise) and node.function not in FUNCTIONS
    words = isinstance(node, Comparison) and node.left.kind.unit not in NUMERIC
    return not unforeseen_function and not words and all(_consists(child, is_known) for child in node.children)

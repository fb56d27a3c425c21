"""What an expression says now: closures over the values that a running engine supplies.

Unknown is None. It passes through calculations and comparisons; `and`, `or` and `not` weigh it (false and unknown is
false). A calculation without a finite result is unknown.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Protocol

from rules.language import junctions, operations
from rules.language.calendar import READINGS
from rules.language.typed import (
    Age,
    Arithmetic,
    Calendar,
    Choice,
    Comparison,
    Constant,
    Fact,
    Junction,
    Known,
    Membership,
    Negative,
    Not,
    OverSymbols,
    Pointwise,
    SinceEntry,
    Typed,
    is_leaf,
)
from rules.language.units import NUMERIC

Value = Decimal | float | bool | str | int | None
Reader = Callable[[], Value]

HOUR_MS = 3_600_000


class Binder(Protocol):
    """Supplies the values that an expression reads; symbol "" is the one the rule is about.

    What is of exact kind comes as Decimal, int, bool or str, all else as float or bool; unknown, NaN included, is None.
    """

    def fact(self, name: str, symbol: str) -> Callable[[], Value]:
        """Give a reader of a fact's value."""
        ...

    def age(self, name: str, symbol: str) -> Callable[[], int | None]:
        """Give a reader of the milliseconds since a fact's moment."""
        ...

    def series(self, leaf: Typed, symbol: str) -> Callable[[], float | bool | None]:
        """Give a reader of a candle column, indicator, window or offset at the last finished bar."""
        ...

    def window_since_entry(self, window: SinceEntry, symbol: str) -> Callable[[], float | None]:
        """Give a reader of a function over the bars since the position was opened."""
        ...

    def now_ms(self) -> Callable[[], int]:
        """Give a reader of the time of the event, in milliseconds since 1970."""
        ...

    def symbols(self) -> tuple[str, ...]:
        """List the book's symbols."""
        ...


def compile_live(expression: Typed, binder: Binder, symbol: str = "") -> Callable[[], Value]:
    """Give a function of no arguments that says the expression's value now."""
    return _Compiler(binder, symbol).compile(expression)


def value_of(constant: Typed) -> Value:
    """Compute an expression of literals and params only."""
    return _Compiler(_Nothing(), "").compute(constant)()


class _Nothing:
    """Binds nothing, for what reads nothing."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"a constant expression asked for {name}")


class _Compiler:
    def __init__(self, binder: Binder, symbol: str) -> None:
        self.binder = binder
        self.symbol = symbol

    def compile(self, node: Typed) -> Reader:
        if node.constant:
            return operations.always(self.compute(node)())
        return self.compute(node)

    def compute(self, node: Typed) -> Reader:
        if is_leaf(node):
            return self.binder.series(node, self.symbol)
        return _FORMS[type(node)](self, node)

    def number(self, node: Typed, exact: bool) -> Reader:
        """Compile a side of a calculation, as float where the other side is one."""
        reader = self.compile(node)
        if exact or not node.kind.exact or node.kind.unit not in NUMERIC:
            return reader
        if node.constant:
            return operations.always(operations.as_float(reader()))
        return operations.floated(reader)

    def numbers(self, nodes: Sequence[Typed]) -> list[Reader]:
        exact = all(node.kind.exact for node in nodes)
        return [self.number(node, exact) for node in nodes]

    def constant(self, node: Constant) -> Reader:
        return operations.always(node.value)

    def fact(self, node: Fact) -> Reader:
        return self.binder.fact(node.name, node.symbol or self.symbol)

    def since_entry(self, node: SinceEntry) -> Reader:
        return self.binder.window_since_entry(node, self.symbol)

    def age(self, node: Age) -> Reader:
        read = self.binder.age(node.name, node.symbol or self.symbol)
        if not node.in_hours:
            return read

        def hours() -> Value:
            age_ms = read()
            return None if age_ms is None else Decimal(age_ms) / HOUR_MS

        return hours

    def calendar(self, node: Calendar) -> Reader:
        now_ms, reading = self.binder.now_ms(), READINGS[node.name]
        return now_ms if node.name == "now" else lambda: reading(now_ms())

    def negative(self, node: Negative) -> Reader:
        return operations.negative(self.compile(node.operand))

    def arithmetic(self, node: Arithmetic) -> Reader:
        left, right = self.numbers((node.left, node.right))
        exact = node.left.kind.exact and node.right.kind.exact
        if node.right.constant:
            return operations.with_constant(node.operator, left, right(), exact)
        return operations.arithmetic(node.operator, left, right, exact)

    def comparison(self, node: Comparison) -> Reader:
        left, right = self.numbers((node.left, node.right))
        if node.right.constant:
            return operations.compare_constant(node.operator, left, right())
        return operations.compare(node.operator, left, right)

    def membership(self, node: Membership) -> Reader:
        operand, *options = self.numbers(node.children)
        found = junctions.any_of([operations.compare("==", operand, option) for option in options])
        return junctions.negation(found) if node.negated else found

    def junction(self, node: Junction) -> Reader:
        conditions = [self.compile(each) for each in _flat(node, node.operator)]
        return junctions.all_of(conditions) if node.operator == "and" else junctions.any_of(conditions)

    def negation(self, node: Not) -> Reader:
        return junctions.negation(self.compile(node.operand))

    def known(self, node: Known) -> Reader:
        read = self.compile(node.operand)
        return lambda: read() is not None

    def choice(self, node: Choice) -> Reader:
        condition = self.compile(node.condition)
        exact = node.kind.exact
        then, otherwise = self.number(node.then, exact), self.number(node.otherwise, exact)

        def choose() -> Value:
            chosen = condition()
            return None if chosen is None else then() if chosen else otherwise()

        return choose

    def pointwise(self, node: Pointwise) -> Reader:
        readers = [self.number(each, node.kind.exact) for each in node.operands]
        return operations.pointwise(node.function, readers, node.kind.exact)

    def over_symbols(self, node: OverSymbols) -> Reader:
        readers = [_Compiler(self.binder, symbol).compile(node.operand) for symbol in self.binder.symbols()]
        if node.function in ("any_symbol", "every_symbol"):
            return (junctions.any_of if node.function == "any_symbol" else junctions.all_of)(readers)
        exact = node.operand.kind.exact
        if node.function == "total":
            return operations.total(readers, exact)
        return operations.pointwise("max" if node.function == "largest" else "min", readers, exact)


def _flat(node: Typed, operator: str) -> list[Typed]:
    """Lay nested `and` of `and` (or `or` of `or`) side by side."""
    if not isinstance(node, Junction) or node.operator != operator:
        return [node]
    return [part for each in node.operands for part in _flat(each, operator)]


_FORMS: dict[type[Typed], Callable[[_Compiler, Any], Reader]] = {
    Constant: _Compiler.constant,
    Fact: _Compiler.fact,
    SinceEntry: _Compiler.since_entry,
    Age: _Compiler.age,
    Calendar: _Compiler.calendar,
    Negative: _Compiler.negative,
    Arithmetic: _Compiler.arithmetic,
    Comparison: _Compiler.comparison,
    Membership: _Compiler.membership,
    Junction: _Compiler.junction,
    Not: _Compiler.negation,
    Known: _Compiler.known,
    Choice: _Compiler.choice,
    Pointwise: _Compiler.pointwise,
    OverSymbols: _Compiler.over_symbols,
}

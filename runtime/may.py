"""What a condition may come to, turn by turn: whatever can't be said may be anything."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from rules.language.evaluate import Value, compile_live, value_of
from rules.language.typed import (
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
from rules.language.units import NUMERIC, Unit
from runtime.fact_columns import COLUMNS, FactColumns, Outlook
from runtime.foresight import is_given
from runtime.foretold import is_foretold
from runtime.history import Values
from runtime.instance import Instance
from runtime.intervals import (
    ANY_TRUTH,
    ANYTHING,
    CALCULATE,
    FUNCTIONS,
    Calculation,
    Interval,
    Mask,
    Truth,
    all_of,
    any_of,
    choice,
    compare,
    floats,
    is_known,
    largest,
    negation,
    number_of,
    numbers,
    smallest,
    total,
    truth_of,
    truths,
)
from runtime.still_facts import is_still

Turns = NDArray[np.int64]
Given = TypeVar("Given", Truth, Interval)
AskTruth = Callable[[Turns], Truth]
AskNumber = Callable[[Turns], Interval]
Candles = Callable[[Typed, str, Turns], tuple[Values, Mask] | None]
"""Gives what a series comes to at some turns, and at which of them it is certain; None where at none."""

OVER_SYMBOLS = MappingProxyType({"largest": largest, "smallest": smallest, "total": total})


@dataclass(slots=True)
class May:
    """The conditions of one machine; `due` are the turns in which it decides, and none but those are asked about."""

    instance: Instance
    outlook: Outlook
    due: Turns
    candles: Candles
    _facts: FactColumns = field(init=False)
    _truths: dict[tuple[str, str], AskTruth] = field(default_factory=dict)
    _numbers: dict[tuple[str, str], AskNumber] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._facts = FactColumns(self.instance.view, self.outlook)

    def be_true(self, node: Typed, symbol: str, turns: Turns) -> Mask:
        """Whether a condition may be true at each of some turns."""
        with np.errstate(all="ignore"):
            return np.broadcast_to(self._truth(node, symbol)(turns).true, len(turns))

    # ── what is given is computed once ──────────────────────────────────────────────────────────────────────────────

    def _truth(self, node: Typed, symbol: str) -> AskTruth:
        key = (node.key, symbol)
        if key not in self._truths:
            ask = self._truth_of(node, symbol)
            self._truths[key] = self._once(ask) if is_given(node) else ask
        return self._truths[key]

    def _number(self, node: Typed, symbol: str) -> AskNumber:
        key = (node.key, symbol)
        if key not in self._numbers:
            ask = self._number_of(node, symbol)
            self._numbers[key] = self._once(ask) if is_given(node) else ask
        return self._numbers[key]

    def _once(self, ask: Callable[[Turns], Given]) -> Callable[[Turns], Given]:
        """Ask about all turns at once, and keep the answer for those who ask about some of them."""
        kept: list[Given] = []

        def among(turns: Turns) -> Given:
            if turns is self.due:
                return ask(turns)
            if not kept:
                kept.append(ask(self.due))
            return kept[0].at(self.due.searchsorted(turns))

        return among

    # ── conditions ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _truth_of(self, node: Typed, symbol: str) -> AskTruth:
        if node.constant or is_still(node):
            return self._fixed(node, symbol, truth_of)
        if isinstance(node, Junction):
            join = all_of if node.operator == "and" else any_of
            return _joined(join, [self._truth(part, symbol) for part in node.operands])
        if isinstance(node, OverSymbols) and node.function in ("any_symbol", "every_symbol"):
            join = all_of if node.function == "every_symbol" else any_of
            return _joined(join, [self._truth(node.operand, one) for one in self.instance.book.symbols])
        if isinstance(node, Not):
            asked = self._truth(node.operand, symbol)
            return lambda turns: negation(asked(turns))
        return self._plain_truth_of(node, symbol)

    def _plain_truth_of(self, node: Typed, symbol: str) -> AskTruth:
        if self._is_foretold(node, symbol):
            return self._foretold(node, symbol, truths)
        if isinstance(node, Known):
            is_number = node.operand.kind.unit in NUMERIC
            asked = self._number(node.operand, symbol) if is_number else self._truth(node.operand, symbol)
            return lambda turns: is_known(asked(turns))
        if isinstance(node, Comparison) and node.left.kind.unit in NUMERIC:
            left, right = self._number(node.left, symbol), self._number(node.right, symbol)
            return lambda turns: compare(node.operator, left(turns), right(turns))
        if is_leaf(node) and node.kind.unit is Unit.BOOL:
            return lambda turns: self._shown_truth(node, symbol, turns)
        return lambda _: ANY_TRUTH

    def _shown_truth(self, leaf: Typed, symbol: str, turns: Turns) -> Truth:
        shown = self.candles(leaf, symbol, turns)
        if shown is None:
            return ANY_TRUTH
        values, certain = shown
        truth = truths(list(values))
        return Truth(truth.true | ~certain, truth.false | ~certain, truth.unknown | ~certain)

    # ── numbers ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _number_of(self, node: Typed, symbol: str) -> AskNumber:
        if node.constant or is_still(node):
            return self._fixed(node, symbol, number_of)
        if self._is_foretold(node, symbol):
            return self._foretold(node, symbol, numbers)
        if isinstance(node, Fact):
            name, of = node.name, node.symbol or symbol
            return lambda turns: self._facts.column(name, of, turns) if name in COLUMNS else ANYTHING
        if is_leaf(node):
            return lambda turns: self._shown_number(node, symbol, turns)
        return self._calculated(node, symbol)

    def _calculated(self, node: Typed, symbol: str) -> AskNumber:
        if isinstance(node, Choice):
            asked = self._truth(node.condition, symbol)
            then, otherwise = self._number(node.then, symbol), self._number(node.otherwise, symbol)
            return lambda turns: choice(asked(turns), then(turns), otherwise(turns))
        if isinstance(node, OverSymbols) and node.function in OVER_SYMBOLS:
            several = [self._number(node.operand, one) for one in self.instance.book.symbols]
            return _joined(OVER_SYMBOLS[node.function], several)
        calculate = _calculation(node)
        if calculate is None:
            return lambda _: ANYTHING
        return _joined(calculate, [self._number(child, symbol) for child in node.children])

    def _shown_number(self, leaf: Typed, symbol: str, turns: Turns) -> Interval:
        shown = self.candles(leaf, symbol, turns)
        if shown is None or isinstance(shown[0], list):
            return ANYTHING
        values, certain = shown
        number = floats(np.asarray(values))
        low, high = np.where(certain, number.low, -np.inf), np.where(certain, number.high, np.inf)
        return Interval(low, high, number.known | ~certain, number.unknown | ~certain)

    # ── what is the same at many turns ──────────────────────────────────────────────────────────────────────────────

    def _fixed(self, node: Typed, symbol: str, given: Callable[[Value], Given]) -> Callable[[Turns], Given]:
        if node.constant:
            fixed = given(value_of(node))
            return lambda _: fixed
        read = compile_live(node, self.instance.binder, symbol)
        return lambda _: given(read())

    def _is_foretold(self, node: Typed, symbol: str) -> bool:
        return is_foretold(node) and self.outlook.foretold.knows(node, self.instance, symbol)

    def _foretold(
        self, node: Typed, symbol: str, given: Callable[[Sequence[Value]], Given]
    ) -> Callable[[Turns], Given]:
        steps = self.outlook.foretold.column(node, self.instance, symbol)
        values = given(steps.values)
        return lambda turns: values.at(steps.places(turns))


def _joined(
    join: Callable[[Sequence[Given]], Given], parts: Sequence[Callable[[Turns], Given]]
) -> Callable[[Turns], Given]:
    return lambda turns: join([part(turns) for part in parts])


def _calculation(node: Typed) -> Calculation | None:
    """How a number follows from its parts; None where that can't be said."""
    if isinstance(node, Arithmetic):
        two = CALCULATE[node.operator]
        return lambda parts: two(parts[0], parts[1])
    if isinstance(node, Negative):
        return lambda parts: -parts[0]
    return FUNCTIONS.get(node.function) if isinstance(node, Pointwise) else None

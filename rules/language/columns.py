"""What an expression says on every bar of a history: the same meaning as `evaluate`, as polars expressions.

Unknown is null, in every column that goes in and comes out.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl

from rules.language import windows
from rules.language.evaluate import Value, value_of
from rules.language.typed import (
    Arithmetic,
    Choice,
    Comparison,
    Junction,
    Known,
    Membership,
    Negative,
    Not,
    Offset,
    Pointwise,
    Series,
    Typed,
    Window,
)
from rules.language.units import WORDS, Unit

Resolve = Callable[[Typed], pl.Expr]

_MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def to_polars(expression: Typed, resolve: Resolve) -> pl.Expr:
    """Give an expression over the rows of one history.

    `resolve` supplies candle columns, series facts, indicators, and whatever has a symbol or timeframe of its own.

    Raises:
        ValueError: when the expression needs more than candles (a position, an account, the clock).
    """
    if not expression.kind.series:
        raise ValueError(f"expected an expression over candles; `{expression.text}` needs a running engine")
    return _Columns(resolve).column(expression)


def finite(column: pl.Expr) -> pl.Expr:
    """Give a column of numbers with null for whatever isn't one."""
    return pl.when(column.is_finite()).then(column)


class _Columns:
    def __init__(self, resolve: Resolve) -> None:
        self.resolve = resolve

    def column(self, node: Typed) -> pl.Expr:
        if node.constant:
            # A literal alone has one row, and not every operation of polars lengthens it.
            value, form = _plain(value_of(node), node.kind.unit)
            return pl.repeat(value, pl.len(), dtype=form)
        if isinstance(node, Window | Offset) and not node.symbol and not node.timeframe:
            return self.window(node) if isinstance(node, Window) else self.offset(node)
        if isinstance(node, Series):
            resolved = self.resolve(node)
            return resolved if node.kind.unit is Unit.BOOL else finite(resolved.cast(pl.Float64))
        return _FORMS[type(node)](self, node)

    def single(self, node: Typed) -> pl.Expr:
        """Give the right side of a comparison, as one literal where it is constant."""
        if not node.constant:
            return self.column(node)
        value, form = _plain(value_of(node), node.kind.unit)
        return pl.lit(value, dtype=form)

    def columns(self, nodes: Sequence[Typed]) -> list[pl.Expr]:
        return [self.column(node) for node in nodes]

    def window(self, node: Window) -> pl.Expr:
        columns = [column.cast(pl.Float64) for column in self.columns(node.operands)]
        year = node.bars_a_year if node.timeframe_ms else 0.0

        def compute(inputs: Sequence[pl.Series]) -> pl.Series:
            arrays = tuple(_array(each) for each in inputs)
            return _series(windows.compute(node.function, arrays, node.bars, year))

        result = pl.map_batches(columns, compute, return_dtype=pl.Float64)
        return result.cast(pl.Boolean) if node.kind.unit is Unit.BOOL else result

    def offset(self, node: Offset) -> pl.Expr:
        return self.column(node.operand).shift(node.bars)

    def negative(self, node: Negative) -> pl.Expr:
        return -self.column(node.operand)

    def arithmetic(self, node: Arithmetic) -> pl.Expr:
        left, right = self.columns(node.children)
        if node.operator == "+":
            return finite(left + right)
        if node.operator == "-":
            return finite(left - right)
        return finite(left * right) if node.operator == "*" else _quotient(left, right)

    def comparison(self, node: Comparison) -> pl.Expr:
        if node.left.constant and not node.right.constant:
            return _compare(_MIRRORED[node.operator], self.column(node.right), self.single(node.left))
        return _compare(node.operator, self.column(node.left), self.single(node.right))

    def membership(self, node: Membership) -> pl.Expr:
        operand = self.column(node.operand)
        found = _joined("or", [_compare("==", operand, self.single(option)) for option in node.options])
        return ~found if node.negated else found

    def junction(self, node: Junction) -> pl.Expr:
        return _joined(node.operator, self.columns(node.operands))

    def negation(self, node: Not) -> pl.Expr:
        return ~self.column(node.operand)

    def known(self, node: Known) -> pl.Expr:
        return self.column(node.operand).is_not_null()

    def choice(self, node: Choice) -> pl.Expr:
        condition, then, otherwise = self.columns(node.children)
        return pl.when(condition).then(then).when(~condition).then(otherwise)

    def pointwise(self, node: Pointwise) -> pl.Expr:
        columns = self.columns(node.operands)
        if node.function in ("min", "max"):
            return _extreme(columns, node.function == "max")
        return _POINTWISE[node.function](columns[0])


def _plain(value: Value, unit: Unit) -> tuple[Value, pl.DataType]:
    if unit is Unit.BOOL:
        return value, pl.Boolean()
    if unit in WORDS:
        return value, pl.String()
    number = math.nan if value is None else float(value)
    return (number if math.isfinite(number) else None), pl.Float64()


def _compare(operator: str, left: pl.Expr, right: pl.Expr) -> pl.Expr:
    comparisons: dict[str, Callable[[pl.Expr], pl.Expr]] = {
        "==": left.eq,
        "!=": left.ne,
        "<": left.lt,
        "<=": left.le,
        ">": left.gt,
        ">=": left.ge,
    }
    return comparisons[operator](right)


def _quotient(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    def compute(inputs: Sequence[pl.Series]) -> pl.Series:
        # polars multiplies by the reciprocal of a single divisor, which changes the last digit.
        above, below = (_array(each) for each in inputs)
        with np.errstate(all="ignore"):
            result = above / below
        return _series(np.where(np.isfinite(result), result, np.nan))

    return pl.map_batches([left, right], compute, return_dtype=pl.Float64)


def _joined(operator: str, conditions: Sequence[pl.Expr]) -> pl.Expr:
    result = conditions[0]
    for condition in conditions[1:]:
        result = result & condition if operator == "and" else result | condition
    return result


def _extreme(columns: Sequence[pl.Expr], largest: bool) -> pl.Expr:
    best = columns[0]
    for column in columns[1:]:
        better = column > best if largest else column < best
        best = pl.when(better).then(column).when(~better).then(best)
    return best


def _logarithm(column: pl.Expr) -> pl.Expr:
    def compute(values: pl.Series) -> pl.Series:
        # One logarithm for live and columns: libraries differ in the last digit.
        found = [math.log(value) if value is not None and value > 0 else None for value in values.to_list()]
        return pl.Series(found, dtype=pl.Float64)

    return column.map_batches(compute, return_dtype=pl.Float64)


_POINTWISE: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "abs": lambda column: column.abs(),
    "sqrt": lambda column: pl.when(column >= 0).then(column.sqrt()),
    "log": _logarithm,
    "round": lambda column: column.round(0, mode="half_to_even"),
    "floor": lambda column: column.floor(),
    "ceil": lambda column: column.ceil(),
}


def _array(values: pl.Series) -> windows.Floats:
    array = values.cast(pl.Float64).fill_null(math.nan).to_numpy()
    return np.where(np.isfinite(array), array, np.nan)


def _series(values: windows.Floats) -> pl.Series:
    return pl.Series(values, dtype=pl.Float64, nan_to_null=True)


_FORMS: dict[type[Typed], Callable[[_Columns, Any], pl.Expr]] = {
    Negative: _Columns.negative,
    Arithmetic: _Columns.arithmetic,
    Comparison: _Columns.comparison,
    Membership: _Columns.membership,
    Junction: _Columns.junction,
    Not: _Columns.negation,
    Known: _Columns.known,
    Choice: _Columns.choice,
    Pointwise: _Columns.pointwise,
}

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

_CALCULATIONS: dict[str, Callable[..., windows.Floats]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
}
_MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def to_polars(expression: Typed, resolve: Resolve) -> pl.Expr:
    """Give an expression over the rows of one history.

    `resolve` supplies candle columns, series facts, indicators, and whatever has a symbol or timeframe of its own, with
    null for unknown: `finite` makes such a column of a raw one.

    Raises:
        ValueError: when the expression needs more than candles (a position, an account, the clock).
    """
    if not expression.kind.series:
        raise ValueError(f"expected an expression over candles; `{expression.text}` needs a running engine")
    return _Columns(resolve).column(expression)


def finite(column: pl.Expr) -> pl.Expr:
    """Give a column of numbers with null for whatever isn't one."""
    return _calculated(lambda values: values, [column])


class _Columns:
    """Uses each part once: an expression that names a part twice doubles with every level."""

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
            return resolved if node.kind.unit is Unit.BOOL else resolved.cast(pl.Float64)
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
        return _calculated(_CALCULATIONS[node.operator], self.columns(node.children))

    def comparison(self, node: Comparison) -> pl.Expr:
        if node.left.constant and not node.right.constant:
            return _compare(_MIRRORED[node.operator], self.column(node.right), self.single(node.left))
        return _compare(node.operator, self.column(node.left), self.single(node.right))

    def membership(self, node: Membership) -> pl.Expr:
        def compute(inputs: Sequence[pl.Series]) -> pl.Series:
            operand, *options = inputs
            found = operand == options[0]
            for option in options[1:]:
                found = found | (operand == option)
            return ~found if node.negated else found

        return pl.map_batches(self.columns(node.children), compute, return_dtype=pl.Boolean())

    def junction(self, node: Junction) -> pl.Expr:
        return _joined(node.operator, self.columns(node.operands))

    def negation(self, node: Not) -> pl.Expr:
        return ~self.column(node.operand)

    def known(self, node: Known) -> pl.Expr:
        return self.column(node.operand).is_not_null()

    def choice(self, node: Choice) -> pl.Expr:
        form = _form(node.kind.unit)
        return pl.map_batches(self.columns(node.children), _chosen, return_dtype=form)

    def pointwise(self, node: Pointwise) -> pl.Expr:
        columns = self.columns(node.operands)
        if node.function in ("min", "max"):
            better = np.greater if node.function == "max" else np.less
            return _calculated(lambda *values: _extreme(values, better), columns)
        return _POINTWISE[node.function](columns[0])


def _form(unit: Unit) -> pl.DataType:
    return pl.Boolean() if unit is Unit.BOOL else pl.String() if unit in WORDS else pl.Float64()


def _plain(value: Value, unit: Unit) -> tuple[Value, pl.DataType]:
    if value is None or unit is Unit.BOOL or unit in WORDS:
        return value, _form(unit)
    number = float(value)
    return (number if math.isfinite(number) else None), _form(unit)


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


def _calculated(calculate: Callable[..., windows.Floats], columns: Sequence[pl.Expr]) -> pl.Expr:
    """Calculate in numpy: polars multiplies by the reciprocal of a single divisor, which changes the last digit."""

    def compute(inputs: Sequence[pl.Series]) -> pl.Series:
        with np.errstate(all="ignore"):
            result = calculate(*(_array(each) for each in inputs))
        return _series(np.where(np.isfinite(result), result, np.nan))

    return pl.map_batches(columns, compute, return_dtype=pl.Float64)


def _chosen(inputs: Sequence[pl.Series]) -> pl.Series:
    condition, then, otherwise = inputs
    unknown = pl.Series([None], dtype=then.dtype).new_from_index(0, len(then))
    return then.zip_with(condition.fill_null(False), otherwise).zip_with(condition.is_not_null(), unknown)


def _joined(operator: str, conditions: Sequence[pl.Expr]) -> pl.Expr:
    result = conditions[0]
    for condition in conditions[1:]:
        result = result & condition if operator == "and" else result | condition
    return result


def _extreme(columns: Sequence[windows.Floats], better: np.ufunc) -> windows.Floats:
    best = columns[0]
    for column in columns[1:]:
        best = np.where(np.isnan(best) | np.isnan(column), np.nan, np.where(better(column, best), column, best))
    return best


def _logarithm(column: pl.Expr) -> pl.Expr:
    def compute(values: pl.Series) -> pl.Series:
        # One logarithm for live and columns: libraries differ in the last digit.
        found = [math.log(value) if value is not None and value > 0 else None for value in values.to_list()]
        return pl.Series(found, dtype=pl.Float64)

    return column.map_batches(compute, return_dtype=pl.Float64)


_POINTWISE: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "abs": lambda column: column.abs(),
    "sqrt": lambda column: _calculated(np.sqrt, [column]),
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

"""An expression says the same live, bar by bar, as over the whole history at once."""

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from rules.language.checking import check_types
from rules.language.columns import finite, to_polars
from rules.language.evaluate import Value, compile_live
from rules.language.literals import parse_literal
from rules.language.source import in_one_line
from rules.language.syntax import parse
from rules.language.typed import Typed, unselected
from rules.language.vocabulary import Scope, Vocabulary

SCOPE = Scope(
    Vocabulary(symbols=("BTCUSDT", "ETHUSDT")),
    params={
        name: parse_literal(in_one_line(text))
        for name, text in {"level": "2 USDT/BTC", "factor": "0.1", "share": "1/3", "none": "0"}.items()
    },
    timeframe="1d",
)
COLUMNS = ("open", "high", "close", "close@ETHUSDT", "rsi(close;window=3)")
ROWS = 7


def resolve(leaf: Typed) -> pl.Expr:
    if leaf.key in COLUMNS:
        return finite(pl.col(leaf.key))
    return to_polars(unselected(leaf), lambda inner: finite(pl.col(f"{inner.key}@ETHUSDT")))


class FrameBinder:
    """Reads a frame whose last row is now."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame

    def series(self, leaf: Typed, _symbol: str) -> Callable[[], Any]:
        value = self.frame.select(to_polars(leaf, resolve)).to_series()[-1]
        known = value is not None and math.isfinite(value)
        return lambda: value if known else None

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"a series asked for {name}")


PRICES = ("close", "open", "high", "ETHUSDT.close", "close[1]", "2 USDT/BTC", "level", "0.3 USDT/BTC", "ath(close)")
NUMBERS = ("rsi(3)", "2", "0.1", "0.2", "factor", "none", "rsi(close, 3)[2]")
RATIOS = ("close / open", "drawdown(close)", "10%", "share", "volatility(close, 2)", "none * 100%")
CONDITIONS = ("close > open", "rsi(3) >= 2", "true", "rising(close)", "crosses_above(close, open)")
LENGTHS = st.integers(1, 3)


@st.composite
def prices(draw: st.DrawFn, depth: int) -> str:
    if depth == 0:
        return draw(st.sampled_from(PRICES))
    one, other = draw(prices(depth - 1)), draw(prices(depth - 1))
    bars = draw(LENGTHS)
    forms = [
        lambda: f"({one} + {other})",
        lambda: f"({one} - {other})",
        lambda: f"({one} * {draw(numbers(depth - 1))})",
        lambda: f"({one} / {draw(numbers(depth - 1))})",
        lambda: f"({one} if {draw(conditions(depth - 1))} else {other})",
        lambda: f"min({one}, {other})",
        lambda: f"max({one}, {other}, close)",
        lambda: f"abs(-{one})",
        lambda: f"highest({one}, {bars})",
        lambda: f"lowest({one}, {bars})",
        lambda: f"mean({one}, {bars})",
        lambda: f"sum_last({one}, {bars})",
        lambda: f"change({one}, {bars})",
        lambda: f"({one})[{bars}]",
    ]
    return draw(st.sampled_from(forms))()


@st.composite
def numbers(draw: st.DrawFn, depth: int) -> str:
    if depth == 0:
        return draw(st.sampled_from(NUMBERS))
    one, other = draw(numbers(depth - 1)), draw(numbers(depth - 1))
    forms = [
        lambda: f"({one} {draw(st.sampled_from('+-*/'))} {other})",
        lambda: f"({draw(ratios(depth - 1))} / {draw(ratios(depth - 1))})",
        lambda: f"sqrt({one})",
        lambda: f"log({one})",
        lambda: f"{draw(st.sampled_from(['round', 'floor', 'ceil']))}({one})",
        lambda: f"count_last({draw(conditions(depth - 1))}, {draw(LENGTHS)})",
        lambda: f"correlation(close, ETHUSDT.close, {1 + draw(LENGTHS)})",
        lambda: f"(1 if {draw(conditions(depth - 1))} else 0.1)",
    ]
    return draw(st.sampled_from(forms))()


@st.composite
def ratios(draw: st.DrawFn, depth: int) -> str:
    if depth == 0:
        return draw(st.sampled_from(RATIOS))
    forms = [
        lambda: f"({draw(prices(depth - 1))} / {draw(prices(depth - 1))})",
        lambda: f"({draw(ratios(depth - 1))} + {draw(ratios(depth - 1))})",
        lambda: f"({draw(ratios(depth - 1))} * {draw(numbers(depth - 1))})",
        lambda: f"drawdown({draw(prices(depth - 1))})",
    ]
    return draw(st.sampled_from(forms))()


@st.composite
def conditions(draw: st.DrawFn, depth: int) -> str:
    if depth == 0:
        return draw(st.sampled_from(CONDITIONS))
    kind = draw(st.sampled_from([prices, numbers, ratios]))
    one, other = draw(kind(depth - 1)), draw(kind(depth - 1))
    sign = draw(st.sampled_from(["==", "!=", "<", "<=", ">", ">="]))
    forms = [
        lambda: f"({one} {sign} {other})",
        lambda: f"({one} {sign} {other} <= {one})",
        lambda: f"({one} between {other} and {one})",
        lambda: f"({one} {draw(st.sampled_from(['in', 'not in']))} [{other}, {one}])",
        lambda: f"known({one})",
        lambda: f"(not {draw(conditions(depth - 1))})",
        lambda: f"({draw(conditions(depth - 1))} and {draw(conditions(depth - 1))} and true)",
        lambda: f"({draw(conditions(depth - 1))} or {draw(conditions(depth - 1))})",
        lambda: f"({draw(conditions(depth - 1))} == {draw(conditions(depth - 1))})",
        lambda: f"for_bars({draw(conditions(depth - 1))}, {draw(LENGTHS)})",
        lambda: f"({draw(conditions(depth - 1))})[{draw(LENGTHS)}]",
        lambda: f"{draw(st.sampled_from(['rising', 'falling']))}({one}, {draw(LENGTHS)})",
        lambda: f"{draw(st.sampled_from(['crosses_above', 'crosses_below']))}({one}, {other})",
        lambda: f"(long if {draw(conditions(depth - 1))} else short) == long".replace("long", '"l"').replace(
            "short", '"s"'
        ),
    ]
    return "(" + draw(st.sampled_from(forms))() + ")"


VALUES = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, 2.0, 3.0, 0.1, 0.2, 0.3, None, None, math.nan, math.inf, 1e308, -1e308, 5e-324]),
    st.floats(-100, 100),
)
FRAMES = st.fixed_dictionaries({name: st.lists(VALUES, min_size=ROWS, max_size=ROWS) for name in COLUMNS})
EXPRESSIONS = st.one_of(conditions(2), conditions(1), prices(2), numbers(2), ratios(2))


def typed(text: str) -> Typed | None:
    findings: list[Any] = []
    expression = check_types(parse(in_one_line(text)), SCOPE, findings)
    return None if findings else expression


def same(live: Value, column: Any) -> bool:
    if live is None or column is None:
        return live is column
    if isinstance(live, bool) or isinstance(column, bool | str):
        return live is column or bool(live == column)
    assert isinstance(live, Decimal | float | int)
    return bool(float(live) == column)


@pytest.mark.spec("RULE-11", "RULE-15")
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(EXPRESSIONS, FRAMES)
def test_live_and_columns_agree_on_every_bar(text: str, data: dict[str, list[float | None]]) -> None:
    expression = typed(text)
    assume(expression is not None)
    assert expression is not None
    frame = pl.DataFrame(data, schema=dict.fromkeys(COLUMNS, pl.Float64))
    column = frame.select(pl.repeat(None, ROWS).alias("rows"), said=to_polars(expression, resolve))["said"].to_list()
    for row in range(ROWS):
        live = compile_live(expression, FrameBinder(frame.head(row + 1)))()
        assert same(live, column[row]), f"row {row} of `{text}`: live {live!r}, column {column[row]!r}"

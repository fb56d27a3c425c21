from collections.abc import Callable

import polars as pl
import pytest

from rules.language.columns import finite, to_polars
from rules.language.typed import Typed

Check = Callable[..., Typed]


def resolve(leaf: Typed) -> pl.Expr:
    return finite(pl.col(leaf.key))


def said(expression: Typed, **columns: list[float | None]) -> list[object]:
    return pl.DataFrame(columns, strict=False).select(to_polars(expression, resolve).alias("said"))["said"].to_list()


@pytest.mark.spec("RULE-11", "RULE-15")
def test_unknowns_pass_through_columns(typed: Check) -> None:
    close = [1.0, None, float("nan"), float("inf"), 3.0]
    assert said(typed("close > 2 USDT/BTC"), close=close) == [False, None, None, None, True]
    assert said(typed("close > 2 USDT/BTC or true"), close=close) == [True] * 5
    assert said(typed("known(close)"), close=close) == [True, False, False, False, True]
    assert said(typed("close / (close - close)"), close=close) == [None] * 5


def test_a_constant_has_as_many_rows_as_the_history(typed: Check) -> None:
    assert said(typed("risk"), close=[1.0, 2.0]) == [0.01, 0.01]
    assert said(typed("risk"), close=[]) == []
    assert said(typed("highest(close, 2)"), close=[]) == []


def test_division_is_not_a_multiplication(typed: Check) -> None:
    assert said(typed("close / open / 0.1"), close=[1.0, 2.0], open=[9.0, 7.0]) == [1 / 9 / 0.1, 2 / 7 / 0.1]
    assert said(typed("close / open / 0.1"), close=[1.0], open=[9.0]) == [1 / 9 / 0.1]


def test_what_is_selected_is_asked_for_whole(typed: Check) -> None:
    asked: list[str] = []

    def record(leaf: Typed) -> pl.Expr:
        asked.append(leaf.key)
        return pl.lit(1.0)

    to_polars(typed("highest(ETHUSDT.close, 3) > mean(close, 2) + sma(20)[1] - open"), record)
    assert asked == ["highest(close;3)@ETHUSDT", "close", "sma(close;window=20)", "open"]


def test_what_needs_a_running_engine_has_no_column(typed: Check) -> None:
    with pytest.raises(ValueError, match="needs a running engine"):
        to_polars(typed("close > open and order.opens"), resolve)


@pytest.mark.parametrize(
    ("text", "leaves"),
    [
        ("abs(close + open) / (close - open)", 4),
        ("max(close, open, high * (close / low))", 5),
        ("close if close > open else open", 4),
        ("close in [open, high, low]", 4),
        ("sqrt(close / open / 1%)", 2),
        ("highest(close - open, 3)[1] > mean(close, 2)", 3),
        ("not (known(close) and for_bars(close > open, 3))", 3),
    ],
)
def test_each_part_is_used_once(typed: Check, text: str, leaves: int) -> None:
    assert len(to_polars(typed(text), resolve).meta.root_names()) == leaves

"""Columns that are computed once for many runs, and never for candles that are others."""

import numpy as np
import polars as pl
import pytest

from rules.language.checking import check_types
from rules.language.findings import Finding
from rules.language.source import in_one_line
from rules.language.syntax import parse
from rules.language.typed import Typed
from rules.language.units import Kind, Unit
from rules.language.vocabulary import Scope
from runtime.column_shelf import BYTES_PER_VALUE, ColumnShelf
from runtime.events import Candle
from runtime.history import Histories, History
from runtime.instrument import Market
from runtime.market_data import CANDLE_SCHEMA

DAY_MS = 86_400_000
pytestmark = pytest.mark.spec("BT-06")


def candles(count: int = 50) -> pl.DataFrame:
    close = 100 + np.arange(count, dtype=float)
    at = np.arange(count, dtype=np.int64) * DAY_MS
    columns = (at, at + DAY_MS, close, close + 1, close - 1, close, np.ones(count))
    return pl.DataFrame(dict(zip(CANDLE_SCHEMA, columns, strict=True)))


def typed(text: str) -> Typed:
    findings: list[Finding] = []
    found = check_types(parse(in_one_line(text)), Scope(timeframe="1d"), findings, Kind(Unit.PRICE))
    assert not findings
    return found


def history(shelf: ColumnShelf | None, frame: pl.DataFrame) -> History:
    among = Histories()
    one = among.history(Market.LINEAR, "BTCUSDT", "1d")
    one.preload(frame)
    one.advance_to(30 * DAY_MS)
    among.shelf = shelf
    return one


def test_a_second_run_over_the_same_candles_computes_nothing_again() -> None:
    shelf, frame = ColumnShelf(), candles()
    first = history(shelf, frame).reader(typed("sma(close, 5)"))()
    worked_out = shelf.computed
    assert worked_out > 0
    assert history(shelf, frame).reader(typed("sma(close, 5)"))() == first
    assert shelf.computed == worked_out


def test_other_arguments_are_other_columns_and_share_what_they_have_in_common() -> None:
    shelf, frame = ColumnShelf(), candles()
    history(shelf, frame).column(typed("sma(close, 5)"))
    five = shelf.computed
    found = history(shelf, frame).column(typed("sma(close, 7)"))
    np.testing.assert_array_equal(found, history(None, frame).column(typed("sma(close, 7)")))
    assert shelf.computed == five + 1


def test_a_run_that_meets_another_candle_leaves_the_shelf_as_it_was() -> None:
    shelf, frame = ColumnShelf(), candles()
    sma = typed("sma(close, 5)")
    before = history(shelf, frame).reader(sma)()
    other = history(shelf, frame)
    read = other.reader(sma)
    at = 30 * DAY_MS
    other.append(Candle(Market.LINEAR, "BTCUSDT", "1d", at, at + DAY_MS, 1.0, 2.0, 0.5, 1.0, 1.0))
    alone = history(None, frame)
    alone.append(Candle(Market.LINEAR, "BTCUSDT", "1d", at, at + DAY_MS, 1.0, 2.0, 0.5, 1.0, 1.0))
    assert read() == alone.reader(sma)()
    assert history(shelf, frame).reader(sma)() == before != read()


def test_a_full_shelf_drops_what_was_not_used_for_longest() -> None:
    shelf = ColumnShelf(3 * BYTES_PER_VALUE)
    for key in ("a", "b", "c", "a", "d"):
        shelf.get(key, lambda key=key: [key])
    assert shelf.computed == 4
    assert [shelf.get(key, lambda: ["again"]) for key in ("a", "c", "d", "b")] == [["a"], ["c"], ["d"], ["again"]]

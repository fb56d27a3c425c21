import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.language.checking import check_types
from rules.language.findings import Finding
from rules.language.source import in_one_line
from rules.language.syntax import parse
from rules.language.typed import Typed
from rules.language.vocabulary import Scope, Vocabulary
from runtime.events import Candle
from runtime.history import Histories, History
from runtime.instrument import Market
from runtime.market_data import CANDLE_SCHEMA

HOUR_MS = 3_600_000
BTC, ETH = "BTCUSDT", "ETHUSDT"
EXPRESSIONS = (
    "close",
    "close[2]",
    "volume > 1.1 * mean(volume, 3)",
    "sma(close, 3)",
    "ema(close - open, 3)",
    "adx(2)",
    "sma(sma(close, 2), 3)",
    "crosses_above(close, sma(close, 3))",
    "for_bars(close > open, 2)",
    "highest(high, 4) - lowest(low, 4)",
    "drawdown()",
    "volatility(close, 3)",
    "correlation(close, ETHUSDT.close, 3)",
    "ETHUSDT.close",
    "sma(ETHUSDT.close / close, 2)",
    "close@4h",
    "sma(close, 2)@4h",
    "close > sma(close@4h, 2)",
    "atr(2)@ETHUSDT.4h",
)


def typed(text: str) -> Typed:
    findings: list[Finding] = []
    scope = Scope(Vocabulary(symbols=(BTC, ETH)), timeframe="1h")
    expression = check_types(parse(in_one_line(text)), scope, findings)
    assert not findings, findings
    return expression


LEAVES = {text: typed(text) for text in EXPRESSIONS}


def candle(hour: int, close: float, symbol: str = BTC, hours: int = 1) -> Candle:
    opened = close * (1 + 0.01 * math.sin(hour))
    high, low = max(opened, close) * 1.01, min(opened, close) * 0.99
    start = hour * HOUR_MS
    volume = 10 + 5 * math.cos(7 * hour + close)
    return Candle(Market.LINEAR, symbol, f"{hours}h", start, start + hours * HOUR_MS, opened, high, low, close, volume)


def frame(candles: Iterable[Candle]) -> pl.DataFrame:
    rows = [tuple(getattr(each, name) for name in CANDLE_SCHEMA) for each in candles]
    return pl.DataFrame(rows, schema=CANDLE_SCHEMA, orient="row")


def walk(seed: int, count: int) -> list[float]:
    return (100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.02, count)))).tolist()


def market(hours: int = 60, seed: int = 1) -> list[Candle]:
    """Candles of two symbols and two timeframes in the order in which they close; ETHUSDT misses some."""
    candles = []
    for number, symbol in enumerate((BTC, ETH)):
        closes = walk(seed + number, hours)
        hourly = [candle(hour, close, symbol) for hour, close in enumerate(closes)]
        candles += [each for hour, each in enumerate(hourly) if symbol == BTC or hour % 7 != 3]
        candles += [candle(hour, closes[hour + 3], symbol, hours=4) for hour in range(0, hours - 3, 4)]
    return sorted(candles, key=lambda each: (each.close_ms, each.symbol, each.timeframe))


def preloaded(candles: Sequence[Candle]) -> Histories:
    histories = Histories()
    by_key: dict[tuple[Market, str, str], list[Candle]] = {}
    for each in candles:
        by_key.setdefault((each.market, each.symbol, each.timeframe), []).append(each)
    histories.preload({key: frame(some) for key, some in by_key.items()})
    return histories


def moments(candles: Sequence[Candle]) -> Iterable[tuple[int, list[Candle]]]:
    for at_ms in sorted({each.close_ms for each in candles}):
        yield at_ms, [each for each in candles if each.close_ms == at_ms]


def replay(histories: Histories, candles: Sequence[Candle]) -> list[list[Any]]:
    """What every expression says after each moment."""
    readers = [histories.reader(leaf, Market.LINEAR, BTC, "1h") for leaf in LEAVES.values()]
    seen = []
    for _, closed in moments(candles):
        for each in closed:
            histories.append(each)
        seen.append([read() for read in readers])
    return seen


def history(candles: Iterable[Candle] = (), keep: int | None = None) -> History:
    made = History(Market.LINEAR, BTC, "1h", keep)
    for each in candles:
        made.append(each)
    return made


def opens(some: History) -> list[int]:
    return [int(at) // HOUR_MS for at in some.window("open_ms", -1)]


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_empty_history_knows_nothing() -> None:
    empty = history()
    assert empty.length == 0
    assert empty.last is None
    assert empty.close_ms_last is None
    assert [empty.reader(leaf)() for leaf in LEAVES.values()] == [None] * len(LEAVES)


def test_the_last_candle_is_the_one_appended() -> None:
    some = history([candle(0, 10), candle(1, 11)])
    assert some.length == 2
    assert some.last == candle(1, 11)
    assert some.close_ms_last == 2 * HOUR_MS


def test_a_reader_stays_good_while_candles_come() -> None:
    some = history()
    read = some.reader(typed("mean(close, 2)"))
    seen = [read()]
    for hour, close in enumerate((10.0, 12.0, 16.0)):
        some.append(candle(hour, close))
        seen.append(read())
    assert seen == [None, None, 11.0, 14.0]


def test_conditions_are_true_false_or_unknown() -> None:
    some = history([candle(0, 10)])
    read = some.reader(typed("rising(close)"))
    seen = [read()]
    for hour, close in ((1, 11.0), (2, 9.0)):
        some.append(candle(hour, close))
        seen.append(read())
    assert seen == [None, True, False]
    assert some.column(typed("rising(close)")) == [None, True, False]


@pytest.mark.spec("RULE-15")
def test_what_has_no_finite_value_is_unknown() -> None:
    some = history([candle(0, 10), candle(1, 10)])
    assert some.reader(typed("close / (close - close[1])"))() is None


def test_an_indicator_may_look_at_any_series() -> None:
    some = history([candle(hour, close) for hour, close in enumerate((10.0, 11.0, 13.0))])
    spans = [some.window("high", -1)[row] - some.window("low", -1)[row] for row in (1, 2)]
    assert some.reader(typed("sma(high - low, 2)"))() == pytest.approx(sum(spans) / 2)


def test_the_same_expression_is_computed_once() -> None:
    some = history([candle(0, 10), candle(1, 11)])
    assert some.column(typed("sma(close, 2)")) is some.column(typed("sma(close,  2)"))


# ── other symbols and timeframes ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.spec("BT-04")
@pytest.mark.parametrize("text", ["ETHUSDT.close", "close@4h", "close@ETHUSDT.4h"])
def test_elsewhere_the_last_candle_that_had_closed_counts(text: str) -> None:
    candles = market()
    histories = preloaded(candles)
    leaf = typed(text)
    symbol, timeframe = ETH if "ETH" in text else BTC, "4h" if "4h" in text else "1h"
    others = [each for each in candles if (each.symbol, each.timeframe) == (symbol, timeframe)]
    column = histories.history(Market.LINEAR, BTC, "1h").column(leaf)
    for row, at_ms in enumerate(range(HOUR_MS, 60 * HOUR_MS, HOUR_MS)):
        closed = [each.close for each in others if each.close_ms <= at_ms]
        assert column[row] == closed[-1] if closed else math.isnan(column[row] or 0)


def test_a_reader_of_elsewhere_follows_what_is_visible_there() -> None:
    histories = Histories()
    read = histories.reader(typed("ETHUSDT.close"), Market.LINEAR, BTC, "1h")
    assert read() is None
    histories.append(candle(0, 50, ETH))
    assert read() == 50
    histories.append(candle(1, 51, ETH))
    assert read() == 51


def test_a_column_that_looks_elsewhere_is_computed_anew_when_something_changes_there() -> None:
    histories = Histories()
    for each in (candle(0, 10), candle(0, 50, ETH), candle(1, 12)):
        histories.append(each)
    read = histories.reader(typed("sma(ETHUSDT.close - close, 1)"), Market.LINEAR, BTC, "1h")
    assert read() == pytest.approx(38)
    histories.append(candle(1, 60, ETH))
    assert read() == pytest.approx(48)


def test_two_named_symbols_need_no_symbol_of_ones_own() -> None:
    histories = preloaded(market())
    replay(histories, market())
    leaf = typed("correlation(BTCUSDT.close, ETHUSDT.close, 5)")
    seen = [histories.reader(leaf, Market.LINEAR, symbol, "1h")() for symbol in ("", BTC, "SOLUSDT")]
    assert seen[0] is not None
    assert seen[0] == seen[1] == seen[2]


def test_another_timeframe_of_two_named_symbols_needs_no_timeframe_of_ones_own() -> None:
    histories = preloaded(market())
    replay(histories, market())
    leaf = typed("correlation(BTCUSDT.close, ETHUSDT.close, 5)@4h")
    assert histories.reader(leaf, Market.LINEAR, "", "")() is not None


# ── known beforehand ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.spec("BT-04")
def test_preloaded_candles_are_invisible_until_they_come() -> None:
    some = history()
    some.preload(frame(candle(hour, 10 + hour) for hour in range(5)))
    read = some.reader(typed("close"))
    assert (some.length, some.last, read()) == (0, None, None)
    some.append(candle(0, 10))
    assert (some.length, read()) == (1, 10)


@pytest.mark.spec("BT-01", "DATA-04")
def test_candles_known_beforehand_give_the_same_values_as_candles_that_come() -> None:
    candles = market()
    assert replay(preloaded(candles), candles) == replay(Histories(), candles)


PRICES = st.recursive(
    st.sampled_from(["open", "high", "low", "close", "ETHUSDT.close", "close@4h", "atr(2)"]),
    lambda inner: st.one_of(
        st.builds("{}({}, {})".format, st.sampled_from(["sma", "ema", "highest", "mean"]), inner, st.integers(1, 4)),
        st.builds("({}) {} ({})".format, inner, st.sampled_from("+-"), inner),
        st.builds("({})[{}]".format, inner, st.integers(1, 3)),
        st.builds("max({}, {})".format, inner, inner),
    ),
    max_leaves=5,
)
CONDITIONS = st.one_of(
    st.builds("({}) {} ({})".format, PRICES, st.sampled_from("<>"), PRICES),
    st.builds("crosses_above({}, {})".format, PRICES, PRICES),
    st.builds("for_bars(({}) > ({}), {})".format, PRICES, PRICES, st.integers(1, 3)),
)


@pytest.mark.spec("RULE-11")
@settings(max_examples=40)
@given(st.one_of(PRICES, CONDITIONS))
def test_any_expression_says_the_same_of_candles_known_beforehand(text: str) -> None:
    candles, leaf = market(16), typed(text)
    known, coming = preloaded(candles), Histories()
    known_beforehand = known.history(Market.LINEAR, BTC, "1h").reader(leaf)
    as_they_come = coming.history(Market.LINEAR, BTC, "1h").reader(leaf)
    for _, closed in moments(candles):
        for each in closed:
            known.append(each)
            coming.append(each)
        assert known_beforehand() == as_they_come()


@pytest.mark.spec("BT-04")
def test_another_future_changes_no_value_before_it() -> None:
    candles, cut = market(), 30 * HOUR_MS
    before = [each for each in candles if each.close_ms <= cut]
    other = [each for each in market(seed=5) if each.close_ms > cut]
    expected = replay(preloaded(candles), before)
    assert replay(preloaded([*before, *other]), before) == expected
    for text, leaf in LEAVES.items():
        column = preloaded(candles).history(Market.LINEAR, BTC, "1h").column(leaf)[:30]
        changed = preloaded([*before, *other]).history(Market.LINEAR, BTC, "1h").column(leaf)[:30]
        np.testing.assert_array_equal(np.array(column, dtype=float), np.array(changed, dtype=float), err_msg=text)


@pytest.mark.spec("BT-04")
@pytest.mark.parametrize("field", ["open", "high", "low", "close", "volume"])
def test_a_future_that_comes_otherwise_than_expected_is_not_seen(field: str) -> None:
    candles = [candle(hour, close) for hour, close in enumerate(walk(3, 20))]
    happened = [*candles[:10], *(replace(each, **{field: getattr(each, field) * 1.5}) for each in candles[10:])]
    expected, surprised = history(), history()
    surprised.preload(frame(candles))
    for some in (expected, surprised):
        some.reader(typed("close"))
    for each in happened:
        expected.append(each)
        surprised.append(each)
        for text in ("close", "sma(volume, 3)", "atr(3)", "ema(open, 4)"):
            assert surprised.reader(typed(text))() == expected.reader(typed(text))()
    assert surprised.column(typed("close")).tolist() == expected.column(typed("close")).tolist()  # type: ignore[union-attr]


def test_a_candle_that_was_expected_and_never_came_is_left_out() -> None:
    some = history()
    some.preload(frame(candle(hour, 10 + hour) for hour in range(5)))
    for hour in (0, 3, 4):
        some.append(candle(hour, 10 + hour))
    assert opens(some) == [0, 3, 4]
    assert some.reader(typed("change(close)"))() == 1
    assert len(some.column(typed("close"))) == 3


def test_an_unexpected_candle_does_not_bring_in_expected_ones_before_it() -> None:
    some = history()
    some.preload(frame(candle(hour, 10) for hour in range(5)))
    some.append(candle(3, 11))
    assert opens(some) == [3]


def test_what_was_already_visible_is_not_preloaded_again() -> None:
    some = history([candle(0, 10), candle(1, 11)])
    some.preload(frame(candle(hour, 99) for hour in range(4)))
    some.append(candle(2, 99))
    assert some.window("close", -1).tolist() == [10, 11, 99]  # type: ignore[union-attr]


def test_candles_out_of_order_can_not_be_preloaded() -> None:
    for hours in ((1, 0), (0, 0)):
        with pytest.raises(ValueError, match=r"^Candles of BTCUSDT \(linear, 1h\) are expected in order of open_ms"):
            history().preload(frame(candle(hour, 10) for hour in hours))


# ── corrections ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.spec("DATA-03")
def test_a_corrected_candle_takes_the_place_of_the_wrong_one() -> None:
    some = history([candle(0, 10), candle(1, 11), candle(2, 12)])
    read = some.reader(typed("mean(close, 3)"))
    assert read() == 11
    some.append(candle(1, 17))
    assert some.length == 3
    assert read() == 13


@pytest.mark.spec("DATA-02")
def test_a_candle_that_comes_late_stands_where_it_belongs() -> None:
    some = history([candle(0, 10), candle(2, 12)])
    some.append(candle(1, 11))
    assert opens(some) == [0, 1, 2]
    assert some.last == candle(2, 12)


@pytest.mark.spec("DATA-02")
def test_a_candle_that_comes_twice_counts_once() -> None:
    some = history([candle(0, 10), candle(1, 11)])
    some.append(candle(0, 10))
    some.append(candle(1, 11))
    assert opens(some) == [0, 1]


CLOSES = st.sampled_from([10.0, 11.0, 12.0])
CANDLES = st.lists(st.builds(candle, st.integers(0, 7), CLOSES), max_size=12)


@pytest.mark.spec("DATA-03")
@given(CANDLES, CANDLES)
def test_the_latest_word_on_each_candle_counts_in_whatever_order_they_come(
    expected: list[Candle], come: list[Candle]
) -> None:
    texts = ("close", "mean(close, 2)", "ema(close, 2)", "close > close[1]")
    some, latest = history(), dict[int, Candle]()
    some.preload(frame(sorted({each.open_ms: each for each in expected}.values(), key=lambda each: each.open_ms)))
    readers = [some.reader(typed(text)) for text in texts]
    for each in come:
        some.append(each)
        latest[each.open_ms] = each
        plain = history(latest[at] for at in sorted(latest))
        assert some.length == plain.length
        assert some.last == plain.last
        assert [read() for read in readers] == [plain.reader(typed(text))() for text in texts]


# ── windows and bounds ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_window_has_the_candles_that_closed_after_a_moment() -> None:
    some = history(candle(hour, 10 + hour) for hour in range(4))
    some.preload(frame([candle(4, 99)]))
    assert some.window("close", 2 * HOUR_MS).tolist() == [12, 13]  # type: ignore[union-attr]
    assert some.window(typed("close > 12.5 USDT/BTC"), 2 * HOUR_MS - 1) == [False, False, True]
    assert len(some.window("close", 9 * HOUR_MS)) == 0


def test_the_oldest_candles_go_in_blocks() -> None:
    candles = [candle(hour, close) for hour, close in enumerate(walk(2, 900))]
    bounded, whole = history(keep=300), history()
    lengths, mean = [], (bounded.reader(typed("ema(close, 5)")), whole.reader(typed("ema(close, 5)")))
    for each in candles:
        bounded.append(each)
        whole.append(each)
        lengths.append(bounded.length)
    assert max(lengths) <= 300 + 64
    assert sum(after < before for before, after in pairwise(lengths)) == 9
    assert bounded.last == whole.last
    assert mean[0]() == pytest.approx(mean[1](), rel=1e-9)


def test_histories_that_were_bound_later_forget_as_well() -> None:
    some = Histories()
    there = some.history(Market.LINEAR, BTC, "1h")
    read = some.reader(typed("sma(close, 3)"), Market.LINEAR, BTC, "1h")
    some.bound(100)
    for hour in range(500):
        some.append(candle(hour, hour))
        some.append(candle(hour, hour, ETH))
    assert max(there.length, some.history(Market.LINEAR, ETH, "1h").length) <= 100 + 64
    assert read() == 498

from collections.abc import Mapping

import numpy as np
import polars as pl
import pytest

from rules.language import indicators
from rules.language.checking import check_types
from rules.language.findings import Finding
from rules.language.reach import reach
from rules.language.source import in_one_line
from rules.language.syntax import parse
from rules.language.typed import Typed
from rules.language.vocabulary import Scope, Vocabulary
from runtime.history import Histories
from runtime.instrument import Market
from runtime.market_data import Key
from runtime.readings import Column, Seen
from runtime.timeframe import timeframe_ms
from runtime.warmup import TOLERANCE, Verdict, Warmed, relative, warmed

HOUR_MS = 3_600_000
HOURS = 4_000
BTC, ETH = "BTCUSDT", "ETHUSDT"


def typed(text: str) -> Typed:
    findings: list[Finding] = []
    scope = Scope(vocabulary=Vocabulary(symbols=(BTC, ETH)), timeframe="1h")
    result = check_types(parse(in_one_line(text)), scope, findings)
    assert not findings, findings
    return result


@pytest.fixture(scope="module")
def candles() -> Mapping[Key, pl.DataFrame]:
    hourly = {(Market.SPOT, symbol, "1h"): made(seed, "1h", HOURS) for seed, symbol in enumerate((BTC, ETH))}
    return hourly | {(Market.SPOT, BTC, "4h"): made(5, "4h", HOURS // 4)}


def made(seed: int, timeframe: str, count: int) -> pl.DataFrame:
    random, step = np.random.default_rng(seed), timeframe_ms(timeframe)
    close = 100 * np.exp(np.cumsum(random.normal(0, 0.01, count)))
    opened = np.concatenate([[100], close[:-1]])
    spread = np.abs(random.normal(0, 0.5, (2, count)))
    moments = np.arange(count, dtype=np.int64) * step
    return pl.DataFrame(
        {
            "open_ms": moments,
            "close_ms": moments + step,
            "open": opened,
            "high": np.maximum(opened, close) + spread[0],
            "low": np.minimum(opened, close) - spread[1],
            "close": close,
            "volume": random.uniform(1, 9, count),
        }
    )


def tried(text: str, candles: Mapping[Key, pl.DataFrame]) -> Warmed:
    expression = typed(text)
    whole = Histories()
    whole.preload(candles)
    column = Column(Seen(2, text, "book", BTC, expression.place, expression), Market.SPOT, "1h")
    return warmed(column, candles, whole, [2_500 * HOUR_MS, 3_333 * HOUR_MS, HOURS * HOUR_MS])


@pytest.mark.spec("DATA-04")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("close", {("", "1h"): 1}),
        ("close[2]", {("", "1h"): 3}),
        ("sma(close, 20)", {("", "1h"): 20}),
        ("sma(sma(close, 2), 3)", {("", "1h"): 4}),
        ("volatility(close, 30)", {("", "1h"): 31}),
        ("crosses_above(close, sma(close, 3))", {("", "1h"): 4}),
        ("close > sma(ETHUSDT.close, 5)", {("", "1h"): 1, (ETH, "1h"): 5}),
        ("sma(close, 2)@4h", {("", "4h"): 3}),
        ("sma(close - close@4h, 8)", {("", "1h"): 8, ("", "4h"): 3}),
        ("ath(high)", {("", "1h"): None}),
        ("obv()", {("", "1h"): None}),
    ],
)
def test_an_expression_says_how_many_candles_it_looks_back_on(text: str, expected: object) -> None:
    found = reach(typed(text), "1h")
    assert {key: found[key] for key in expected} == expected
    assert found.keys() == expected.keys()


@pytest.mark.spec("DATA-04")
@pytest.mark.parametrize(
    "text",
    [
        *(
            "close[2]",
            "sma(close, 20)",
            "ema(close, 20)",
            "adx(14)",
            "atr(14)",
            "rsi(14)",
            "macd()",
            "volatility(close, 30)",
        ),
        *("for_bars(adx(5) < 20, 3)", "crosses_above(close, sma(close, 3))", "correlation(close, ETHUSDT.close, 8)"),
        *(
            "sma(close, 2)@4h",
            "close > sma(close@4h, 6)",
            "ETHUSDT.close",
            "sma(ETHUSDT.close / close, 2)",
        ),
    ],
)
def test_the_declared_candles_are_enough(text: str, candles: Mapping[Key, pl.DataFrame]) -> None:
    found = tried(text, candles)
    assert found.moments == 3
    assert found.verdict is Verdict.ENOUGH, found.differences


@pytest.mark.spec("DATA-04")
def test_a_warm_up_that_is_too_short_is_found_and_measured(
    candles: Mapping[Key, pl.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indicators, "FADING_ROWS", 3)
    found = tried("adx(14)", candles)
    assert found.verdict is Verdict.TOO_LITTLE
    assert found.differences[0] > TOLERANCE
    assert found.bars is not None
    assert found.needs is not None
    assert found.bars < found.needs <= 419 * 2


def test_what_counts_from_the_first_candle_is_said_to(candles: Mapping[Key, pl.DataFrame]) -> None:
    assert tried("ath(high)", candles).verdict is Verdict.ENDLESS


def test_with_too_few_candles_nothing_is_claimed(candles: Mapping[Key, pl.DataFrame]) -> None:
    few = {key: rows.head(100) for key, rows in candles.items()}
    assert tried("sma(close, 200)", few).verdict is Verdict.UNTRIED


def test_a_value_that_is_only_sometimes_known_differs_without_bound() -> None:
    assert relative(None, 1.0) == relative(1.0, None) == relative(True, False) == float("inf")
    assert relative(None, None) == relative(True, True) == relative(0.0, 0.0) == 0.0
    assert relative(200.0, 100.0) == 0.5

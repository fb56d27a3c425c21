from collections.abc import Callable
from dataclasses import replace

import pytest

from rules.language.findings import Finding
from rules.language.typed import Series, Typed, Window, unselected
from rules.language.vocabulary import Scope

pytestmark = pytest.mark.spec("RULE-02")
Findings = Callable[..., list[Finding]]
Check = Callable[..., Typed]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("close@1h", "close@1h"),
        ("close@ETHUSDT", "close@ETHUSDT"),
        ("ETHUSDT.close@1h", "close@ETHUSDT.1h"),
        ("adx(14)@BTCUSDT.1d", "adx(high,low,close;window=14)@BTCUSDT.1d"),
        ("sma(BTCUSDT.close, 20)", "sma(close;window=20)@BTCUSDT"),
        ("sma(close@1h, 20)", "sma(close;window=20)@1h"),
        ("close[1]@1h", "(close)[1]@1h"),
        ("close@1h[1]", "(close)[1]@1h"),
        ("(close > open)@1h", "(close@1h > open@1h)"),
        ("highest(close - ETHUSDT.close, 3)", "highest((close - close@ETHUSDT);3)"),
        ("highest(ETHUSDT.close - ETHUSDT.open, 3)", "highest((close - open);3)@ETHUSDT"),
        ("ETHUSDT.strength", "adx(high,low,close;window=14)@ETHUSDT"),
        ("ETHUSDT.calm", "(volatility(close;30;86400000ms)@ETHUSDT < ratio:0.5)"),
        ("strength@1h", "adx(high,low,close;window=14)@1h"),
        ("ema(sma(close, 20)@1h, 5)", "ema(sma(close;window=20);window=5)@1h"),
        ("crosses_above(close, sma(close, 20)@1w)", "crosses_above(close,sma(close;window=20)@1w;1)"),
    ],
)
def test_another_symbol_or_timeframe(typed: Check, text: str, key: str) -> None:
    assert typed(text).key == key


@pytest.mark.parametrize(
    ("text", "bars", "bars_a_year"),
    [
        ("volatility(close, 30d)", 30, 365),
        ("volatility(close, 30d)@1h", 720, 8760),
        ("volatility(close@1h, 30d)", 720, 8760),
        ("volatility(close, 36h)@1h", 36, 8760),
        ("volatility(close, 30)@1h", 30, 8760),
    ],
)
def test_durations_count_the_bars_that_are_looked_at(typed: Check, text: str, bars: int, bars_a_year: float) -> None:
    window = typed(text)
    assert isinstance(window, Window)
    assert (window.bars, window.bars_a_year) == (bars, bars_a_year)


def test_a_selected_leaf_can_be_seen_from_its_own_candles(typed: Check) -> None:
    leaf = typed("highest(ETHUSDT.close, 3)@1h")
    assert isinstance(leaf, Series)
    assert (leaf.symbol, leaf.timeframe) == ("ETHUSDT", "1h")
    assert unselected(leaf).key == "highest(close;3)"


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("close > open", ["R105", "R105"]),
        ("close@1d > open@1d", ["R147", "R147"]),
        ("BTCUSDT.close@1d > sma(BTCUSDT.close, 20)@1d", []),
        ("adx(14)@BTCUSDT.1d > 40", []),
        ("volatility(close, 30d)@BTCUSDT.1h > 40%", []),
        ("correlation(BTCUSDT, ETHUSDT, 90)@1d > 0.9", []),
        ("portfolio.drawdown > 5%", []),
    ],
)
def test_without_candles_of_ones_own_they_have_to_be_named(
    findings_of: Findings, scope: Scope, text: str, codes: list[str]
) -> None:
    nowhere = replace(scope, facts={}, timeframe="", own_symbol=False)
    assert [finding.code for finding in findings_of(text, nowhere)] == codes

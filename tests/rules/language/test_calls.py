from collections.abc import Callable
from dataclasses import replace

import pytest

from rules.language.catalogue import FUNCTIONS
from rules.language.findings import Finding
from rules.language.indicators import INDICATORS
from rules.language.typed import IndicatorCall, SinceEntry, Typed, Window
from rules.language.vocabulary import CALENDAR, COLUMNS, Scope

Findings = Callable[..., list[Finding]]
Check = Callable[..., Typed]


@pytest.mark.spec("RULE-02")
@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("rsi(14)", "rsi(close;window=14)"),
        ("rsi()", "rsi(close;window=14)"),
        ("rsi(open, 7)", "rsi(open;window=7)"),
        ("rsi(x=open)", "rsi(open;window=14)"),
        ("sma(close * 2, fast)", "sma((close * count:2);window=50)"),
        ("sma(2 * close, a_month)", "sma((count:2 * close);window=30)"),
        ("adx(14)", "adx(high,low,close;window=14)"),
        ("adx(window=7)", "adx(high,low,close;window=7)"),
        ("highest(close, 30d)", "highest(close;30)"),
        ("ath()", "ath(high;1)"),
        ("rising(close)", "rising(close;1)"),
        ("correlation(BTCUSDT, ETHUSDT, 90d)", "correlation(close@BTCUSDT,close@ETHUSDT;90)"),
        ("age(BTCUSDT.position)", "age(BTCUSDT.position)"),
        ("age(funding.rate)", "age(funding.rate)"),
    ],
)
def test_arguments_find_their_places(typed: Check, text: str, key: str) -> None:
    assert typed(text).key == key


@pytest.mark.spec("RULE-02")
@pytest.mark.parametrize("name", sorted(INDICATORS))
def test_every_indicator_can_be_called_by_name(typed: Check, name: str) -> None:
    call = typed(f"{name}()")
    assert isinstance(call, IndicatorCall)
    assert [parameter for parameter, _ in call.parameters] == [each.name for each in INDICATORS[name].parameters]


def test_no_name_means_two_things() -> None:
    names = [*FUNCTIONS, *INDICATORS, *CALENDAR, *COLUMNS]
    assert len(names) == len(set(names))


@pytest.mark.spec("RULE-03")
@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("highest(close)", "R141", "Write `highest(x, n)`."),
        ("max()", "R141", "needs values"),
        ("known()", "R141", "`x`"),
        ("sma(close, 50, 3)", "R142", "takes 2 arguments"),
        ("sma(close, wnidow=3)", "R142", "Did you mean `window`?"),
        ("sma(close, 5, window=3)", "R142", "given twice"),
        ("adx(close, 14)", "R142", "by itself"),
        ("sma(close, strength)", "R144", "known before"),
        ("sma(close, 2.5)", "R144", "whole number"),
        ("sma(close, 0)", "R144", "whole number"),
        ("sma(close, -5)", "R144", "whole number"),
        ("sma(close, 12h)", "R144", "0.5 candles of 1d"),
        ("sma(portfolio.drawdown, 5)", "R143", "not computed from candles"),
        ("sma(close > open, 5)", "R124", "measured"),
        ("for_bars(portfolio.drawdown < 20%, 14)", "R143", "not computed from candles"),
        ("for_bars(strength, 14)", "R123", "needs a condition"),
        ("for_bars(close > open, since_entry)", "R144", "entry"),
        ("for_bars(true, 3)", "R143", "not computed from candles"),
        ("crosses_above(close, 30)", "R121", "Write `30 USDT/BTC`."),
        ("volatility(close, 1)", "R144", "from 2"),
        ("sqrt(close)", "R124", "plain number"),
        ("abs(position.side)", "R124", "measured"),
        ("age(close)", "R146", "`position`"),
        ("age(portfolio.drawdown)", "R146", "no age"),
        ("any_symbol(close)", "R123", "needs a condition"),
    ],
)
def test_calls_that_cannot_be_are_refused(findings_of: Findings, text: str, code: str, said: str) -> None:
    (finding,) = findings_of(text)
    assert finding.code == code, str(finding)
    assert said in f"{finding.sentence} {finding.suggestion}", str(finding)


def test_windows_since_the_entry_are_asked_of_the_running_engine(typed: Check) -> None:
    window = typed("highest(high, since_entry)")
    assert isinstance(window, SinceEntry)
    assert window.operand.key == "high"
    assert not window.kind.series


def test_a_duration_counts_bars_of_the_timeframe(typed: Check, scope: Scope) -> None:
    for timeframe, bars in (("1h", 720), ("1d", 30), ("15m", 2880)):
        window = typed("highest(close, 30d)", replace(scope, timeframe=timeframe))
        assert isinstance(window, Window)
        assert window.bars == bars

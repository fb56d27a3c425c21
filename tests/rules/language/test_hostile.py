"""Whatever a file says, it is read or refused: never anything else."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rules.language.checking import check_types
from rules.language.evaluate import compile_live
from rules.language.findings import CODES, Finding, SyntaxProblem
from rules.language.literals import parse_literal
from rules.language.source import in_one_line
from rules.language.syntax import parse
from rules.language.typed import Typed
from rules.language.vocabulary import Scope

pytestmark = pytest.mark.spec("RULE-02")

GOOD = (
    "close > sma_slow and strength > 25",
    "portfolio.drawdown between 5% and 10% or not order.opens",
    "crosses_above(rsi(14), 30)[1]@1h",
    "order.asset not in [BTC, ETH]",
    "age(position) > 30d and weekday in [Saturday, Sunday]",
    "(2 * atr(14) if close > ETHUSDT.close else 500 USDT/BTC) / 3",
    "any_symbol(volatility(close, 30d)@BTCUSDT.1d > 80%)",
    'book == "core" and 08:00 <= time_of_day < 09:30',
    "max(1/3, risk, -2%) != third",
    "highest(high, since_entry) - lowest(low, 5)",
)
WORDS = [
    *sorted({word for text in GOOD for word in text.replace("(", " ( ").replace(")", " ) ").split()}),
    "lambda", "__import__", ".", "..", "==", "=", "[", "]", ",", "%", "1e9", "\x00", "\ud800", "é", "'", '"', "\n",
    "9" * 400, "None", "self.__class__", "@", "if", "else", "()", "zero", "-", "calm",
]  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join),
    st.lists(st.sampled_from(WORDS), max_size=25).map("".join),
)


@st.composite
def spoilt(draw: st.DrawFn) -> str:
    """Take a good expression and cut, double or replace a part of it."""
    text = draw(st.sampled_from(GOOD))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 8)))
        text = text[:start] + draw(st.sampled_from(["", text[start:end] * 2, *WORDS])) + text[end:]
    return text


def read(text: str, scope: Scope) -> tuple[Typed | None, list[Finding]]:
    findings: list[Finding] = []
    try:
        typed = check_types(parse(in_one_line(text)), scope, findings)
    except SyntaxProblem as problem:
        return None, [problem.finding]
    return (None if findings else typed), findings


class Anything:
    """Answers every question with one value of the kind asked for."""

    def fact(self, name: str, _symbol: str) -> Callable[[], Any]:
        return lambda: {"position.side": "long", "book": "x", "order.asset": "BTC", "engine": "x"}.get(name, Decimal(3))

    def age(self, _name: str, _symbol: str) -> Callable[[], int]:
        return lambda: 5

    def series(self, _leaf: Typed, _symbol: str) -> Callable[[], float]:
        return lambda: 3.0

    window_since_entry = series

    def now_ms(self) -> Callable[[], int]:
        return lambda: 1_700_000_000_000

    def symbols(self) -> tuple[str, ...]:
        return ("BTCUSDT",)


@settings(max_examples=400, deadline=None)
@given(text=st.one_of(spoilt(), TEXTS))
@example("close" + "[1]" * 600)
@example("close" + "@1h" * 600)
@example("-" * 1999)
@example("not " * 499)
@example("a." * 999)
@example("9" * 2000 + "%")
@example("(" * 1999)
@example("99999999999999999999 * 99999999999999999999 * 99999999999999999999 > 1")
@example("close > " + "99999999999999999999 * " * 20 + "1 USDT/BTC")
@example("highest(close, 99999999999999999999w)")
@example("close * 0." + "0" * 19 + "1")
def test_it_is_evaluated_or_refused(scope: Scope, text: str) -> None:
    typed, findings = read(text, scope)
    assert (typed is None) == bool(findings)
    for finding in findings:
        assert finding.code in CODES
        assert finding.sentence.endswith(".")
        assert finding.place.line >= 1
        assert finding.place.length >= 1
        assert len(str(finding)) < 3_000
    if typed is not None:
        compile_live(typed, Anything(), "BTCUSDT")()


@settings(max_examples=200, deadline=None)
@given(text=st.one_of(TEXTS, st.sampled_from(WORDS), spoilt()))
def test_a_literal_is_read_or_refused(text: str) -> None:
    codes = []
    try:
        parse_literal(in_one_line(text))
    except SyntaxProblem as problem:
        codes.append(problem.finding.code)
    assert set(codes) <= set(CODES)


def test_good_ones_are_good(scope: Scope) -> None:
    assert [read(text, scope)[1] for text in GOOD] == [[]] * len(GOOD)

"""A small book's vocabulary, and ways to check and evaluate one expression against it."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest

from rules.language.checking import check_types
from rules.language.evaluate import compile_live
from rules.language.findings import Finding, SyntaxProblem
from rules.language.literals import parse_literal
from rules.language.source import Place, Text, in_one_line
from rules.language.syntax import parse
from rules.language.typed import SinceEntry, Typed
from rules.language.units import Kind, Unit
from rules.language.vocabulary import FactDeclaration, Scope, Vocabulary

PARAMS = {
    "fast": "50",
    "slow": "200",
    "strong": "30%",
    "risk": "1%",
    "coins": "[BTC, ETH]",
    "third": "1/3",
    "zero": "0",
    "a_month": "30d",
}
NAMED = {"sma_slow": "sma(close, slow)", "strength": "adx(14)", "calm": "volatility(close, 30d) < 50%"}


def _fact(name: str, unit: Unit, scope: str = "book", has_age: bool = False, **kind: Any) -> FactDeclaration:
    return FactDeclaration(name, Kind(unit, **kind), "", scope, has_age)


FACTS = (
    _fact("position", Unit.BOOL, "symbol", has_age=True),
    _fact("position.side", Unit.ENUM, "symbol", members=("long", "short", "flat")),
    _fact("position.value", Unit.MONEY, "symbol"),
    _fact("position.profit", Unit.RATIO, "symbol", exact=False),
    _fact("price", Unit.PRICE, "symbol", has_age=True),
    _fact("portfolio.drawdown", Unit.RATIO, "portfolio"),
    _fact("portfolio.equity", Unit.MONEY, "portfolio"),
    _fact("funding.rate", Unit.RATIO, "market", has_age=True),
    _fact("funding.settled", Unit.RATIO, "market", exact=False, series=True),
    _fact("book", Unit.TEXT),
    _fact("engine", Unit.ENUM, members=("core-hodl", "trend-1")),
    _fact("order.opens", Unit.BOOL, "order"),
    _fact("order.asset", Unit.ENUM, "order", members=("BTC", "ETH", "SOL")),
    _fact("next_halving", Unit.TIMESTAMP),
    _fact("schedule.left", Unit.COUNT),
)


class Board:
    """Answers with what a test put on it, by the text of a leaf or the name of a fact; anything else is unknown."""

    def __init__(self, values: Mapping[str, Any], now_ms: int = 0) -> None:
        self.values = values
        self.now = now_ms

    def _reader(self, name: str, symbol: str) -> Callable[[], Any]:
        return lambda: self.values.get(f"{symbol}.{name}", self.values.get(name))

    def fact(self, name: str, symbol: str) -> Callable[[], Any]:
        return self._reader(name, symbol)

    def age(self, name: str, symbol: str) -> Callable[[], Any]:
        return self._reader(f"age:{name}", symbol)

    def series(self, leaf: Typed, symbol: str) -> Callable[[], Any]:
        return self._reader(leaf.text, symbol)

    def window_since_entry(self, window: SinceEntry, symbol: str) -> Callable[[], Any]:
        return self._reader(window.text, symbol)

    def now_ms(self) -> Callable[[], int]:
        return lambda: self.now

    def symbols(self) -> tuple[str, ...]:
        return ("BTCUSDT", "ETHUSDT")


def _param(text: str, line: int) -> Any:
    return parse_literal(Text(text, Place("book.yaml", line, 11, len(text))))


def _plain_scope() -> Scope:
    vocabulary = Vocabulary(
        {fact.name: fact for fact in FACTS}, ("BTCUSDT", "ETHUSDT"), ("BTC", "ETH", "SOL"), {"side": ("long", "short")}
    )
    params = {name: _param(text, line) for line, (name, text) in enumerate(PARAMS.items(), 10)}
    return Scope(vocabulary, params, {}, "1d")


@pytest.fixture(scope="session")
def scope() -> Scope:
    plain = _plain_scope()
    findings: list[Finding] = []
    named = {name: check_types(parse(in_one_line(text)), plain, findings) for name, text in NAMED.items()}
    assert not findings
    return Scope(plain.vocabulary, plain.params, named, plain.timeframe)


@pytest.fixture(scope="session")
def typed(scope: Scope) -> Callable[..., Typed]:
    def check(text: str, within: Scope = scope, expected: Kind | None = None) -> Typed:
        findings: list[Finding] = []
        expression = check_types(parse(in_one_line(text)), within, findings, expected)
        assert not findings, [str(finding) for finding in findings]
        return expression

    return check


@pytest.fixture(scope="session")
def findings_of(scope: Scope) -> Callable[..., list[Finding]]:
    def check(text: str | Text, within: Scope = scope, expected: Kind | None = None) -> list[Finding]:
        findings: list[Finding] = []
        try:
            check_types(parse(in_one_line(text) if isinstance(text, str) else text), within, findings, expected)
        except SyntaxProblem as problem:
            findings.append(problem.finding)
        return findings

    return check


@pytest.fixture(scope="session")
def board() -> type[Board]:
    return Board


@pytest.fixture(scope="session")
def value_of(typed: Callable[..., Typed]) -> Callable[..., Any]:
    def evaluate(text: str, now_ms: int = 0, symbol: str = "BTCUSDT", **values: Any) -> Any:
        named = {name.replace("__", "."): value for name, value in values.items()}
        given = {
            name: Decimal(value) if isinstance(value, str) and value[0] in "-.0123456789" else value
            for name, value in named.items()
        }
        return compile_live(typed(text), Board(given, now_ms), symbol)()

    return evaluate

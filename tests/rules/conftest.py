"""Two small machines, what their books may name, and a folder to write rule files into."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rules.language.findings import Finding
from rules.language.rulebook import Rulebook, load
from rules.language.units import Kind, Unit
from rules.language.vocabulary import FactDeclaration, Vocabulary


@dataclass(frozen=True)
class Argument:
    name: str
    unit: str
    members: tuple[str, ...] = ()
    required: bool = True
    per_symbol: bool = False


@dataclass(frozen=True)
class Trigger:
    name: str
    by: str
    arguments: tuple[Argument, ...] = ()
    opens: bool = False
    closes: bool = False


@dataclass(frozen=True)
class Machine:
    name: str
    states: tuple[str, ...]
    initial: str
    holding: frozenset[str]
    triggers: Mapping[str, Trigger]
    moves: tuple[tuple[str, str, str], ...]
    hedges: bool = False


def machine(name: str, states: str, holding: set[str], triggers: Sequence[Trigger], moves: str) -> Machine:
    lines = tuple(tuple(line.split()) for line in moves.strip().splitlines())
    names = tuple(states.split())
    by_name = {trigger.name: trigger for trigger in triggers}
    return Machine(name, names, names[0], frozenset(holding), by_name, lines)  # type: ignore[arg-type]


SIDES = ("long", "short")
URGENCIES = ("urgent", "normal", "patient")
TREND = machine(
    "trend",
    "SCANNING ENTERING IN_POSITION TRAILING EXITING EMERGENCY",
    {"IN_POSITION", "TRAILING", "EXITING"},
    [
        Trigger(
            "signal",
            "rule",
            (
                Argument("side", "enum", SIDES),
                Argument("risk", "ratio"),
                Argument("stop_distance", "price"),
                Argument("leverage", "number", required=False),
            ),
            opens=True,
        ),
        Trigger("trail", "rule", (Argument("distance", "price"),)),
        Trigger(
            "leave",
            "rule",
            (Argument("urgency", "enum", URGENCIES, required=False), Argument("label", "text", required=False)),
            closes=True,
        ),
        Trigger("opened", "runtime"),
        Trigger("closed", "runtime"),
        Trigger("emergency", "runtime"),
        Trigger("acknowledge", "operator"),
    ],
    """
    SCANNING signal ENTERING
    ENTERING opened IN_POSITION
    IN_POSITION trail TRAILING
    IN_POSITION leave EXITING
    TRAILING leave EXITING
    EXITING closed SCANNING
    SCANNING emergency EMERGENCY
    EMERGENCY acknowledge SCANNING
    """,
)
CORE = machine(
    "core",
    "DEPLOYING MAINTAINING PAUSED",
    {"DEPLOYING", "MAINTAINING", "PAUSED"},
    [
        Trigger("begin", "rule", (Argument("target", "money"), Argument("cycles", "count"))),
        Trigger("purchase", "rule", (Argument("amount", "money", per_symbol=True),), opens=True),
        Trigger("sell", "rule", (Argument("amount", "money", per_symbol=True),), closes=True),
        Trigger("balanced", "rule"),
        Trigger("pause", "rule", (Argument("reason", "text"),)),
        Trigger("resume", "rule"),
    ],
    """
    DEPLOYING begin DEPLOYING
    DEPLOYING purchase DEPLOYING
    MAINTAINING purchase MAINTAINING
    MAINTAINING sell MAINTAINING
    DEPLOYING balanced MAINTAINING
    DEPLOYING pause PAUSED
    MAINTAINING pause PAUSED
    PAUSED resume MAINTAINING
    """,
)
MACHINES = {"trend": TREND, "core": CORE}
LEVELS = ("NORMAL", "CAUTION", "WARNING", "ALERT", "EMERGENCY")
FACTS = (
    FactDeclaration("position", Kind(Unit.BOOL), "held", "symbol", has_age=True),
    FactDeclaration("position.side", Kind(Unit.ENUM, (*SIDES, "flat")), "its side", "symbol"),
    FactDeclaration("account.equity", Kind(Unit.MONEY), "the account", "book"),
    FactDeclaration("portfolio.equity", Kind(Unit.MONEY), "everything", "portfolio"),
    FactDeclaration("portfolio.drawdown", Kind(Unit.RATIO), "below the highest", "portfolio"),
    FactDeclaration("breaker.level", Kind(Unit.ENUM, LEVELS), "how bad it is", "portfolio"),
    FactDeclaration("weight", Kind(Unit.RATIO), "target", "symbol"),
    FactDeclaration("drift", Kind(Unit.RATIO), "off target", "symbol"),
    FactDeclaration("exchange.trouble", Kind(Unit.BOOL), "trouble", "portfolio"),
    FactDeclaration("order.asset", Kind(Unit.TEXT), "the coin", "order"),
    FactDeclaration("book", Kind(Unit.TEXT), "the book", "order"),
    FactDeclaration("machine", Kind(Unit.TEXT), "the machine", "order"),
)


def vocabulary_for(_kind: str, symbols: Sequence[str]) -> Vocabulary:
    assets = tuple(symbol.removesuffix("USDT") for symbol in symbols)
    return Vocabulary({fact.name: fact for fact in FACTS}, tuple(symbols), assets)


TREND_BOOK = """\
book: trend-1
about: Follow the trend.
machine: trend
account: TREND-1
market: linear
symbols: [BTCUSDT, ETHUSDT]
timeframe: 1d
directional: yes

params:
  slow: 200
  risk: 1%
  longest: 30d

facts:
  sma_slow: sma(close, slow)
  range: atr(14)

exits:
  too_old:
    in: [IN_POSITION, TRAILING]
    when: age(position) >= longest
    then: leave(urgency=normal, label="time stop")
    why: A month is enough.

triggers:
  trailing_on:
    in: IN_POSITION
    when: close > 2 * sma_slow
    then: trail(distance=3 * range)

entries:
  long:
    in: SCANNING
    when:
      - close > sma_slow
      - not exchange.trouble
    then: signal(side=long, risk=risk, stop_distance=2 * range)
"""
CORE_BOOK = """\
book: core
machine: core
account: CORE
market: spot
symbols: [BTCUSDT, ETHUSDT]
timeframe: 1d
weights: {BTCUSDT: 2/3, ETHUSDT: 1/3}

entries:
  weekly:
    in: [DEPLOYING, MAINTAINING]
    each: symbol
    when: drift < 5%
    then: purchase(amount=account.equity * 1% * weight)

triggers:
  deployed:
    in: DEPLOYING
    when: every_symbol(drift > -5%)
    then: balanced()
  trouble:
    in: [DEPLOYING, MAINTAINING]
    when: exchange.trouble
    then: pause(reason="trouble")
  healthy: {in: PAUSED, when: not exchange.trouble, then: resume()}
"""
BREAKERS_BOOK = """\
book: breakers
ladder:
  on: portfolio.drawdown
  clear_by: 2%
  keep_for: 24h
  levels:
    CAUTION:   { at: 10%, new_size: 75%, new_stop_distance: 150%, report: hourly, alert: P1 }
    WARNING:   { at: 15%, new_size: 50%, entries: none, alert: P1 }
    ALERT:     { at: 20%, entries: none, close: directional, alert: P0 }
    EMERGENCY: { at: 25%, entries: none, close: everything, halt: until_acknowledged, alert: P0 }
after_acknowledgement: { size: 25%, doubles_every: 7d, back_to_start_on: any_level }
"""


@dataclass
class Shelf:
    """A folder of rule files; `findings` are those of the last time that it was read."""

    folder: Path
    trend: str = TREND_BOOK
    core: str = CORE_BOOK
    breakers: str = BREAKERS_BOOK
    findings: list[Finding] = field(default_factory=list)

    def put(self, name: str, text: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def load(self, *names: str, environment: str = "") -> Rulebook | None:
        paths = [self.folder / name for name in names] or sorted(self.folder.iterdir())
        rulebook, self.findings = load(paths, MACHINES, vocabulary_for, environment)
        return rulebook

    def said(self) -> list[str]:
        """Write each finding as `file:line:column: code sentence suggestion`, without the folder."""
        return [str(finding).replace(f"{self.folder}/", "") for finding in self.findings]

    def codes(self) -> list[str]:
        return [finding.code for finding in self.findings]


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


@pytest.fixture
def check_book(shelf: Shelf) -> Callable[..., list[str]]:
    """Check one book with some of its text replaced, and give what was found."""

    def check(text: str, *replacements: tuple[str, str]) -> list[str]:
        for old, new in replacements:
            assert old in text, f"`{old}` is not in the book that this test changes"
            text = text.replace(old, new)
        shelf.put("book.yaml", text)
        shelf.load("book.yaml")
        return shelf.said()

    return check

"""A machine drawn: every row has its arrow, and rules stand on the arrows that they move along."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from machines.breaker import BREAKER
from machines.catalogue import MACHINES
from machines.diagram import RuleMove, mermaid
from machines.lifecycle import LIFECYCLE
from machines.order import ORDER
from machines.table import By, Table
from machines.trend import TREND

HELD = ("IN_POSITION", "TRAILING_STOP")
RULES: Sequence[RuleMove] = (
    ("exits.trend_broken_long", HELD, "leave"),
    ("exits.too_old", HELD, "leave"),
    ("triggers.trailing_on", ("IN_POSITION",), "trail"),
    ("triggers.tighten", ("TRAILING_STOP",), "tighten"),
    ("triggers.look_again", ("NO_TRADE", "STOPPED_OUT"), "look_again"),
    ("entries.long", ("SCANNING",), "signal"),
    ("entries.short", ("SCANNING",), "signal"),
)
ARROW = re.compile(r"    (\w+) --> (\w+): ([^:;]+)")
SHIPPED = (*MACHINES.values(), ORDER, BREAKER, LIFECYCLE)


def arrows(text: str) -> set[tuple[str, str, str]]:
    """Read (source, line, destination) of every arrow, as Mermaid does: no colon, no semicolon in a label."""
    found = [match for match in map(ARROW.fullmatch, text.splitlines()) if match]
    return {(match[1], line, match[2]) for match in found for line in match[3].split("<br/>")}


@pytest.mark.spec("RULE-12")
def test_the_trend_machine_with_its_rules() -> None:
    golden = Path(__file__).with_name("trend.mmd").read_text(encoding="utf-8")
    assert mermaid(TREND, RULES) == golden


@pytest.mark.spec("RULE-12")
@pytest.mark.parametrize("table", SHIPPED, ids=lambda table: table.name)
def test_every_row_has_an_arrow_and_every_arrow_a_row(table: Table) -> None:
    text = mermaid(table)
    words = {By.RULE: "{} by no rule", By.RUNTIME: "({})", By.OPERATOR: "★ {}"}
    expected = {(source, words[table.triggers[name].by].format(name), to) for source, name, to in table.moves}
    assert arrows(text) == expected


@pytest.mark.parametrize("table", SHIPPED, ids=lambda table: table.name)
def test_nothing_else_is_in_a_drawing(table: Table) -> None:
    head, *lines = mermaid(table).splitlines()
    assert head == "stateDiagram-v2"
    assert lines[0] == f"    [*] --> {table.initial}"
    assert all(ARROW.fullmatch(line) or re.match("    (classDef|class) ", line) for line in lines[1:])


@pytest.mark.parametrize("table", SHIPPED, ids=lambda table: table.name)
def test_two_states_have_one_arrow_each_way(table: Table) -> None:
    pairs = [match.group(1, 2) for match in map(ARROW.fullmatch, mermaid(table).splitlines()) if match]
    assert len(pairs) == len(set(pairs))


def test_a_rule_stands_only_on_arrows_from_its_own_states() -> None:
    drawn = arrows(mermaid(TREND, [("exits.one", ("IN_POSITION",), "leave"), ("exits.one", ("IN_POSITION",), "leave")]))
    assert ("IN_POSITION", "leave by exits.one", "EXITING") in drawn
    assert ("TRAILING_STOP", "leave by no rule", "EXITING") in drawn


def test_rules_stand_in_the_order_of_their_file() -> None:
    both = [("entries.b", ("SCANNING",), "signal"), ("entries.a", ("SCANNING",), "signal")]
    assert ("SCANNING", "signal by entries.b, entries.a", "SIGNAL_DETECTED") in arrows(mermaid(TREND, both))

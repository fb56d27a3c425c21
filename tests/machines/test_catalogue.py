"""The machines that books may name, as rule files and the runtime see them."""

from collections.abc import Iterator

import pytest

from machines.breaker import BREAKER
from machines.catalogue import MACHINES
from machines.lifecycle import LIFECYCLE
from machines.order import ORDER
from machines.table import UNITS, Argument, By, Table
from rules.language.units import Unit

SHIPPED = (*MACHINES.values(), ORDER, BREAKER, LIFECYCLE)


def arguments(table: Table) -> Iterator[tuple[str, Argument]]:
    for trigger in table.triggers.values():
        yield from ((trigger.name, argument) for argument in (*trigger.arguments, *trigger.given))


def test_each_machine_is_filed_under_its_own_name() -> None:
    assert {name: table.name for name, table in MACHINES.items()} == {
        name: name for name in ("core", "trend", "funding", "tactical")
    }


def test_units_are_those_of_the_rule_language() -> None:
    assert {str(unit) for unit in Unit} - {"wrong"} == UNITS


@pytest.mark.spec("TREND-01", "CORE-02")
def test_what_rules_may_fire() -> None:
    by_rules = {table.name: {t.name for t in table.triggers.values() if t.by is By.RULE} for table in SHIPPED}
    assert by_rules == {
        "core": {
            "begin",
            "adopt",
            "purchase",
            "unbalanced",
            "balanced",
            "sell",
            "earn",
            "redeem",
            "redeploy",
            "pause",
            "resume",
        },
        "trend": {"signal", "trail", "tighten", "leave", "look_again"},
        "funding": {
            *("detect", "calm", "open_pair", "compound", "interrupt", "even_out", "collect", "abandon", "reduce"),
            *("close_pair", "share_out", "hand_over"),
        },
        "tactical": {
            *("arm", "watch", "save", "detect", "calm", "deploy", "interrupt", "buy_again", "stop_buying"),
            *("take_part", "take_all", "sell_out", "sell_again", "end", "give_back", "settle"),
        },
        "order": set(),
        "breaker": set(),
        "lifecycle": set(),
    }


def test_what_opens_and_what_closes() -> None:
    opening = {(table.name, t.name) for table in SHIPPED for t in table.triggers.values() if t.opens}
    closing = {(table.name, t.name) for table in SHIPPED for t in table.triggers.values() if t.closes}
    assert opening == {
        *(("trend", "signal"), ("core", "purchase"), ("tactical", "deploy"), ("tactical", "buy_again")),
        *(("funding", "open_pair"), ("funding", "compound")),
    }
    assert closing == {
        *(("trend", name) for name in ("leave", "close_now")),
        *(("core", name) for name in ("sell", "close_now")),
        *(("funding", name) for name in ("even_out", "reduce", "close_pair", "close_now")),
        *(("tactical", name) for name in ("take_part", "take_all", "sell_out", "sell_again", "close_now")),
    }


@pytest.mark.parametrize("table", SHIPPED, ids=lambda table: table.name)
def test_everything_that_a_person_reads_is_described(table: Table) -> None:
    assert table.about
    assert all(trigger.about for trigger in table.triggers.values())


@pytest.mark.parametrize("table", SHIPPED, ids=lambda table: table.name)
def test_a_position_that_waits_for_a_rule_can_be_closed_by_one(table: Table) -> None:
    closing = {
        source
        for source, trigger, _ in table.moves
        if table.triggers[trigger].closes and table.triggers[trigger].by is By.RULE
    }
    assert table.holding <= closing


def test_only_defaults_of_the_right_kind() -> None:
    words = [(t, a) for table in SHIPPED for t, a in arguments(table) if a.members and a.default is not None]
    assert words
    assert all(a.default in a.members for _, a in words)

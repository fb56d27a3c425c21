"""A table that the library would take and that can't be meant is refused with a sentence."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from machines.breaker import BREAKER
from machines.catalogue import MACHINES
from machines.lifecycle import LIFECYCLE
from machines.machine import Machine
from machines.order import ORDER
from machines.table import Argument, By, Firing, Row, Table, TableError, Trigger, named


@dataclass(frozen=True)
class Memory:
    count: int = 0


def guard(_memory: Memory, _firing: Firing) -> bool:
    return True


def other_guard(_memory: Memory, _firing: Firing) -> bool:
    return False


GO, BACK = Row(("A",), "go", "B"), Row(("B",), "back", "A")
TRIGGERS = (Trigger("go", By.RULE), Trigger("back", By.RUNTIME))
SMALL = Table("small", "two states", ("A", "B"), "A", named(TRIGGERS), (GO, BACK), Memory)
HALT, FREE = Row(("A", "B"), "halt", "EMERGENCY"), Row(("EMERGENCY",), "free", "A")
SAFE = replace(
    SMALL,
    states=("A", "B", "EMERGENCY"),
    triggers=named((*TRIGGERS, Trigger("halt", By.RUNTIME), Trigger("free", By.OPERATOR))),
    rows=(GO, BACK, HALT, FREE),
    holding=frozenset({"B"}),
)


def with_rows(*rows: Row, of: Table = SMALL) -> Table:
    return replace(of, rows=(*of.rows, *rows))


def with_trigger(trigger: Trigger) -> Table:
    return replace(SMALL, triggers=named((TRIGGERS[0], trigger)), rows=(GO, Row(("B",), trigger.name, "A")))


def with_argument(*arguments: Argument) -> Table:
    return with_trigger(Trigger("back", By.RULE, arguments))


@dataclass
class Loose:
    count: int = 0


@dataclass(frozen=True)
class Needy:
    count: int


@dataclass(frozen=True)
class Floating:
    price: float = 0.0


CASES: Sequence[tuple[str, Callable[[], Table]]] = [
    ("the initial state 'C' is unknown; add it", lambda: replace(SMALL, initial="C")),
    ("state 'A' is listed 2 times", lambda: replace(SMALL, states=("A", "B", "A"))),
    ("a state has an empty name", lambda: replace(SMALL, states=("A", "B", ""))),
    ("the holding state 'C' is unknown", lambda: replace(SMALL, holding=frozenset("C"))),
    ("the idle state 'C' is unknown", lambda: replace(SMALL, idle=frozenset("C"))),
    ("'go' leads from the unknown state 'C'", lambda: with_rows(Row(("C",), "go", "B"))),
    ("'go' leads to the unknown state 'C'", lambda: with_rows(Row(("B",), "go", "C"))),
    (
        "leads to the unknown state 'EMERGENCI', did you mean 'EMERGENCY'?",
        lambda: with_rows(Row(("B",), "go", "EMERGENCI"), of=SAFE),
    ),
    ("the row of 'go' has an empty destination; write None", lambda: with_rows(Row(("B",), "go", ""))),
    ("the row of 'go' to A has no source", lambda: with_rows(Row((), "go", "A"))),
    ("a row has the unknown trigger 'bakc', did you mean 'back'?", lambda: with_rows(Row(("A",), "bakc", "B"))),
    ("a row has the unknown trigger 'jump'", lambda: with_rows(Row(("A",), "jump", "B", None, lambda m, _: (m, ())))),
    ("'go' in A has 2 rows without a guard", lambda: with_rows(GO)),
    ("'go' in A has 2 rows without a guard", lambda: with_rows(Row(("B", "A"), "go", None))),
    ("'go' in A has a guarded row behind one that always holds", lambda: with_rows(Row(("A",), "go", "A", guard))),
    (
        "'go' in B has two rows with the same guard",
        lambda: with_rows(Row(("B",), "go", "A", guard), Row(("B",), "go", "B", guard)),
    ),
    ("state B can't be reached from A", lambda: replace(SMALL, rows=(Row(("A",), "go", None), BACK))),
    ("trigger 'back' has no row", lambda: replace(SMALL, rows=(GO,))),
    ("trigger 'go' is filed under 'gone'", lambda: replace(SMALL, triggers={"gone": TRIGGERS[0], "back": TRIGGERS[1]})),
    ("a trigger can't be called 'state'", lambda: with_trigger(Trigger("state", By.RULE))),
    ("a trigger can't be called 'trigger'", lambda: with_trigger(Trigger("trigger", By.RULE))),
    ("a trigger can't be called 'go back'", lambda: with_trigger(Trigger("go back", By.RULE))),
    ("argument 'x' of 'back' is declared 2 times", lambda: with_argument(Argument("x", "text"), Argument("x", "text"))),
    ("argument 'x' of 'back' has the unknown unit 'euro'; choose from", lambda: with_argument(Argument("x", "euro"))),
    ("argument 'x' of 'back' needs members exactly", lambda: with_argument(Argument("x", "enum"))),
    ("argument 'x' of 'back' needs members exactly", lambda: with_argument(Argument("x", "text", members=("a",)))),
    ("argument 'x' of 'back' is required and has a default", lambda: with_argument(Argument("x", "text", default="a"))),
    (
        "has the default 'c', which is not one of a, b",
        lambda: with_argument(Argument("x", "enum", ("a", "b"), required=False, default="c")),
    ),
    ("something can be held and there is no state EMERGENCY", lambda: replace(SMALL, holding=frozenset("B"))),
    ("it begins in EMERGENCY", lambda: replace(SAFE, initial="EMERGENCY")),
    (
        "EMERGENCY can't be reached from B in one step",
        lambda: replace(SAFE, rows=(GO, BACK, Row(("A",), "halt", "EMERGENCY"), FREE)),
    ),
    (
        "the rule trigger 'go' leads from EMERGENCY, out of reach of rules",
        lambda: with_rows(Row(("EMERGENCY",), "go", None), of=SAFE),
    ),
    (
        "'back' leads out of EMERGENCY to A; only an operator's trigger may",
        lambda: with_rows(Row(("EMERGENCY",), "back", "A"), of=SAFE),
    ),
    ("memory Loose is not a frozen dataclass", lambda: replace(SMALL, memory=Loose)),
    ("memory dict is not a frozen dataclass", lambda: replace(SMALL, memory=dict)),
    ("memory Needy can't be made without arguments", lambda: replace(SMALL, memory=Needy)),
    ("memory Floating has a field that would not survive the journal", lambda: replace(SMALL, memory=Floating)),
]


@pytest.mark.parametrize(("sentence", "wrong"), CASES, ids=[sentence for sentence, _ in CASES])
def test_a_wrong_table_is_refused(sentence: str, wrong: Callable[[], Table]) -> None:
    with pytest.raises(TableError) as refusal:
        Machine(wrong())
    assert sentence in str(refusal.value)
    assert str(refusal.value).startswith("machine 'small': ")


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(TableError) as refusal:
        Machine(replace(with_rows(Row(("C",), "jump", "")), initial="D"))
    assert len(str(refusal.value).splitlines()) == 4


def test_the_fast_way_refuses_as_well() -> None:
    with pytest.raises(TableError):
        Machine(replace(SMALL, initial="C"), fast=True)


def test_two_triggers_of_one_name_are_refused() -> None:
    with pytest.raises(TableError, match="trigger 'go' is declared twice"):
        named((TRIGGERS[0], TRIGGERS[0]))


@pytest.mark.parametrize(
    "table",
    [
        SMALL,
        SAFE,
        with_rows(Row(("B",), "go", "A", guard), Row(("B",), "go", None, other_guard)),
        with_rows(Row(("B",), "go", "A", guard), Row(("B",), "go", None)),
        with_rows(Row(("EMERGENCY",), "back", None), of=SAFE),
        replace(SAFE, rows=(GO, BACK, Row(("A",), "halt", "EMERGENCY"), FREE), idle=frozenset("B")),
    ],
)
def test_what_can_be_meant_is_taken(table: Table) -> None:
    assert Machine(table).table is table


SHIPPED: Sequence[Any] = (*MACHINES.values(), ORDER, BREAKER, LIFECYCLE)


@pytest.mark.parametrize("table", SHIPPED, ids=lambda table: table.name)
def test_every_shipped_table_is_sound(table: Table) -> None:
    Machine(table)

"""EMERGENCY is built in, not written by the author of a machine."""

from dataclasses import dataclass

import pytest

from machines.catalogue import MACHINES
from machines.emergency import Return, with_emergency
from machines.machine import Machine
from machines.table import EMERGENCY, By, Row, Table, TableError, Trigger, named


@dataclass(frozen=True)
class Memory:
    pass


PLAIN = Table(
    "plain", "", ("A", "B", EMERGENCY), "A", named((Trigger("go", By.RULE),)), (Row(("A",), "go", "B"),), Memory
)


@pytest.mark.parametrize(
    "table", [with_emergency(PLAIN, {}, (), (Return("A"),)), *MACHINES.values()], ids=lambda table: table.name
)
def test_it_leads_in_from_everywhere_and_out_by_a_person_only(table: Table) -> None:
    Machine(table)
    entering = {source for source, trigger, to in table.moves if (trigger, to) == ("emergency", EMERGENCY)}
    assert entering == {*table.states} - {EMERGENCY}
    leaving = {trigger for source, trigger, to in table.moves if source == EMERGENCY and to != EMERGENCY}
    assert leaving == {"acknowledge"}
    assert table.triggers["acknowledge"].by is By.OPERATOR
    assert table.triggers["emergency"].by is By.RUNTIME


def test_an_author_cannot_lead_out_of_it() -> None:
    escape = Table(
        "sly", "", PLAIN.states, "A", PLAIN.triggers, (*PLAIN.rows, Row(("B", EMERGENCY), "go", "A")), Memory
    )
    with pytest.raises(TableError, match="machine 'sly': 'go' names EMERGENCY as a source; drop it, it is built in"):
        with_emergency(escape, {}, (), (Return("A"),))


def test_an_author_cannot_declare_its_triggers() -> None:
    sly = Table("sly", "", PLAIN.states, "A", named((Trigger("acknowledge", By.RULE),)), PLAIN.rows, Memory)
    with pytest.raises(TableError, match="trigger 'acknowledge' is declared twice"):
        with_emergency(sly, {}, (), (Return("A"),))

"""The page about operating tells of every command and of what the gate lets through."""

import re
from pathlib import Path

import pytest

from runtime.commands import COMMANDS
from runtime.gate import Purpose, may
from runtime.status import Hold, Status

PAGE = Path(__file__).resolve().parents[2] / "docs" / "operating.md"
ROWS = {
    "entries and purchases": Purpose.ENTRY,
    "exits, reduce-only orders, sales": Purpose.REDUCE,
    "stops, cancellations": Purpose.PROTECT,
    "transfers between own accounts": Purpose.TRANSFER,
}
COLUMNS = {
    "running": Status(lifecycle="RUNNING"),
    "paused": Status(lifecycle="PAUSED", paused=True),
    "breaker forbids entries": Status(lifecycle="RUNNING", level="WARNING", entries_allowed=False),
    "book paused": Status(lifecycle="RUNNING", holds={"a": frozenset({Hold.PAUSED})}),
    "halted": Status(lifecycle="EMERGENCY", level="EMERGENCY", entries_allowed=False),
    "exchange away": Status(lifecycle="PAUSED", exchange_away=True),
    "starting or stopping": Status(lifecycle="STARTING"),
}


def rows() -> list[list[str]]:
    """The lines of all tables of the page."""
    lines = (line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|"))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.spec("LIFE-06")
def test_every_command_is_described() -> None:
    described = [re.fullmatch(r"`(\w+)`", row[0]) for row in rows()]
    assert {match[1] for match in described if match} == set(COMMANDS)


@pytest.mark.spec("BRK-07")
def test_the_page_says_what_the_gate_says() -> None:
    head = next(row for row in rows() if row[1] == "running")
    assert head[1:] == list(COLUMNS)
    for row in rows():
        if row[0] in ROWS:
            answers = [may(ROWS[row[0]], status, "a") is None for status in COLUMNS.values()]
            assert row[1:] == ["yes" if passes else "no" for passes in answers], row[0]

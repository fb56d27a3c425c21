"""Plays a journal once more and compares every decision with what was decided then, byte for byte."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from adapters.postgres.chain import Entry, checked
from adapters.postgres.connection import Connection
from adapters.postgres.failure import StoreError
from adapters.postgres.journal import entries
from adapters.postgres.openings import Opening, openings
from adapters.postgres.snapshots import valid_snapshots
from runtime.codec import canonical, to_plain
from runtime.engine import Engine
from runtime.step import Decision

ABSENT = "nothing"
SHOWN = 200
MEMORY = "the engine's memory, "

Build = Callable[[Opening], Engine]
Seen = Callable[[Entry], None]


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place at which a replay isn't what was journaled; the two texts are what stands there."""

    seq: int
    at_ms: int
    kind: str
    where: str
    journaled: str
    replayed: str


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many entries came out the same and how many decisions they hold, and the first entry that didn't."""

    entries: int
    decisions: int
    difference: Difference | None


def replay(connection: Connection, build: Build, seen: Seen = lambda _entry: None) -> Replayed:
    """Play the whole journal, from opening to opening, and stop at the first difference.

    `build` makes the engine of an opening. Raises BrokenJournalError where the chain is broken, StoreError where no
    opening is known.
    """
    starts = {opening.seq: opening for opening in openings(connection)}
    states = {snapshot.seq: snapshot.state for snapshot in valid_snapshots(connection)}
    engine: Engine | None = None
    played = decisions = 0
    for entry in checked(entries(connection)):
        if entry.seq - 1 in starts:
            engine = build(starts[entry.seq - 1])
        if engine is None:
            raise StoreError("Expected to know how the engine stood before its first event, found nothing.")
        difference = compared(engine, entry) or _remembered(engine, entry, states)
        if difference is not None:
            return Replayed(played, decisions, difference)
        played += 1
        decisions += sum(isinstance(record, Decision) for record in entry.step.records)
        seen(entry)
    return Replayed(played, decisions, None)


def compared(engine: Engine, entry: Entry) -> Difference | None:
    """Let the engine take the event of an entry, and compare what follows with what followed then."""
    plain = to_plain(engine.step(entry.step.event))
    if engine.rulebook.version != entry.rules:
        return _difference(entry, "the version of the rule files", entry.rules, engine.rulebook.version)
    if canonical(plain) == entry.body.encode():
        return None
    return _difference(entry, *next(differences(json.loads(entry.body), plain)))


def _remembered(engine: Engine, entry: Entry, states: Mapping[int, Any]) -> Difference | None:
    """Compare what the engine remembers with the snapshot of that moment, if there is one."""
    if entry.seq not in states:
        return None
    found = next(differences(states[entry.seq], engine.to_plain()), None)
    return None if found is None else _difference(entry, MEMORY + found[0], *found[1:])


def differences(then: Any, now: Any, where: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield the places at which two JSON-able values differ, with the text that stands in each."""
    if isinstance(then, dict) and isinstance(now, dict):
        for name in {**then, **now}:
            place = f"{where}.{name}" if where else str(name)
            yield from differences(then.get(name, ABSENT), now.get(name, ABSENT), place)
    elif isinstance(then, list) and isinstance(now, list | tuple):
        for index in range(max(len(then), len(now))):
            one, other = (values[index] if index < len(values) else ABSENT for values in (then, now))
            yield from differences(one, other, f"{where}[{index}]")
    elif canonical(then) != canonical(now):
        yield where, _text(then), _text(now)


def _difference(entry: Entry, where: str, then: str, now: str) -> Difference:
    return Difference(entry.seq, entry.at_ms, entry.kind, where, then, now)


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else canonical(value).decode()
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"

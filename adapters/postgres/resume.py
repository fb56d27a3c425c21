"""Brings an engine to where the journal ends: the normal way to start, whatever ended the process before."""

from collections import deque
from dataclasses import dataclass, replace

from adapters.postgres.connection import Connection
from adapters.postgres.failure import StoreError
from adapters.postgres.journal import entries
from adapters.postgres.openings import Opening, openings
from adapters.postgres.replay import Difference, compared
from adapters.postgres.snapshots import latest_snapshot
from runtime.codec import from_plain
from runtime.engine import Engine
from runtime.events import CandleClose, RulesReloaded
from runtime.library import Library
from runtime.step import Step

CANDLES = """
SELECT body -> 'event' FROM journal WHERE kind IN ('CandleClose', 'RulesReloaded') AND seq > %s AND seq <= %s
ORDER BY seq
"""


@dataclass(frozen=True)
class Resumed:
    """An engine that stands where the journal ends, and the steps that were played to bring it there."""

    engine: Engine
    tail: tuple[Step, ...]


def resume(connection: Connection, library: Library) -> Resumed | None:
    """Make the engine of the latest snapshot or opening, and let it take what was journaled after that.

    It is made with the rules that were in force then. Gives None where nothing was ever journaled. Raises StoreError
    where it decides otherwise than it did.
    """
    base = _base(connection)
    if base is None:
        return None
    engine = base.engine(library.rulebook(base.rules), library)
    tail = []
    for entry in entries(connection, base.seq):
        difference = compared(engine, entry)
        if difference is not None:
            raise StoreError(_refusal(difference))
        tail.append(entry.step)
    return Resumed(engine, tuple(tail))


def _base(connection: Connection) -> Opening | None:
    """The latest moment of which everything is known: a snapshot has its candles from the opening before it."""
    # Where nothing came after an opening, the next one stands at the same entry and takes its place.
    opening = next(iter(deque(openings(connection), maxlen=1)), None)
    snapshot = latest_snapshot(connection)
    if opening is None or snapshot is None or snapshot.seq <= opening.seq:
        return opening
    rows = connection.execute(CANDLES, (opening.seq, snapshot.seq))
    events = [from_plain(CandleClose | RulesReloaded, event) for (event,) in rows]
    later = tuple(event for event in events if event.candles)
    books = tuple(dict.fromkeys(instance["book"] for instance in snapshot.state["instances"]))
    rules = opening.rules if snapshot.rules == opening.rules.partition(".")[0] else snapshot.rules
    return replace(opening, seq=snapshot.seq, rules=rules, books=books, state=snapshot.state, later=later)


def _refusal(difference: Difference) -> str:
    return (
        f"This program decides otherwise than the one that wrote the journal: entry {difference.seq}, in "
        f"{difference.where}, has {difference.journaled}, and now it would be {difference.replayed}. Start once with "
        "the version that wrote it, stop it in good order, and then use this one."
    )

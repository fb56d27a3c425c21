"""Brings an engine to where the journal ends: the normal way to start, whatever ended the process before."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from adapters.postgres.connection import Connection
from adapters.postgres.failure import StoreError
from adapters.postgres.journal import entries
from adapters.postgres.openings import Opening, openings
from adapters.postgres.replay import Difference, compared
from adapters.postgres.snapshots import latest_snapshot
from rules.language.rulebook import Rulebook
from runtime.codec import from_plain
from runtime.engine import Engine
from runtime.events import CandleClose
from runtime.step import Step

CANDLES = "SELECT body -> 'event' FROM journal WHERE kind = %s AND seq > %s AND seq <= %s ORDER BY seq"

RulebookOf = Callable[[str], Rulebook]
"""The rulebook of a version."""


@dataclass(frozen=True)
class Resumed:
    """An engine that stands where the journal ends, and the steps that were played to bring it there."""

    engine: Engine
    tail: tuple[Step, ...]


def resume(connection: Connection, rulebook_of: RulebookOf, names: Mapping[str, str] | None = None) -> Resumed | None:
    """Make the engine of the latest snapshot or opening, and let it take what was journaled after that.

    It is made with the rules that were in force then; `names` gives the paths that rule files had then, by those they
    have now. Gives None where nothing was ever journaled. Raises StoreError where it decides otherwise than it did.
    """
    base = _base(connection)
    if base is None:
        return None
    engine = base.engine(rulebook_of(base.rules))
    tail = []
    for entry in entries(connection, base.seq):
        difference = compared(engine, entry, names or {})
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
    rows = connection.execute(CANDLES, (CandleClose.__name__, opening.seq, snapshot.seq))
    later = tuple(candle for (event,) in rows for candle in from_plain(CandleClose, event).candles)
    return replace(opening, seq=snapshot.seq, state=snapshot.state, later=later)


def _refusal(difference: Difference) -> str:
    return (
        f"This program decides otherwise than the one that wrote the journal: entry {difference.seq}, in "
        f"{difference.where}, has {difference.journaled}, and now it would be {difference.replayed}. Start once with "
        "the version that wrote it, stop it in good order, and then use this one."
    )

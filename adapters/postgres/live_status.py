"""How the running engine stands, as it says itself every two seconds, for whoever looks into the store."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Event as Signal
from typing import Any

from adapters.clock import monotonic_ms
from adapters.postgres.beside import Beside
from adapters.postgres.connection import Connection
from runtime.engine import Engine
from runtime.live_sheet import Plain, live_sheet, missing_now

EVERY_MS = 2_000
# What entries miss is worked out by playing their rules, in the engine's thread.
MISSING_EVERY_MS = 30_000
# Of its time no more than a twentieth part goes into that.
REST = 19
STALE_S = 10.0
WRITE = """
INSERT INTO live_status (mode, sheet, written_at) VALUES (%s, %s, clock_timestamp())
ON CONFLICT (one) DO UPDATE SET mode = EXCLUDED.mode, sheet = EXCLUDED.sheet, written_at = EXCLUDED.written_at
"""
READ = "SELECT mode, sheet, extract(epoch FROM clock_timestamp() - written_at)::float8 FROM live_status"
# Decisions and alerts are looked for among the newest entries only, so that a long journal costs nothing.
DECISIONS = """
SELECT seq, at_ms, record ->> 'book', record ->> 'symbol', record ->> 'rule', record ->> 'before', record ->> 'after'
FROM journal, json_array_elements(body -> 'records') WITH ORDINALITY AS one (record, place)
WHERE seq > (SELECT max(seq) FROM journal) - 5000 AND record ->> 'type' = 'Decision'
ORDER BY seq DESC, place DESC LIMIT %s
"""
ALERTS = "SELECT at_ms, severity, book, text FROM outbox WHERE severity < 'P3' ORDER BY seq DESC, place DESC LIMIT %s"


@dataclass(frozen=True, slots=True)
class LiveStatus:
    """What the engine last said of itself, `age_s` seconds ago; `mode` is how it runs, such as demo."""

    mode: str
    sheet: Plain
    age_s: float

    @property
    def stale(self) -> bool:
        """Whether it should have said something since."""
        return self.age_s > STALE_S


class StatusRow(Beside):
    """Writes the newest sheet in a thread of its own; a database that is away never holds the engine up."""

    def __init__(self, find: Callable[[], str], mode: str) -> None:
        super().__init__("status", find)
        self._mode = mode
        self._sheet: Plain | None = None
        self._missing: list[Plain] = []
        self._found: list[Plain] = []
        self._asking: Iterator[Plain] | None = None
        self._due_ms = self._missing_due_ms = self._spent_ms = 0
        self._news = Signal()

    def look(self, engine: Engine, at_ms: int, idle: bool = True) -> None:
        """Look at the engine if it is time to; only its own thread may call this. `idle` is whether no event waits."""
        now_ms = monotonic_ms()
        if idle:
            self._ask(engine, at_ms, now_ms)
        if now_ms < self._due_ms:
            return
        self._due_ms = now_ms + EVERY_MS
        self._sheet = {**live_sheet(engine, at_ms), "why_not": self._missing}
        self._news.set()

    def _ask(self, engine: Engine, at_ms: int, now_ms: int) -> None:
        """Ask what entries miss: one book and symbol at a time, because events wait meanwhile."""
        if self._asking is None:
            if not engine.ready or now_ms < self._missing_due_ms:
                return
            self._missing_due_ms, self._spent_ms = now_ms + MISSING_EVERY_MS, 0
            self._asking, self._found = missing_now(engine, at_ms), []
        one = next(self._asking, None)
        self._spent_ms += monotonic_ms() - now_ms
        if one is not None:
            self._found.append(one)
        else:
            self._missing, self._asking = self._found, None
            self._missing_due_ms = max(self._missing_due_ms, now_ms + REST * self._spent_ms)

    def _stop(self) -> None:
        super()._stop()
        self._news.set()

    def _work(self, connection: Connection) -> None:
        while not self._stopping.is_set():
            self._news.wait()
            self._news.clear()
            if self._sheet is not None:
                connection.execute(WRITE, (self._mode, json.dumps(self._sheet, allow_nan=False)))


def live_status(connection: Connection) -> LiveStatus | None:
    """Return what the engine last said of itself; None where none has ever run on this store."""
    row = connection.execute(READ).fetchone()
    return None if row is None else LiveStatus(*row)


def last_decisions(connection: Connection, most: int) -> list[dict[str, Any]]:
    """Return the newest decisions, the newest first."""
    names = ("entry", "at_ms", "book", "symbol", "rule", "before", "after")
    return [dict(zip(names, row, strict=True)) for row in connection.execute(DECISIONS, (most,))]


def last_alerts(connection: Connection, most: int) -> list[dict[str, Any]]:
    """Return the newest sentences for the operator but for everyday ones, the newest first."""
    names = ("at_ms", "severity", "book", "text")
    return [dict(zip(names, row, strict=True)) for row in connection.execute(ALERTS, (most,))]

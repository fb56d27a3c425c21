"""A journal that remembers in order what happened while the database was away."""

from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import Protocol

from runtime.ports import JournalAwayError
from runtime.step import Step

MOST = 20_000
BATCH = 200
PAUSE_MS = 1_000


class BatchJournal(Protocol):
    """A journal that keeps several steps at once."""

    def append_all(self, steps: Sequence[Step]) -> None:
        """Keep all of the steps or none."""


class BufferFullError(Exception):
    """More has happened without a journal than is remembered; only a restart is safe."""


class Buffered:
    """Keeps steps in memory while the journal is away, and writes them first when it is back.

    After JournalAwayError a step is remembered and must not be given again. Between two attempts `pause_ms` go by, in
    the time of the steps, so that waiting for a database that is away doesn't slow what still has to be done.
    """

    def __init__(self, journal: BatchJournal, most: int = MOST, pause_ms: int = PAUSE_MS) -> None:
        self._journal = journal
        self._most = most
        self._pause_ms = pause_ms
        self._waiting: deque[Step] = deque()
        self._tried_ms: int | None = None

    @property
    def waiting(self) -> int:
        """How many steps are remembered only."""
        return len(self._waiting)

    def append(self, step: Step) -> None:
        """Keep a step and everything that waits before it; returns when all of it is durable.

        Raises JournalAwayError where it is only remembered, BufferFullError where it can't even be that, and whatever
        else the journal raises.
        """
        if len(self._waiting) >= self._most:
            raise BufferFullError(
                f"The database has been away for {self._most} steps, and no more can be remembered. The engine "
                "stops; on its next start it learns from the exchange what happened."
            )
        self._waiting.append(step)
        if self._tried_ms is not None and step.at_ms - self._tried_ms < self._pause_ms:
            raise JournalAwayError(f"The journal is away; {self.waiting} steps wait for it.")
        self._write(step.at_ms)

    def _write(self, at_ms: int) -> None:
        try:
            while self._waiting:
                batch = tuple(islice(self._waiting, BATCH))
                self._journal.append_all(batch)
                for _ in batch:
                    self._waiting.popleft()
        except JournalAwayError:
            self._tried_ms = at_ms
            raise
        self._tried_ms = None

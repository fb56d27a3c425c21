"""A journal that isn't asked again and again while its database is away."""

from typing import Protocol

from adapters.clock import monotonic_ms
from runtime.ports import JournalAwayError
from runtime.step import Step

PAUSE_MS = 1_000


class StepJournal(Protocol):
    """A journal that keeps one step after the other."""

    def append(self, step: Step) -> None:
        """Keep a step."""


class Patient:
    """Says at once that the journal is away while less than `pause_ms` have gone by since it was.

    Each attempt may take seconds, in which what protects could not leave.
    """

    def __init__(self, journal: StepJournal, pause_ms: int = PAUSE_MS) -> None:
        self._journal, self._pause_ms = journal, pause_ms
        self._again_ms: int | None = None

    def append(self, step: Step) -> None:
        """Keep a step; raises what the journal raises."""
        if self._again_ms is not None and monotonic_ms() < self._again_ms:
            raise JournalAwayError("The journal is away; it is tried again in a moment.")
        try:
            self._journal.append(step)
        except JournalAwayError:
            self._again_ms = monotonic_ms() + self._pause_ms
            raise
        self._again_ms = None

"""A journal that writes news together: facts, answers and fills come by the dozen, and little follows from most."""

from collections.abc import Callable, Sequence
from typing import Protocol

from runtime.events import FactObserved, Fill, OrderAccepted, OrderCancelled, StopPlaced
from runtime.step import Step

MOST = 200
NEWS = FactObserved | OrderAccepted | OrderCancelled | Fill | StopPlaced
"""What a crash may forget: the exchange tells it again to whoever asks after a start."""


class BatchJournal(Protocol):
    """A journal that keeps several steps at once."""

    def append_all(self, steps: Sequence[Step]) -> None:
        """Keep all of the steps or none."""


class Gathering:
    """Holds news that ask for nothing back while more events wait, and writes them with the step after them.

    `waiting` tells whether the engine will take another event at once. Whatever asks for something is written before
    `append` returns, together with everything that was held. A crash forgets what was held as it forgets what had not
    been taken from the inbox: nothing of it has left.
    """

    def __init__(self, journal: BatchJournal, waiting: Callable[[], bool]) -> None:
        self._journal, self._waiting = journal, waiting
        self._held: list[Step] = []

    def append(self, step: Step) -> None:
        """Keep a step, or hold it; raises what the journal raises, and then the step has to be given again."""
        if _only_news(step) and len(self._held) < MOST and self._waiting():
            self._held.append(step)
            return
        self._journal.append_all((*self._held, step))
        self._held.clear()

    def flush(self) -> None:
        """Write what is held; raises what the journal raises."""
        if self._held:
            self._journal.append_all(self._held)
            self._held.clear()


def _only_news(step: Step) -> bool:
    return isinstance(step.event, NEWS) and not step.requests

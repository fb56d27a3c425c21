"""The life of the whole engine as its machine remembers it."""

from collections.abc import Mapping
from typing import Any

from machines.lifecycle import LIFECYCLE, LifecycleMemory
from machines.machine import Machine
from machines.table import Firing
from runtime.draft import Draft
from runtime.status import Status
from runtime.step import Transition


class Life:
    """Moves the machine, writes each move down, and shows in the status where it stands."""

    def __init__(self, status: Status) -> None:
        self._machine = Machine(LIFECYCLE, fast=True)
        self._snapshot = LIFECYCLE.begin(0)
        self._status = status

    @property
    def state(self) -> str:
        """What the engine as a whole is doing."""
        return self._snapshot.state

    @property
    def begun(self) -> bool:
        """Whether it has been started."""
        return self._snapshot.state != LIFECYCLE.initial

    @property
    def memory(self) -> LifecycleMemory:
        """Who has paused it, and how far a halt has come."""
        memory: LifecycleMemory = self._snapshot.memory
        return memory

    def move(self, trigger: str, cause: str, draft: Draft, **arguments: Any) -> bool:
        """Fire a trigger; False where the state does not allow it."""
        firing = Firing(draft.at_ms, (), arguments, cause)
        outcome = self._machine.attempt(self._snapshot, trigger, firing)
        if outcome is None:
            return False
        self._snapshot = outcome.after
        self._show()
        draft.records.append(Transition("", "", trigger, outcome.before.state, outcome.after.state, cause))
        return True

    def _show(self) -> None:
        status, memory = self._status, self.memory
        status.lifecycle = self.state
        status.paused, status.exchange_away = memory.paused_by_operator, memory.exchange_away

    def to_plain(self) -> dict[str, Any]:
        """State and memory as plain data."""
        return self._snapshot.to_plain()

    def restore(self, plain: Mapping[str, Any]) -> None:
        """Take back what `to_plain` gave."""
        self._snapshot = LIFECYCLE.restore(plain)
        self._show()

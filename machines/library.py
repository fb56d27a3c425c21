"""The one place that knows the `transitions` library: a checked table becomes one of its machines."""

from dataclasses import dataclass
from typing import Any

import transitions

from machines.intents import Intent
from machines.table import Effect, Firing, Guard, Outcome, Row, Snapshot, Table


class Model:
    """What the library moves; its state is set before each trigger, so that one is enough for every snapshot."""

    state: str


@dataclass(slots=True)
class Attempt:
    """One firing on its way through the library's callbacks."""

    memory: Any
    firing: Firing
    intents: tuple[Intent, ...] = ()


class Library:
    """A table run by the library, synchronously and without triggers of its own making."""

    def __init__(self, table: Table) -> None:
        self._answers = table.answers
        self._model = Model()
        self._machine = transitions.Machine(
            model=self._model,
            states=[str(state) for state in table.states],
            initial=str(table.initial),
            transitions=[transition_of(row) for row in table.rows],
            auto_transitions=False,
            send_event=True,
            name=table.name,
        )

    def __call__(self, snapshot: Snapshot, trigger: str, firing: Firing) -> Outcome | None:
        """Fire a trigger; None when the table has no row for it whose guard holds."""
        if trigger not in self._answers[snapshot.state]:
            return None
        self._model.state = snapshot.state
        attempt = Attempt(snapshot.memory, firing)
        if not self._machine.events[trigger].trigger(self._model, attempt):
            return None
        state = self._model.state
        since_ms = snapshot.since_ms if state == snapshot.state else firing.now_ms
        return Outcome(snapshot, Snapshot(state, attempt.memory, since_ms), attempt.intents)


def transition_of(row: Row) -> dict[str, Any]:
    """A row in the library's words; effects run before the state changes, so that a failing one leaves it as it was."""
    return {
        "trigger": row.trigger,
        "source": [str(source) for source in row.sources],
        "dest": None if row.destination is None else str(row.destination),
        "conditions": [] if row.guard is None else [condition(row.guard)],
        "before": [] if row.effect is None else [callback(row.effect)],
    }


def condition(guard: Guard) -> Any:
    """A guard as the library calls it."""

    def holds(event: transitions.EventData) -> bool:
        (attempt,) = event.args
        return guard(attempt.memory, attempt.firing)

    return holds


def callback(effect: Effect) -> Any:
    """An effect as the library calls it."""

    def apply(event: transitions.EventData) -> None:
        (attempt,) = event.args
        attempt.memory, attempt.intents = effect(attempt.memory, attempt.firing)

    return apply

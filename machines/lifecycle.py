"""The life of the whole engine: started, running, paused by a person or by an outage, halted, stopped."""

from dataclasses import dataclass, replace
from enum import StrEnum

from machines.intents import Intent
from machines.table import Argument, By, Firing, Row, Table, Trigger, named


class State(StrEnum):
    """What the engine as a whole is doing."""

    STOPPED = "STOPPED"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    STOPPING = "STOPPING"
    EMERGENCY = "EMERGENCY"


class Stage(StrEnum):
    """What of an emergency halt is still to do; a crash resumes here."""

    FREEZE = "freeze"
    CLOSE = "close"
    TELL = "tell"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class LifecycleMemory:
    """Who has paused it, and how far the emergency halt has come.

    A pause by a person and one by an outage are kept apart: the end of one does not end the other.
    """

    paused_by_operator: bool = False
    exchange_away: bool = False
    stage: Stage = Stage.DONE
    reason: str = ""


Change = tuple[LifecycleMemory, tuple[Intent, ...]]


def start(memory: LifecycleMemory, _firing: Firing) -> Change:
    """A process has begun: what the exchange did before it is past, what a person wanted is not."""
    return replace(memory, exchange_away=False), ()


def pause(memory: LifecycleMemory, _firing: Firing) -> Change:
    """Remember that a person wants it paused."""
    return replace(memory, paused_by_operator=True), ()


def resume(memory: LifecycleMemory, _firing: Firing) -> Change:
    """Forget the person's pause."""
    return replace(memory, paused_by_operator=False), ()


def lose_exchange(memory: LifecycleMemory, _firing: Firing) -> Change:
    """Remember the outage."""
    return replace(memory, exchange_away=True), ()


def find_exchange(memory: LifecycleMemory, _firing: Firing) -> Change:
    """Forget the outage."""
    return replace(memory, exchange_away=False), ()


def halt(memory: LifecycleMemory, firing: Firing) -> Change:
    """Begin the halt with its first stage."""
    return replace(memory, stage=Stage.FREEZE, reason=firing.arguments["reason"]), ()


def next_stage(memory: LifecycleMemory, _firing: Firing) -> Change:
    """Go on to the next stage of the halt."""
    stages = tuple(Stage)
    return replace(memory, stage=stages[stages.index(memory.stage) + 1]), ()


def end_halt(memory: LifecycleMemory, _firing: Firing) -> Change:
    """The halt is over, whatever stage it has reached."""
    return replace(memory, stage=Stage.DONE, reason=""), ()


# ── guards ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def nobody_wants_it_paused(memory: LifecycleMemory, _firing: Firing) -> bool:
    """Neither a person nor an outage holds it."""
    return not (memory.paused_by_operator or memory.exchange_away)


def somebody_wants_it_paused(memory: LifecycleMemory, _firing: Firing) -> bool:
    """A person or an outage holds it."""
    return memory.paused_by_operator or memory.exchange_away


def the_exchange_is_there(memory: LifecycleMemory, _firing: Firing) -> bool:
    """No outage is known."""
    return not memory.exchange_away


def the_exchange_is_away(memory: LifecycleMemory, _firing: Firing) -> bool:
    """An outage holds it."""
    return memory.exchange_away


def no_person_has_paused_it(memory: LifecycleMemory, _firing: Firing) -> bool:
    """Only an outage can be holding it."""
    return not memory.paused_by_operator


def a_person_has_paused_it(memory: LifecycleMemory, _firing: Firing) -> bool:
    """A person holds it."""
    return memory.paused_by_operator


def a_stage_is_left(memory: LifecycleMemory, _firing: Firing) -> bool:
    """The halt is not complete."""
    return memory.stage is not Stage.DONE


TRIGGERS = named(
    (
        Trigger("start", By.RUNTIME, about="a process has begun, after a stop or after a crash"),
        Trigger("ready", By.RUNTIME, about="the state is loaded and reconciled with the exchange"),
        Trigger("pause", By.OPERATOR, about="open nothing until told otherwise"),
        Trigger("resume", By.OPERATOR, about="go on"),
        Trigger("exchange_lost", By.RUNTIME, about="the exchange can't be reached"),
        Trigger("exchange_back", By.RUNTIME, about="the exchange can be reached, and reconciliation has ended"),
        Trigger("stop", By.OPERATOR, about="end in good order"),
        Trigger("stopped", By.RUNTIME, about="everything has ended"),
        Trigger(
            "emergency",
            By.RUNTIME,
            (Argument("reason", "text", required=False, default=""),),
            about="halt: freeze new orders, close positions, tell the operator",
        ),
        Trigger("stage_done", By.RUNTIME, about="one stage of the halt is complete"),
        Trigger("acknowledge", By.OPERATOR, about="a person has looked at it"),
    )
)

LIVE = (State.STARTING, State.RUNNING, State.PAUSED, State.STOPPING)

# A process that begins always goes through STARTING, wherever the last one died, so that nothing is traded before the
# reconciliation; only EMERGENCY stays what it was.
LIFECYCLE = Table(
    name="lifecycle",
    about="The whole engine from start to stop.",
    states=tuple(State),
    initial=State.STOPPED,
    idle=frozenset((State.STOPPED,)),
    memory=LifecycleMemory,
    triggers=TRIGGERS,
    rows=(
        Row((State.STOPPED, *LIVE), "start", State.STARTING, effect=start),
        Row((State.EMERGENCY,), "start", None, effect=start),
        Row((State.STARTING,), "ready", State.RUNNING, nobody_wants_it_paused),
        Row((State.STARTING,), "ready", State.PAUSED, somebody_wants_it_paused),
        Row((State.RUNNING,), "pause", State.PAUSED, effect=pause),
        Row((State.STARTING, State.PAUSED, State.EMERGENCY), "pause", None, effect=pause),
        Row((State.PAUSED,), "resume", State.RUNNING, the_exchange_is_there, resume),
        Row((State.PAUSED,), "resume", None, the_exchange_is_away, resume),
        Row((State.STARTING,), "resume", None, effect=resume),
        Row((State.RUNNING,), "exchange_lost", State.PAUSED, effect=lose_exchange),
        Row(
            (State.STARTING, State.PAUSED, State.STOPPING, State.EMERGENCY), "exchange_lost", None, effect=lose_exchange
        ),
        Row((State.PAUSED,), "exchange_back", State.RUNNING, no_person_has_paused_it, find_exchange),
        Row((State.PAUSED,), "exchange_back", None, a_person_has_paused_it, find_exchange),
        Row(
            (State.STARTING, State.RUNNING, State.STOPPING, State.EMERGENCY),
            "exchange_back",
            None,
            effect=find_exchange,
        ),
        Row((State.STARTING, State.RUNNING, State.PAUSED), "stop", State.STOPPING),
        Row((State.STOPPING,), "stopped", State.STOPPED),
        Row(LIVE, "emergency", State.EMERGENCY, effect=halt),
        Row((State.EMERGENCY,), "stage_done", None, a_stage_is_left, next_stage),
        Row((State.EMERGENCY,), "acknowledge", State.STOPPING, effect=end_halt),
    ),
)

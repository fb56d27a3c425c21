"""The level of the breaker ladder: up at once, down one step at a time, out of EMERGENCY on a person's word only."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from machines.intents import Intent
from machines.table import Argument, By, Firing, Guard, Row, Table, Trigger, named


class Level(StrEnum):
    """How bad it is, from nothing to everything."""

    NORMAL = "NORMAL"
    CAUTION = "CAUTION"
    WARNING = "WARNING"
    ALERT = "ALERT"
    EMERGENCY = "EMERGENCY"


@dataclass(frozen=True, slots=True)
class BreakerMemory:
    """Moments in milliseconds UTC; None where it is not so.

    `below_since_ms`: since when the measure has been far enough under the level. `recovery_started_ms`: since when
    sizes grow again after an emergency; a new breach starts them over.
    """

    below_since_ms: int | None = None
    recovery_started_ms: int | None = None


Change = tuple[BreakerMemory, tuple[Intent, ...]]


def breach(memory: BreakerMemory, firing: Firing) -> Change:
    """Forget that it was calm, and start a recovery that is under way over again, unless that is not wanted."""
    over_again = memory.recovery_started_ms is not None and firing.arguments.get("restart", True)
    return BreakerMemory(None, firing.now_ms if over_again else memory.recovery_started_ms), ()


def forget_calm(memory: BreakerMemory, _firing: Firing) -> Change:
    """Count the calm from nothing: each step down is waited for anew."""
    return replace(memory, below_since_ms=None), ()


def notice_calm(memory: BreakerMemory, firing: Firing) -> Change:
    """Remember when the calm began, unless it has begun already."""
    return memory if memory.below_since_ms is not None else replace(memory, below_since_ms=firing.now_ms), ()


def recover(_memory: BreakerMemory, firing: Firing) -> Change:
    """Begin the recovery."""
    return BreakerMemory(None, firing.now_ms), ()


def end_recovery(memory: BreakerMemory, _firing: Firing) -> Change:
    """Sizes are whole again."""
    return replace(memory, recovery_started_ms=None), ()


def level_is(level: Level) -> Guard:
    """Make the guard that holds when this level was asked for."""

    def guard(_memory: BreakerMemory, firing: Firing) -> bool:
        return bool(firing.arguments["level"] == level)

    guard.__name__ = f"the level is {level}"
    return guard


def a_recovery_is_under_way(memory: BreakerMemory, _firing: Firing) -> bool:
    """An emergency was acknowledged and sizes are not whole yet."""
    return memory.recovery_started_ms is not None


LEVELS = tuple(Level)
FALLING = LEVELS[1:-1]

TRIGGERS = named(
    (
        Trigger(
            "rise",
            By.RUNTIME,
            (
                Argument("level", "enum", tuple(str(level) for level in LEVELS[1:])),
                Argument("restart", "bool", required=False, default=True, about="whether a recovery begins anew"),
            ),
            about="a higher level is reached",
        ),
        Trigger("dip", By.RUNTIME, about="the measure is far enough under the level"),
        Trigger("climb", By.RUNTIME, about="the measure is too near to the level again"),
        Trigger("fall", By.RUNTIME, about="it was calm for long enough: one step down"),
        Trigger("recovered", By.RUNTIME, about="sizes are whole again"),
        Trigger("acknowledge", By.OPERATOR, about="a person has looked at it; trading begins again with small sizes"),
    )
)


def steps() -> Iterator[Row]:
    """Up from every lower level to every higher one, down to the next one."""
    for rank, level in enumerate(LEVELS[1:], 1):
        yield Row(LEVELS[:rank], "rise", level, level_is(level), breach)
    for rank, level in enumerate(FALLING):
        yield Row((level,), "fall", LEVELS[rank], effect=forget_calm)


BREAKER = Table(
    name="breaker",
    about="How much of a fall of the portfolio is behind us, and what that forbids.",
    states=LEVELS,
    initial=Level.NORMAL,
    memory=BreakerMemory,
    triggers=TRIGGERS,
    rows=(
        *steps(),
        Row(FALLING, "dip", None, effect=notice_calm),
        Row(FALLING, "climb", None, effect=forget_calm),
        Row(LEVELS[:-1], "recovered", None, a_recovery_is_under_way, end_recovery),
        Row((Level.EMERGENCY,), "acknowledge", Level.NORMAL, effect=recover),
    ),
)

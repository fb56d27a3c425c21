"""The way into and out of EMERGENCY, the same for every engine and out of reach of rule files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from machines.table import EMERGENCY, Argument, By, Effect, Guard, Row, Table, TableError, Trigger, named

HALT = Trigger(
    "emergency",
    By.RUNTIME,
    (Argument("reason", "text", required=False, default="", about="for the journal"),),
    about="trading halts; what is held stays held until something closes it",
)
ACKNOWLEDGE = Trigger("acknowledge", By.OPERATOR, about="a person has looked at it and lets the engine go on")


@dataclass(frozen=True, slots=True)
class Return:
    """Where an acknowledgement leads when the guard holds."""

    destination: str
    guard: Guard | None = None
    effect: Effect | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """A trigger of the runtime that is still heard in EMERGENCY when the guard holds, and what it does there."""

    trigger: str
    effect: Effect
    guard: Guard | None = None


def with_emergency(
    table: Table, halting: Mapping[str, Effect], meanwhile: Sequence[Heard], afterwards: Sequence[Return]
) -> Table:
    """Add EMERGENCY's triggers and rows to an engine's table.

    `halting` is what entering it does, by the state it comes from; `meanwhile` is what is still heard in EMERGENCY;
    `afterwards` is where an acknowledgement leads. Raises TableError when the table has rows of its own there.
    """
    for row in table.rows:
        if EMERGENCY in row.sources:
            raise TableError(
                f"machine {table.name!r}: {row.trigger!r} names {EMERGENCY} as a source; drop it, it is built in"
            )
    return replace(
        table,
        triggers=named((*table.triggers.values(), HALT, ACKNOWLEDGE)),
        rows=(
            *table.rows,
            *(
                Row((state,), HALT.name, EMERGENCY, None, halting.get(state))
                for state in table.states
                if state != EMERGENCY
            ),
            *(Row((EMERGENCY,), heard.trigger, None, heard.guard, heard.effect) for heard in meanwhile),
            *(Row((EMERGENCY,), ACKNOWLEDGE.name, to.destination, to.guard, to.effect) for to in afterwards),
        ),
    )

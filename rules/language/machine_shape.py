"""What a rule file has to know of a machine: its states, its triggers with their arguments, and where they lead."""

from collections.abc import Mapping
from typing import Protocol


class ArgumentShape(Protocol):
    """An argument of a trigger; `unit` is the name of a unit, `members` are the words of an enumeration."""

    @property
    def name(self) -> str:
        """How a rule names it."""

    @property
    def unit(self) -> str:
        """What it counts."""

    @property
    def members(self) -> tuple[str, ...]:
        """The words it may be."""

    @property
    def required(self) -> bool:
        """Whether it has to be given."""

    @property
    def per_symbol(self) -> bool:
        """Whether each symbol has its own value."""


class TriggerShape(Protocol):
    """A trigger; `by` is rule, runtime or operator."""

    @property
    def name(self) -> str:
        """How a rule names it."""

    @property
    def by(self) -> str:
        """Who may fire it."""

    @property
    def arguments(self) -> tuple[ArgumentShape, ...]:
        """What it is told."""

    @property
    def opens(self) -> bool:
        """Whether it may lead to more risk."""

    @property
    def closes(self) -> bool:
        """Whether it may lead to less risk."""


class MachineShape(Protocol):
    """A machine; in `holding` states something may be held, `moves` are (source, trigger, destination)."""

    @property
    def name(self) -> str:
        """How a book names it."""

    @property
    def states(self) -> tuple[str, ...]:
        """Every state."""

    @property
    def initial(self) -> str:
        """Where it begins."""

    @property
    def holding(self) -> frozenset[str]:
        """Where something may be held."""

    @property
    def hedges(self) -> bool:
        """Whether it trades a coin together with its perpetual, on two markets."""

    @property
    def triggers(self) -> Mapping[str, TriggerShape]:
        """Every trigger by its name."""

    @property
    def moves(self) -> tuple[tuple[str, str, str], ...]:
        """What leads where; staying is a move to the same state."""


def serves_whole_book(machine: MachineShape) -> bool:
    """Say whether one machine speaks for all symbols of a book: its triggers take a value for each of them."""
    return any(argument.per_symbol for trigger in machine.triggers.values() for argument in trigger.arguments)


def callable_by_rules(machine: MachineShape) -> dict[str, TriggerShape]:
    """Give the triggers that a rule may fire."""
    return {name: trigger for name, trigger in machine.triggers.items() if trigger.by == "rule"}


def sources_of(machine: MachineShape, trigger: str) -> list[str]:
    """List the states in which a trigger is heard, in the machine's order."""
    heard = {source for source, name, _ in machine.moves if name == trigger}
    return [str(state) for state in machine.states if str(state) in heard]

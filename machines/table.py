"""A machine as data: its states, what moves it from one to another, and what it remembers on the way."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Any

from machines.intents import Intent
from machines.plain import Plain, from_plain, to_plain

EMERGENCY = "EMERGENCY"
UNITS = frozenset(
    (
        "ratio",
        "money",
        "price",
        "quantity",
        "duration",
        "count",
        "number",
        "bool",
        "enum",
        "text",
        "time_of_day",
        "timestamp",
    )
)


class TableError(ValueError):
    """A table that can't be a machine; the sentence says where it is wrong and what to do."""


class ImpossibleTransition(RuntimeError):  # noqa: N818 — the name is the sentence
    """Something was asked of a machine that it can't do in its state; a defect of whoever asked."""


class By(StrEnum):
    """Who may fire a trigger: a rule of a book, the runtime that reports what happened, or a person."""

    RULE = "rule"
    RUNTIME = "runtime"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Argument:
    """What a trigger is told; `unit` is one of UNITS, `members` are the words of an enum.

    The value of a `per_symbol` argument is a mapping from symbol to value. One that isn't required has `default`.
    """

    name: str
    unit: str
    members: tuple[str, ...] = ()
    required: bool = True
    default: Any = None
    per_symbol: bool = False
    about: str = ""


@dataclass(frozen=True)
class Trigger:
    """Something that can be asked of a machine.

    `arguments` are named by whoever fires it; `given` is what the runtime adds to a rule's arguments. `opens` and
    `closes` say whether it may lead to more or to less risk. One that `follows` only moves a stop to its `distance`
    behind the best price, and never away from the price.
    """

    name: str
    by: By
    arguments: tuple[Argument, ...] = ()
    about: str = ""
    opens: bool = False
    closes: bool = False
    given: tuple[Argument, ...] = ()
    follows: bool = False

    @cached_property
    def defaults(self) -> Mapping[str, Any]:
        """The values of what may be left out."""
        return {argument.name: argument.default for argument in self.arguments if not argument.required}

    @cached_property
    def needs(self) -> frozenset[str]:
        """The names of what must be told."""
        return frozenset(argument.name for argument in (*self.arguments, *self.given) if argument.required)


@dataclass(frozen=True, slots=True)
class Firing:
    """One time that a trigger is fired: when, for which symbols, with which arguments, and by which rule."""

    now_ms: int
    symbols: tuple[str, ...] = ()
    arguments: Mapping[str, Any] = field(default_factory=dict)
    rule: str = ""


Guard = Callable[[Any, Firing], bool]
Effect = Callable[[Any, Firing], tuple[Any, tuple[Intent, ...]]]


@dataclass(frozen=True, slots=True)
class Row:
    """From any of the sources, a trigger leads to the destination (None: stays) when the guard holds.

    The guard and the effect see memory and the firing only, and have no effect on anything but what they return.
    """

    sources: tuple[str, ...]
    trigger: str
    destination: str | None
    guard: Guard | None = None
    effect: Effect | None = None


@dataclass(frozen=True)
class Table:
    """A whole machine.

    `holding` are the states in which a position waits for a rule to close it, `idle` those in which nothing can be
    lost, so that EMERGENCY need not be reachable from them. In `awaiting` states orders are on their way, and rules are
    asked as soon as one ends and as time passes, not only at candles. `memory` is a frozen dataclass that needs no
    arguments. One that `hedges` trades a coin together with its perpetual.
    """

    name: str
    about: str
    states: tuple[str, ...]
    initial: str
    triggers: Mapping[str, Trigger]
    rows: tuple[Row, ...]
    memory: type[Any]
    holding: frozenset[str] = frozenset()
    idle: frozenset[str] = frozenset()
    awaiting: frozenset[str] = frozenset()
    hedges: bool = False

    @cached_property
    def moves(self) -> tuple[tuple[str, str, str], ...]:
        """Every (source, trigger, destination); staying is a move to where it stands."""
        return tuple(
            (str(source), row.trigger, str(source if row.destination is None else row.destination))
            for row in self.rows
            for source in row.sources
        )

    @cached_property
    def answers(self) -> Mapping[str, Mapping[str, tuple[Row, ...]]]:
        """The rows by state and trigger, in the order in which they are tried."""
        answers: dict[str, dict[str, tuple[Row, ...]]] = {str(state): {} for state in self.states}
        for row in self.rows:
            for source in row.sources:
                at_source = answers.setdefault(str(source), {})
                at_source[row.trigger] = (*at_source.get(row.trigger, ()), row)
        return answers

    def begin(self, now_ms: int) -> "Snapshot":
        """The machine as it is when it has never run."""
        return Snapshot(str(self.initial), self.memory(), now_ms)

    def restore(self, plain: Mapping[str, Any]) -> "Snapshot":
        """The machine as it was when `Snapshot.to_plain` was called."""
        return Snapshot.from_plain(plain, self.memory)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Where a machine stands, what it remembers and since when it has been in this state, in milliseconds UTC."""

    state: str
    memory: Any
    since_ms: int

    def to_plain(self) -> dict[str, Plain]:
        """Give it as what JSON can hold."""
        return {"state": str(self.state), "memory": to_plain(self.memory), "since_ms": self.since_ms}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any], memory: type[Any]) -> "Snapshot":
        """Make it again from what `to_plain` gave, with memory of this type."""
        return cls(plain["state"], from_plain(plain["memory"], memory), plain["since_ms"])


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a trigger did: the machine before and after, and what it wants done."""

    before: Snapshot
    after: Snapshot
    intents: tuple[Intent, ...]


def named(triggers: Iterable[Trigger]) -> Mapping[str, Trigger]:
    """Put triggers under their names; raises TableError when two have the same one."""
    by_name: dict[str, Trigger] = {}
    for trigger in triggers:
        if trigger.name in by_name:
            raise TableError(f"trigger {trigger.name!r} is declared twice; leave one")
        by_name[trigger.name] = trigger
    return MappingProxyType(by_name)

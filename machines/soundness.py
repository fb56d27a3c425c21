"""Whether a table can be a machine: everything the state machine library would let through is refused here."""

from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches

from machines.plain import can_be_plain
from machines.table import EMERGENCY, UNITS, By, Row, Table, TableError, Trigger

# The library binds these to its model, and a trigger of the same name would silently replace them.
RESERVED = frozenset(("state", "trigger"))


def check(table: Table) -> None:
    """Raise one TableError with a sentence for everything that is wrong with a table."""
    problems = [*names(table), *declarations(table), *rows(table)]
    problems = problems or [*conflicts(table), *reach(table), *emergency(table), *memory(table)]
    if problems:
        raise TableError("\n".join(f"machine {table.name!r}: {problem}" for problem in problems))


def names(table: Table) -> Iterator[str]:
    """States: each once, none empty, and the named ones exist."""
    for state, count in Counter(table.states).items():
        if not state:
            yield "a state has an empty name; name it"
        if count > 1:
            yield f"state {state!r} is listed {count} times; list it once"
    if table.initial not in table.states:
        yield f"the initial state {table.initial!r} is unknown{suggest(table.initial, table)}"
    for title, states in (("holding", table.holding), ("idle", table.idle), ("awaiting", table.awaiting)):
        for state in sorted(states - set(table.states)):
            yield f"the {title} state {state!r} is unknown{suggest(state, table)}"


def declarations(table: Table) -> Iterator[str]:
    """Triggers: under their own names, with units that exist."""
    for name, trigger in table.triggers.items():
        if name != trigger.name:
            yield f"trigger {trigger.name!r} is filed under {name!r}; use one name"
        if name in RESERVED or not name.isidentifier():
            yield f"a trigger can't be called {name!r}; choose another word"
        yield from arguments(trigger)


def arguments(trigger: Trigger) -> Iterator[str]:
    """Arguments of one trigger: each once, with a unit, and a default exactly where they may be left out."""
    for name, count in Counter(argument.name for argument in (*trigger.arguments, *trigger.given)).items():
        if count > 1:
            yield f"argument {name!r} of {trigger.name!r} is declared {count} times; declare it once"
    for argument in (*trigger.arguments, *trigger.given):
        place = f"argument {argument.name!r} of {trigger.name!r}"
        if argument.unit not in UNITS:
            yield f"{place} has the unknown unit {argument.unit!r}; choose from {', '.join(sorted(UNITS))}"
        if (argument.unit == "enum") != bool(argument.members):
            yield f"{place} needs members exactly when its unit is enum"
        if argument.required and argument.default is not None:
            yield f"{place} is required and has a default; drop one of them"
        if argument.members and argument.default not in (None, *argument.members):
            yield f"{place} has the default {argument.default!r}, which is not one of {', '.join(argument.members)}"


def rows(table: Table) -> Iterator[str]:
    """Rows: sources, destination and trigger exist."""
    for row in table.rows:
        if not row.sources:
            yield f"the row of {row.trigger!r} to {row.destination} has no source; name the states it leads from"
        if row.trigger not in table.triggers:
            yield f"a row has the unknown trigger {row.trigger!r}{suggest(row.trigger, table)}"
        if row.destination == "":
            yield f"the row of {row.trigger!r} has an empty destination; write None for a trigger that stays"
        elif row.destination is not None and row.destination not in table.states:
            yield f"{row.trigger!r} leads to the unknown state {row.destination!r}{suggest(row.destination, table)}"
        for source in row.sources:
            if source not in table.states:
                yield f"{row.trigger!r} leads from the unknown state {source!r}{suggest(source, table)}"


def conflicts(table: Table) -> Iterator[str]:
    """Rows that can never be taken because another one comes first."""
    for state, answers in table.answers.items():
        for trigger, candidates in answers.items():
            yield from shadowed(f"{trigger!r} in {state}", candidates)


def shadowed(place: str, candidates: tuple[Row, ...]) -> Iterator[str]:
    """Sentences about the rows of one state and trigger that can't all be meant."""
    unguarded = [row for row in candidates if row.guard is None]
    if len(unguarded) > 1:
        yield f"{place} has {len(unguarded)} rows without a guard; keep one or say when each of them holds"
    elif unguarded and candidates[-1].guard is not None:
        yield f"{place} has a guarded row behind one that always holds; put the unguarded row last"
    guards = Counter(id(row.guard) for row in candidates if row.guard is not None)
    if any(count > 1 for count in guards.values()):
        yield f"{place} has two rows with the same guard; the second is never taken, drop it"


def reach(table: Table) -> Iterator[str]:
    """States and triggers that nothing leads to."""
    reached, waiting = {str(table.initial)}, [str(table.initial)]
    while waiting:
        here = waiting.pop()
        after = {destination for source, _, destination in table.moves if source == here} - reached
        reached |= after
        waiting += sorted(after)
    for state in table.states:
        if state not in reached:
            yield f"state {state} can't be reached from {table.initial}; add a row that leads to it or drop it"
    used = {row.trigger for row in table.rows}
    for name in table.triggers:
        if name not in used:
            yield f"trigger {name!r} has no row; add one or drop the trigger"


def emergency(table: Table) -> Iterator[str]:
    """EMERGENCY is reachable from wherever something can be lost, and only a person leads out of it."""
    if EMERGENCY not in table.states:
        if table.holding:
            yield f"something can be held and there is no state {EMERGENCY}; build the table with `with_emergency`"
        return
    if table.initial == EMERGENCY:
        yield f"it begins in {EMERGENCY}; choose another initial state"
    escapes = {source for source, _, destination in table.moves if destination == EMERGENCY}
    for state in table.states:
        if state not in escapes | table.idle | {EMERGENCY}:
            yield f"{EMERGENCY} can't be reached from {state} in one step; add the edge or list the state as idle"
    for source, name, destination in table.moves:
        if source == EMERGENCY:
            yield from leaving(table.triggers[name], destination)


def leaving(trigger: Trigger, destination: str) -> Iterator[str]:
    """Sentences about one move that starts in EMERGENCY."""
    if trigger.by is By.RULE:
        yield f"the rule trigger {trigger.name!r} leads from {EMERGENCY}, out of reach of rules; drop that source"
    elif destination != EMERGENCY and trigger.by is not By.OPERATOR:
        yield f"{trigger.name!r} leads out of {EMERGENCY} to {destination}; only an operator's trigger may"


def memory(table: Table) -> Iterator[str]:
    """Memory is a frozen dataclass of plain things that needs no arguments."""
    parameters = getattr(table.memory, "__dataclass_params__", None)
    if parameters is None or not parameters.frozen:
        yield f"memory {table.memory.__name__} is not a frozen dataclass; make it one"
        return
    try:
        table.memory()
    except TypeError as error:
        yield f"memory {table.memory.__name__} can't be made without arguments ({error}); give every field a default"
    if not can_be_plain(table.memory):
        yield (
            f"memory {table.memory.__name__} has a field that would not survive the journal; "
            "use str, int, bool, Decimal, enums, tuple[X, ...], Mapping[str, X] and X | None"
        )


def suggest(word: str, table: Table) -> str:
    """The end of a sentence about an unknown name."""
    near = get_close_matches(word, [*table.states, *table.triggers], 1)
    return f", did you mean {str(near[0])!r}?" if near else "; add it or correct the name"

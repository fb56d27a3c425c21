"""The machines as tables and diagrams."""

from cells import code, sentence, table

from machines.breaker import BREAKER
from machines.catalogue import MACHINES
from machines.diagram import mermaid
from machines.lifecycle import LIFECYCLE
from machines.order import ORDER
from machines.table import Argument, By, Table, Trigger
from rules.language.rulebook import Rulebook

SHOWN = {"core": "core-hodl", "trend": "trend-1", "funding": "funding", "tactical": "tactical"}
DIAGRAMS = {name: (MACHINES[name], book) for name, book in SHOWN.items()} | {
    table.name: (table, "") for table in (BREAKER, ORDER, LIFECYCLE)
}


def rule_triggers(machine: Table) -> str:
    """List what rules can fire, with the arguments."""
    fired = [trigger for trigger in machine.triggers.values() if trigger.by is By.RULE]
    rows = [(code(_trigger_call(one)), _states(machine, one), _told(one)) for one in fired]
    return table(("call", "from → to", "meaning"), rows)


def other_triggers(machine: Table) -> str:
    """List what the engine and persons report."""
    told = [trigger for trigger in machine.triggers.values() if trigger.by is not By.RULE]
    by = {By.OPERATOR: "a person", By.RUNTIME: "the engine"}
    rows = [(code(one.name), by[one.by], sentence(one.about)) for one in told]
    return table(("trigger", "fired by", "meaning"), rows)


def _trigger_call(trigger: Trigger) -> str:
    return f"{trigger.name}({', '.join(_argument_call(argument) for argument in trigger.arguments)})"


def _argument_call(argument: Argument) -> str:
    if argument.required:
        return f"{argument.name}=…"
    default = f'"{argument.default}"' if argument.unit == "text" else f"{argument.default}"
    return f"{argument.name}={f'{argument.default:.0%}' if argument.unit == 'ratio' else default}"


def _states(machine: Table, trigger: Trigger) -> str:
    moves = dict.fromkeys((source, to) for source, name, to in machine.moves if name == trigger.name)
    return "<br>".join(f"{source}, stays" if source == to else f"{source} → {to}" for source, to in moves)


def _told(trigger: Trigger) -> str:
    arguments = "".join(f"<br>{_argument(argument)}" for argument in trigger.arguments)
    return sentence(trigger.about) + arguments


def _argument(argument: Argument) -> str:
    unit = f"one of {', '.join(map(code, argument.members))}" if argument.members else argument.unit
    each = ", for each symbol" if argument.per_symbol else ""
    return f"{code(argument.name)}: {unit}{each}{', ' + argument.about if argument.about else ''}"


def diagram(name: str, rulebook: Rulebook) -> str:
    """Draw a machine, with the rules of a shipped book on its arrows where books drive it."""
    machine, book = DIAGRAMS[name]
    rules = rulebook.books[book].rules if book else ()
    drawn = mermaid(machine, [(rule.id, rule.states, rule.trigger) for rule in rules])
    return f"```mermaid\n{drawn}```"

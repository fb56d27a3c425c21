"""From a rule as it stands in the file to one that is checked against its machine."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from types import MappingProxyType

from rules.language.book import Mode, Rule
from rules.language.checking import check_types
from rules.language.document import Fields, Scalar, shortened
from rules.language.findings import Finding, did_you_mean, error, listed
from rules.language.machine_shape import (
    ArgumentShape,
    MachineShape,
    TriggerShape,
    callable_by_rules,
    serves_whole_book,
    sources_of,
)
from rules.language.nodes import Argument, Call, Name, Node
from rules.language.own_symbol import report_missing_symbol
from rules.language.typed import Junction, Typed, kind_of
from rules.language.units import Kind, Unit
from rules.language.values import duration_in, syntax_of
from rules.language.vocabulary import Scope

CONDITION = Kind(Unit.BOOL)
_DATE = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")
_FOR_ALL = (
    "Ask all of them with `any_symbol(…)`, `every_symbol(…)`, `largest(…)`, `smallest(…)` or `total(…)`, "
    "or give the rule `each: symbol`."
)
_ONE_VALUE = "This argument has one value for all symbols; use `largest(…)`, `smallest(…)` or `total(…)`."


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the rules of a book stand in; `machine` is None when the book names none that exists."""

    machine: MachineShape | None
    scope: Scope
    mode: Mode


@dataclass(frozen=True, slots=True)
class RawRule:
    """A rule with the syntax of its expressions, for what is asked about names later; `readable` means all of them."""

    rule: Rule | None
    nodes: tuple[Node, ...]
    readable: bool


def read_rule(section: str, key: Scalar, fields: Fields, around: Surroundings, findings: list[Finding]) -> RawRule:
    """Read one rule; `rule` is None after reporting why it can't be one."""
    before = len(findings)
    states = _states(fields, around.machine, findings)
    nodes = [node for scalar in fields.scalars("when") if (node := syntax_of(scalar, findings)) is not None]
    each_symbol = _each_symbol(fields, around.machine, findings)
    when = _when(fields, nodes, around, each_symbol, findings)
    then = fields.scalar("then")
    call = None if then is None else syntax_of(then, findings)
    trigger, arguments = ("", {}) if call is None else _then(call, states, around, findings)
    held_for_ms = duration_in(fields.scalar("for"), findings, around.scope) or 0
    expires_ms = date_ms(fields.scalar("expires"), "Write the first day on which the rule no longer counts", findings)
    used = (*nodes, *(() if call is None else (call,)))
    readable = call is not None and len(nodes) == len(fields.scalars("when")) > 0
    if when is None or not trigger or len(findings) > before:
        return RawRule(None, used, readable)
    texts = tuple(scalar.text.text for scalar in fields.scalars("when") if scalar.text is not None)
    rule = Rule(
        id=f"{section}.{key.value}",
        section=section,
        states=tuple(dict.fromkeys(scalar.value for scalar in states)),
        each_symbol=each_symbol,
        when=when,
        held_for_ms=held_for_ms,
        trigger=trigger,
        arguments=MappingProxyType(arguments),
        why=fields.word("why"),
        mode=mode_of(fields).under(around.mode),
        expires_ms=expires_ms,
        place=key.place,
        when_texts=texts,
        then_text="" if call is None else call.text,
    )
    return RawRule(rule, used, readable)


def mode_of(fields: Fields) -> Mode:
    """Give the mode that a book, rule or check asks for; what is no mode has been reported with its form."""
    word = fields.word("mode")
    return Mode(word) if word in set(Mode) else Mode.LIVE


def _states(fields: Fields, machine: MachineShape | None, findings: list[Finding]) -> tuple[Scalar, ...]:
    states = fields.scalars("in")
    if machine is None:
        return states
    known = [str(state) for state in machine.states]
    for state in states:
        if state.value not in known:
            hint = did_you_mean(state.value, known) or f"It has {listed(known, 'and')}."
            sentence = f"The machine `{machine.name}` has no state `{shortened(state.value)}`."
            findings.append(error("R032", state.place, sentence, hint))
    return tuple(state for state in states if state.value in known)


def _each_symbol(fields: Fields, machine: MachineShape | None, findings: list[Finding]) -> bool:
    key = fields.key("each")
    if key is None:
        return False
    if machine is not None and not serves_whole_book(machine):
        sentence = (
            f"Each symbol has a machine `{machine.name}` of its own, so its rules are asked for each symbol anyway."
        )
        findings.append(error("R047", key.place, sentence, "Leave `each` out."))
    return True


def _when(
    fields: Fields, nodes: list[Node], around: Surroundings, each_symbol: bool, findings: list[Finding]
) -> Typed | None:
    before = len(findings)
    parts = [check_types(node, around.scope, findings, CONDITION) for node in nodes]
    if around.machine is not None and serves_whole_book(around.machine) and not each_symbol:
        for part in parts:
            report_missing_symbol(part, around.scope.vocabulary, _FOR_ALL, findings)
    complete = len(nodes) == len(fields.scalars("when")) and len(findings) == before
    if not parts or not complete or any(part.kind.unit is Unit.WRONG for part in parts):
        return None
    return all_of(parts)


def all_of(parts: list[Typed]) -> Typed:
    """Join the conditions of a list: all of them have to hold."""
    if len(parts) == 1:
        return parts[0]
    text = " and ".join(f"({part.text})" if _needs_parentheses(part) else part.text for part in parts)
    fields = {"kind": kind_of(Unit.BOOL, parts), "place": parts[0].place, "text": text}
    return Junction(operator="and", operands=tuple(parts), **fields)  # type: ignore[arg-type]


def _needs_parentheses(part: Typed) -> bool:
    return (isinstance(part, Junction) and part.operator == "or") or " if " in part.text


def _then(
    call: Node, states: tuple[Scalar, ...], around: Surroundings, findings: list[Finding]
) -> tuple[str, dict[str, Typed]]:
    """Give the trigger and its arguments; no trigger after reporting why not."""
    if not isinstance(call, Call):
        hint = f"Write `{call.text}()`." if isinstance(call, Name) else "Write for example `leave(urgency=normal)`."
        findings.append(error("R039", call.place, "The trigger that is to be fired has to stand here.", hint))
        return "", {}
    machine = around.machine
    if machine is None:
        return "", {}
    trigger = _trigger(call, machine, findings)
    if trigger is None:
        return "", {}
    _report_deaf_states(call, machine, states, findings)
    return trigger.name, _arguments(call, trigger, around, findings)


def _trigger(call: Call, machine: MachineShape, findings: list[Finding]) -> TriggerShape | None:
    possible = callable_by_rules(machine)
    if call.function in possible:
        return possible[call.function]
    hint = did_you_mean(call.function, possible) or f"A rule can fire {listed(possible)}."
    if call.function in machine.triggers:
        who = {"runtime": "the engine", "operator": "a person"}.get(
            str(machine.triggers[call.function].by), "someone else"
        )
        sentence = f"`{call.function}` is fired by {who}, not by rules."
        findings.append(error("R034", call.name_place, sentence, f"A rule can fire {listed(possible)}."))
    else:
        sentence = f"The machine `{machine.name}` has no trigger `{shortened(call.function)}`."
        findings.append(error("R033", call.name_place, sentence, hint))
    return None


def _report_deaf_states(call: Call, machine: MachineShape, states: tuple[Scalar, ...], findings: list[Finding]) -> None:
    hearing = sources_of(machine, call.function)
    for state in states:
        if state.value not in hearing:
            sentence = f"In the state `{state.value}` the machine `{machine.name}` can't be told `{call.function}`."
            findings.append(error("R035", state.place, sentence, f"It can in {listed(hearing)}.", (call.name_place,)))


def _arguments(call: Call, trigger: TriggerShape, around: Surroundings, findings: list[Finding]) -> dict[str, Typed]:
    shapes = {shape.name: shape for shape in trigger.arguments}
    typed: dict[str, Typed] = {}
    given: dict[str, Argument] = {}
    for argument in call.arguments:
        if _is_new(argument, trigger, shapes, given, findings):
            given[argument.name] = argument
            typed[argument.name] = _argument(argument, shapes[argument.name], around, findings)
    missing = [name for name, shape in shapes.items() if shape.required and name not in given]
    # An argument without its name is most likely the missing one.
    if missing and all(argument.name in shapes for argument in call.arguments):
        sentence = f"`{trigger.name}` has no {listed(missing, 'and')}."
        findings.append(error("R036", call.place, sentence, f"Write `{signature(trigger)}`."))
    return typed


def _is_new(
    argument: Argument,
    trigger: TriggerShape,
    shapes: Mapping[str, ArgumentShape],
    given: Mapping[str, Argument],
    findings: list[Finding],
) -> bool:
    if not argument.name:
        sentence = f"The arguments of `{trigger.name}` are given by name."
        findings.append(error("R037", argument.place, sentence, f"Write `{signature(trigger)}`."))
    elif argument.name not in shapes:
        hint = did_you_mean(argument.name, shapes) or f"Write `{signature(trigger)}`."
        findings.append(error("R037", argument.place, f"`{trigger.name}` has no argument `{argument.name}`.", hint))
    elif argument.name in given:
        sentence = f"`{argument.name}` is given twice."
        findings.append(error("R037", argument.place, sentence, "Leave one of them.", (given[argument.name].place,)))
    else:
        return True
    return False


def signature(trigger: TriggerShape) -> str:
    """Write how a trigger is called."""
    arguments = [f"{shape.name}=…" for shape in trigger.arguments if shape.required]
    return f"{trigger.name}({', '.join(arguments)})"


def _argument(argument: Argument, shape: ArgumentShape, around: Surroundings, findings: list[Finding]) -> Typed:
    kind = Kind(Unit(shape.unit), tuple(str(member) for member in shape.members))
    before = len(findings)
    typed = check_types(argument.value, around.scope, findings, kind)
    whole_book = around.machine is not None and serves_whole_book(around.machine)
    if len(findings) == before and whole_book and not shape.per_symbol:
        report_missing_symbol(typed, around.scope.vocabulary, _ONE_VALUE, findings)
    return typed


def date_ms(scalar: Scalar | None, hint: str, findings: list[Finding]) -> int | None:
    """Read a date as the milliseconds at which it begins, UTC; None when there is none or after reporting why not."""
    if scalar is None:
        return None
    try:
        if _DATE.fullmatch(scalar.value):
            day = date.fromisoformat(scalar.value)
            return int(datetime.combine(day, time(), UTC).timestamp()) * 1000
    except ValueError:
        pass
    sentence = f"`{shortened(scalar.value)}` is not a date."
    findings.append(error("R055", scalar.place, sentence, f"{hint}: 2030-12-31."))
    return None

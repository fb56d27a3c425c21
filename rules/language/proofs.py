"""What can be proved about a book from its structure: nothing is computed, so nothing can be undecided."""

from collections.abc import Iterable, Iterator, Mapping

from rules.language.book import Mode, Param, Rule
from rules.language.document import Fields, Scalar
from rules.language.engine_book import EngineBook, rules_in
from rules.language.findings import Finding, Severity, listed
from rules.language.machine_shape import MachineShape, callable_by_rules, sources_of
from rules.language.source import Place
from rules.language.typed import Typed

EMERGENCY = "EMERGENCY"


def prove(engine: EngineBook) -> Iterator[Finding]:
    """List what can't be meant: dead ends, positions that nothing closes, rules and names without effect."""
    if engine.readable:
        yield from unused(engine.root, engine.facts, engine.params, engine.used)
    yield from _repeated_states(engine.root)
    yield from _constant_conditions(engine.rules)
    yield from _shadowed(engine.rules)
    if engine.machine is not None:
        yield from _sections(engine.rules, engine.machine)
    if engine.machine is not None and engine.complete:
        yield from _reach(engine, engine.machine)
        yield from _closing(engine, engine.machine)


def warning(code: str, place: Place, sentence: str, suggestion: str = "", also: tuple[Place, ...] = ()) -> Finding:
    """Make a finding that does not keep the file from being used."""
    return Finding(code, Severity.WARNING, place, sentence, suggestion, also)


def unused(
    root: Fields, facts: Mapping[str, Typed], params: Mapping[str, Param], used: Iterable[str]
) -> Iterator[Finding]:
    """Name the facts and params that no expression uses."""
    names = set(used)
    for section, declared in (("facts", facts), ("params", params)):
        for key, _ in root.section(section):
            if key.value in declared and key.value not in names:
                sentence = f"Nothing uses the {section[:-1]} `{key.value}`."
                yield warning("P007", key.place, sentence, "Use it, or take it out.")


def _repeated_states(root: Fields) -> Iterator[Finding]:
    for _, _, fields in rules_in(root):
        seen: dict[str, Scalar] = {}
        for state in fields.scalars("in"):
            if state.value in seen:
                also = (seen[state.value].place,)
                yield warning(
                    "P006", state.place, f"The state `{state.value}` is named twice.", "Once is enough.", also
                )
            seen.setdefault(state.value, state)


def _constant_conditions(rules: Iterable[Rule]) -> Iterator[Finding]:
    for rule in rules:
        if rule.when.constant:
            sentence = f"The condition of `{rule.id}` is always the same: only params and plain values are in it."
            yield warning("P008", rule.when.place, sentence, "To switch a rule off, write `mode: off`.")


def _sections(rules: Iterable[Rule], machine: MachineShape) -> Iterator[Finding]:
    """What opens stands under `entries`, what closes under `exits`: what is unknown is treated by it."""
    for rule in rules:
        trigger = machine.triggers[rule.trigger]
        where = "entries" if trigger.opens else "exits" if trigger.closes else rule.section
        if where != rule.section:
            does = "opens" if trigger.opens else "closes"
            sentence = f"`{rule.id}` fires `{rule.trigger}`, which {does} positions."
            yield Finding("P005", Severity.ERROR, rule.place, sentence, f"It belongs under `{where}:`.")


def _shadowed(rules: tuple[Rule, ...]) -> Iterator[Finding]:
    enabled = [rule for rule in rules if rule.mode is Mode.LIVE]
    first: dict[tuple[str, bool, str], Rule] = {}
    for rule in enabled:
        for state in rule.states:
            key = (rule.when.key, rule.each_symbol, state)
            earlier = first.setdefault(key, rule)
            if earlier is not rule and earlier.held_for_ms <= rule.held_for_ms:
                sentence = f"`{rule.id}` has the same condition as `{earlier.id}` in the state `{state}`."
                hint = "Join the two rules, or make one of the conditions narrower."
                yield warning("P009", rule.place, sentence, hint, (earlier.place,))
                break


def _moves(engine: EngineBook, machine: MachineShape) -> list[tuple[str, str, str]]:
    """List the moves that the book's rules, the runtime and persons can make; EMERGENCY stands outside of them."""
    fired = {(state, rule.trigger) for rule in engine.rules if rule.mode is Mode.LIVE for state in rule.states}
    moves = [(str(source), trigger, str(destination)) for source, trigger, destination in machine.moves]
    return [
        (source, trigger, destination)
        for source, trigger, destination in moves
        if EMERGENCY not in (source, destination)
        and (machine.triggers[trigger].by != "rule" or (source, trigger) in fired)
    ]


def _reach(engine: EngineBook, machine: MachineShape) -> Iterator[Finding]:
    moves = _moves(engine, machine)
    reached, waiting = {str(machine.initial)}, [str(machine.initial)]
    while waiting:
        here = waiting.pop()
        after = {destination for source, _, destination in moves if source == here} - reached
        reached |= after
        waiting += sorted(after)
    for state in map(str, machine.states):
        if state not in reached and state != EMERGENCY:
            yield from _unreached(engine, machine, state)
        elif state != EMERGENCY and not any(source == state != destination for source, _, destination in moves):
            yield from _dead_end(engine, machine, state)


def _unreached(engine: EngineBook, machine: MachineShape, state: str) -> Iterator[Finding]:
    rules = [rule for rule in engine.rules if state in rule.states and rule.mode is not Mode.OFF]
    leading = sorted({t for _, t, to in machine.moves if str(to) == state and machine.triggers[t].by == "rule"})
    hint = f"A rule that fires {listed(leading)} leads there." if leading else ""
    place = rules[0].place if rules else _machine_place(engine)
    sentence = f"The state `{state}` is never reached by the rules of this book."
    if rules:
        sentence += f" {listed([rule.id for rule in rules], 'and')} can never fire in it."
    yield warning("P002", place, sentence, hint, tuple(rule.place for rule in rules[1:]))


def _dead_end(engine: EngineBook, machine: MachineShape, state: str) -> Iterator[Finding]:
    leaving = [
        name
        for name in callable_by_rules(machine)
        if any(str(source) == state != str(to) for source, trigger, to in machine.moves if trigger == name)
    ]
    if leaving:
        sentence = f"The state `{state}` is never left: no rule fires {listed(leaving)} in it."
        yield warning("P003", _machine_place(engine), sentence, f"Add a rule `in: {state}` that does.")


def _closing(engine: EngineBook, machine: MachineShape) -> Iterator[Finding]:
    """A directional book closes what it opens, by a rule, in every state where it may hold something."""
    if engine.root.word("directional") not in ("yes", "true"):
        return
    closing = {name: sources_of(machine, name) for name, t in callable_by_rules(machine).items() if t.closes}
    for state in sorted(machine.holding, key=str):
        possible = [name for name, sources in closing.items() if str(state) in sources]
        rules = [rule for rule in engine.rules if str(state) in rule.states and rule.trigger in possible]
        if not possible or any(rule.mode is Mode.LIVE for rule in rules):
            continue
        sentence = f"A position can be held in the state `{state}` and no rule can close it there."
        hint = f"Add a rule under `exits:` with `in: {state}` that fires {listed(possible)}."
        if rules:
            hint = f"{listed([rule.id for rule in rules], 'and')} would, but the mode is not live."
        also = tuple(rule.place for rule in rules)
        yield Finding("P004", Severity.ERROR, _exits_place(engine), sentence, hint, also)


def _machine_place(engine: EngineBook) -> Place:
    scalar = engine.root.scalar("machine")
    return engine.root.place if scalar is None else scalar.place


def _exits_place(engine: EngineBook) -> Place:
    key = engine.root.key("exits")
    return _machine_place(engine) if key is None else key.place

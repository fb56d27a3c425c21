"""The facts that a book names: expressions that may use each other, but never in a circle."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from graphlib import CycleError, TopologicalSorter

from rules.language.checking import check_types
from rules.language.document import Fields, Scalar
from rules.language.findings import Finding, error
from rules.language.nodes import Argument, Name, Node
from rules.language.param import report_taken_name
from rules.language.typed import Typed, Wrong
from rules.language.units import Kind, Unit
from rules.language.values import syntax_of
from rules.language.vocabulary import Scope


def read_facts(section: Fields, scope: Scope, findings: list[Finding]) -> tuple[dict[str, Typed], dict[str, Node]]:
    """Type every fact in an order in which each knows those that it uses; also give their syntax.

    A fact that has a mistake is there as a Wrong one, so that what uses it isn't reported as well.
    """
    nodes = dict(_syntax(section, scope, findings))
    keys, symbols = {key.value: key for key, _ in section}, scope.vocabulary.symbols
    uses = {name: sorted({used for used in names_in(node, symbols) if used in nodes}) for name, node in nodes.items()}
    typed = {**scope.facts, **{name: unreadable(key) for name, key in keys.items() if name not in nodes}}
    for circle in _circles(uses):
        _report_circle(circle, keys, findings)
        typed |= {name: unreadable(keys[name]) for name in circle}
        uses = _without(uses, circle)
    for name in TopologicalSorter(uses).static_order():
        if name not in typed:
            typed[name] = check_types(nodes[name], replace(scope, facts=typed), findings)
    return {name: typed[name] for name in keys}, nodes


def names_in(node: Node, symbols: Sequence[str]) -> Iterator[str]:
    """List every name in an expression, also those after a symbol: `ETHUSDT.strength` is `strength` too."""
    waiting: list[Node | Argument] = [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Name):
            yield part.dotted if part.path[0] not in symbols else ".".join(part.path[1:])
        for field in fields(part):
            value = getattr(part, field.name)
            if isinstance(value, Node | Argument):
                waiting.append(value)
            elif isinstance(value, tuple):
                waiting += [item for item in value if isinstance(item, Node | Argument)]


def _syntax(section: Fields, scope: Scope, findings: list[Finding]) -> Iterator[tuple[str, Node]]:
    for key, tree in section:
        report_taken_name(key, scope.vocabulary, "fact", findings)
        if key.value in scope.params:
            sentence = f"`{key.value}` is a param already; this fact needs another name."
            findings.append(error("R045", key.place, sentence, "", (scope.params[key.value].place,)))
        node = syntax_of(tree, findings) if isinstance(tree, Scalar) else None
        if node is not None:
            yield key.value, node


def unreadable(key: Scalar) -> Wrong:
    """Stand in for a param or fact that has been reported, so that what uses it isn't."""
    return Wrong(kind=Kind(Unit.WRONG, series=True), place=key.place, text=key.value)


def _without(uses: Mapping[str, list[str]], names: list[str]) -> dict[str, list[str]]:
    return {name: [each for each in used if each not in names] for name, used in uses.items() if name not in names}


def _circles(uses: Mapping[str, list[str]]) -> Iterator[list[str]]:
    remaining = dict(uses)
    while True:
        try:
            TopologicalSorter(remaining).prepare()
        except CycleError as problem:
            circle = list(reversed(problem.args[1][1:]))
            yield circle
            remaining = _without(remaining, circle)
        else:
            return


def _report_circle(circle: list[str], keys: Mapping[str, Scalar], findings: list[Finding]) -> None:
    first = min(range(len(circle)), key=lambda at: (keys[circle[at]].place.line, keys[circle[at]].place.column))
    turned = [*circle[first:], *circle[:first], circle[first]]
    places = tuple(keys[name].place for name in turned[1:-1])
    sentence = f"The fact is defined by itself: {' → '.join(turned)}."
    findings.append(error("P001", keys[turned[0]].place, sentence, "Give one of them a value of its own.", places))

"""Expressions of the rule language, asked in a running scenario."""

import re
from decimal import Decimal

from features.steps.words import NEAR, Bound
from features.steps.world import World
from rules.language.checking import check_types
from rules.language.evaluate import Value, compile_live, value_of
from rules.language.explain import prose
from rules.language.findings import Finding
from rules.language.param import literal_of
from rules.language.source import Place, Text
from rules.language.syntax import parse
from rules.language.typed import Typed
from rules.language.units import Kind
from rules.language.vocabulary import Scope, with_perpetual
from runtime.facts import vocabulary_for

NOWHERE = "the scenario"
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3})")
SAME = Decimal("1e-9")
Seen = tuple[Value, Kind]


def evaluated(world: World, expression: str, book: str, symbol: str) -> Seen:
    """What an expression says now to a book, with its kind."""
    rules = world.rulebook.books[book]
    vocabulary = vocabulary_for(rules.machine, rules.symbols)
    scope = Scope(
        vocabulary=with_perpetual(vocabulary) if rules.hedged_on else vocabulary,
        params={name: literal_of(param) for name, param in rules.params.items()},
        facts=rules.facts,
        timeframe=rules.timeframe,
    )
    typed = _typed(expression, scope)
    return compile_live(typed, world.instance(book, symbol).binder, symbol)(), typed.kind


def compared(seen: Seen, bound: Bound, told: str) -> None:
    """Fail with both values where what was seen isn't as it was told."""
    value, kind = seen
    shown = f"It is {prose(value, kind.unit)} ({value})."
    if told == "unknown" or value is None:
        assert value is None, shown
        assert told == "unknown", shown
    elif isinstance(value, bool | str):
        assert str(value).lower() == told.strip('"').lower(), shown
    else:
        wanted = Decimal(str(value_of(_typed(_THOUSANDS.sub("", told), Scope()))))
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        close = abs(number - wanted) <= abs(wanted) * SAME if bound.words == "" else bound.holds(number, wanted)
        assert close, f"{shown} Expected {bound.words} {told} (about allows {NEAR:.0%})."


def _typed(expression: str, scope: Scope) -> Typed:
    findings: list[Finding] = []
    node = parse(Text(expression, Place(NOWHERE, 1, 1, len(expression))))
    typed = check_types(node, scope, findings)
    assert not findings, "\n".join(str(finding) for finding in findings)
    return typed

"""The rule language as tables: units, functions, indicators, facts, keys, codes."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, get_args, get_origin

from cells import code, sentence, table

from rules.language.catalogue import FUNCTIONS, Function, Gives
from rules.language.codes import ALL_CODES
from rules.language.form import (
    FORMS,
    AfterAcknowledgementForm,
    BookKind,
    CheckForm,
    DoubtForm,
    EngineOfBooksForm,
    Form,
    LadderForm,
    LevelForm,
    LimitsForm,
    ParamForm,
    PhaseForm,
    RouteForm,
    RuleForm,
)
from rules.language.indicators import INDICATORS, Indicator
from rules.language.literals import parse_literal
from rules.language.source import in_one_line
from rules.language.units import MEASURED, NAMES, Kind, Unit
from rules.language.vocabulary import CALENDAR, COLUMNS, SCOPES_WITH_SYMBOL, TIMEFRAMES_MS
from runtime.facts import FACTS_OF
from runtime.phase_facts import PHASE_FACTS
from runtime.result_facts import RESULT_FACTS

# How values are written; the unit of each is what the language reads.
WRITTEN = (
    *("2%", "0.05%", "5bps", "500 USDT", "60000 USDT/BTC", "0.5 BTC", "310ms", "30s", "5m", "8h", "14d", "2w"),
    *("25", "0.5", "yes", "no", "true", "false", "patient", '"core-hodl"', "08:00"),
)
FORMS_SHOWN: Mapping[str, type[Form]] = {
    "engine": FORMS[BookKind.ENGINE],
    "overlay": FORMS[BookKind.OVERLAY],
    "param": ParamForm,
    "rule": RuleForm,
    "ladder": LadderForm,
    "level": LevelForm,
    "after-acknowledgement": AfterAcknowledgementForm,
    "check": CheckForm,
    "limits": LimitsForm,
    "phase": PhaseForm,
    "doubt": DoubtForm,
    "engine-of-books": EngineOfBooksForm,
    "route": RouteForm,
}
# What a key means wherever it stands; the forms describe all others.
KEYS = {
    "about": "what it is for, in a sentence",
    "alert": "how urgently the operator is told that the level was reached",
    "close": "what is closed when the level is reached",
    "entries": "whether new risk may be opened",
    "facts": "named expressions",
    "halt": "whether trading stops until somebody acknowledges",
    "lends": "the coins that may be lent out while they are idle",
    "levels": "the levels, from the mildest to the worst",
    "mode": "live; shadow: evaluated and recorded, moves nothing; off",
    "orders_per_hour": "of all books together",
    "params": "named values with units",
    "search": "the values of params that a search may try",
    "report": "whether the operator hears of the level every hour",
    "symbols": "what it trades",
    "value": "the value itself",
    "weights": "the share of each symbol; they add up to 100%",
    "back_to_start_on": "whether a new level starts the doubling over",
}


# ── values and units ────────────────────────────────────────────────────────────────────────────────────────────────


def units() -> str:
    """List the units with how their values are written."""
    examples: dict[Unit, list[str]] = {}
    for text in WRITTEN:
        unit = parse_literal(in_one_line(text)).kind.unit
        examples.setdefault(Unit.ENUM if unit is Unit.TEXT and not text.startswith('"') else unit, []).append(text)
    rows = [
        (code(unit), NAMES[unit], ", ".join(map(code, examples.get(unit, []))) or "is computed, never written")
        for unit in Unit
        if unit is not Unit.WRONG
    ]
    return table(("unit", "is", "written"), rows)


def algebra(sign: str, result: Callable[[Unit, Unit], Unit | None]) -> str:
    """Write which unit comes of two, for every pair of units that are measured."""
    measured = [Unit.NUMBER, *(unit for unit in Unit if unit in MEASURED)]
    rows = [(f"**{left}** {sign}", *(str(result(left, right) or "–") for right in measured)) for left in measured]
    return table(("", *measured), rows)


def columns() -> str:
    """List the columns of candles."""
    return table(("name", "unit"), [(code(name), kind.unit) for name, kind in COLUMNS.items()])


def calendar() -> str:
    """List what the clock of the events says."""
    return table(("name", "unit"), [(code(name), words_of(kind)) for name, kind in CALENDAR.items()])


def timeframes() -> str:
    """List the lengths of candles."""
    return ", ".join(map(code, TIMEFRAMES_MS)) + "."


def words_of(kind: Kind) -> str:
    """Write a unit, with the words that it can be."""
    return f"{kind.unit}: {', '.join(map(code, kind.members))}" if kind.members else str(kind.unit)


# ── functions, indicators, facts ────────────────────────────────────────────────────────────────────────────────────


def functions() -> str:
    """List the functions of the catalogue."""
    rows = [(code(one.signature), _gives(one), _about(one)) for one in FUNCTIONS.values()]
    return table(("call", "gives", "meaning"), rows)


def _gives(function: Function) -> str:
    return "the unit of x" if function.gives is Gives.SAME else function.gives.value


def _about(function: Function) -> str:
    return f"{function.about} `n` may be `since_entry`." if function.since_entry else function.about


def indicators() -> str:
    """List the indicators with their defaults."""
    rows = [
        (code(_call(one)), _reads(one), _result(one), str(one.warmup({})), one.about) for one in INDICATORS.values()
    ]
    return table(("call", "reads", "gives", "unknown at first", "meaning"), rows)


def _call(indicator: Indicator) -> str:
    own = ["x"] if indicator.inputs == ("x",) else []
    return f"{indicator.name}({', '.join([*own, *(f'{each.name}={each.default}' for each in indicator.parameters)])})"


def _reads(indicator: Indicator) -> str:
    return "x, else the close" if indicator.inputs == ("x",) else ", ".join(indicator.inputs)


def _result(indicator: Indicator) -> str:
    return "the unit of x" if indicator.result == "same" else indicator.result


def facts() -> str:
    """List the facts of the engine with the books that can name them."""
    declared = {name: fact.declaration for kind in FACTS_OF.values() for name, fact in kind.items()}
    rows = [
        (
            code(name),
            words_of(fact.kind),
            "each symbol" if fact.scope in SCOPES_WITH_SYMBOL else fact.scope,
            "yes" if fact.has_age else "",
            *("✓" if name in named else "" for named in FACTS_OF.values()),
            sentence(fact.about),
        )
        for name, fact in declared.items()
    ]
    return table(("fact", "unit", "one for", "age", *FACTS_OF, "meaning"), rows)


def phase_facts() -> str:
    """List the facts that the gates between phases can name."""
    rows = [(code(name), words_of(fact.kind), sentence(fact.about)) for name, fact in PHASE_FACTS.items()]
    return table(("fact", "unit", "meaning"), rows)


def result_facts() -> str:
    """List the facts that doubts about a back-test can name."""
    rows = [(code(name), words_of(fact.kind), sentence(fact.about)) for name, fact in RESULT_FACTS.items()]
    return table(("fact", "unit", "meaning"), rows)


# ── files and findings ──────────────────────────────────────────────────────────────────────────────────────────────


def keys(form: type[Form]) -> str:
    """List the keys of a form."""
    rows = [
        (
            code(field.alias or name),
            "yes" if field.is_required() else "",
            ", ".join(map(code, dict.fromkeys(_words(field.annotation)))),
            field.description or KEYS[name],
        )
        for name, field in form.model_fields.items()
    ]
    return table(("key", "needed", "one of", "meaning"), rows)


def _words(annotation: Any) -> Iterator[str]:
    """Yield the words that a type allows; those of types inside sections are listed with the section."""
    if get_origin(annotation) in (dict, list, tuple):
        return
    for inner in get_args(annotation):
        if isinstance(inner, str) and get_origin(annotation) is Literal:
            yield inner
        elif get_origin(annotation) is not Literal:
            yield from _words(inner)


def codes() -> str:
    """List the codes that a finding can have."""
    return table(("code", "meaning"), [(code(name), about) for name, about in ALL_CODES.items()])

"""What was measured while the engine ran: facts for the gates, the phases that were passed, and who approved what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from difflib import get_close_matches
from fractions import Fraction
from typing import Any

from rules.language.evaluate import Value
from rules.language.findings import SyntaxProblem
from rules.language.literals import parse_literal
from rules.language.source import in_one_line
from rules.language.units import NAMES, Unit, fits
from rules.language.vocabulary import FactDeclaration
from runtime.decimals import plain
from runtime.phase_facts import APPROVED, PHASE_FACTS

SECTIONS = ("facts", "passed", "approved")
_MILLISECONDS = "ms"


class MeasurementError(Exception):
    """What was measured can't be read; the sentence says what was expected, what was found, and where."""


@dataclass(frozen=True, slots=True)
class Word:
    """Who said so, and when, in milliseconds UTC."""

    by: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Measured:
    """Facts by name, and for phases by name who passed and who approved them; `approved` None: nobody was asked.

    Ratios, money and numbers are decimals, durations milliseconds. A fact that isn't there was not measured.
    """

    facts: Mapping[str, Value] = field(default_factory=dict)
    passed: Mapping[str, Word] = field(default_factory=dict)
    approved: Mapping[str, Word] | None = None

    def of_phase(self, phase: str) -> dict[str, Value]:
        """Give the facts as the gates of one phase see them: an approval counts for the phase that it names."""
        approved = None if self.approved is None else phase in self.approved
        return {**self.facts, APPROVED: approved}

    def to_plain(self) -> dict[str, Any]:
        """Give everything as JSON-able data, in which values are written as in rule files."""
        sections: dict[str, Any] = {
            "facts": {name: _written(value, PHASE_FACTS[name].kind.unit) for name, value in self.facts.items()},
            "passed": _words_to_plain(self.passed),
        }
        return sections if self.approved is None else {**sections, "approved": _words_to_plain(self.approved)}

    @classmethod
    def from_plain(cls, data: Any) -> "Measured":
        """Read what `to_plain` wrote, or a person; raises MeasurementError for anything else."""
        sections = _section(data, "the measured facts")
        for name in sections:
            if name not in SECTIONS:
                raise MeasurementError(f'Expected the keys {", ".join(SECTIONS)}, found "{name}".')
        approved = sections.get("approved")
        return cls(
            facts={name: _value(name, value) for name, value in _section(sections.get("facts", {}), "facts").items()},
            passed=_words(sections.get("passed", {}), "passed"),
            approved=None if approved is None else _words(approved, "approved"),
        )


def _section(data: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(data, dict):
        raise MeasurementError(f"Expected an object with keys in {name}, found {_found(data)}.")
    return data


def _found(data: Any) -> str:
    return "nothing" if data is None else f"`{data}`"[:60]


# ── values ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _value(name: str, told: Any) -> Value:
    declared = PHASE_FACTS.get(name)
    if declared is None or name == APPROVED:
        near = get_close_matches(name, [fact for fact in PHASE_FACTS if fact != APPROVED], n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise MeasurementError(f'Expected a fact that gates can ask for, found "{name}".{hint}')
    if told is None:
        return None
    text = {True: "yes", False: "no"}[told] if isinstance(told, bool) else str(told)
    value = _read(text, declared.kind.unit)
    if value is None:
        raise MeasurementError(f"Expected {_example(declared)} for {name}, found {_found(told)}.")
    return value


def _read(text: str, unit: Unit) -> Value:
    """Give the value of a literal; None where it isn't one of this unit."""
    try:
        literal = parse_literal(in_one_line(text))
    except SyntaxProblem:
        return None
    value = literal.value
    if not fits(literal.kind.unit, unit) or isinstance(value, tuple):
        return None
    return Decimal(value.numerator) / Decimal(value.denominator) if isinstance(value, Fraction) else value


def _example(declared: FactDeclaration) -> str:
    examples = {Unit.RATIO: "99.5%", Unit.DURATION: "310ms or 9d", Unit.BOOL: "true or false", Unit.NUMBER: "1.5"}
    unit = declared.kind.unit
    return examples[unit] if unit is Unit.BOOL else f"{NAMES[unit]} such as {examples[unit]}"


def _written(value: Value, unit: Unit) -> str | bool | None:
    """Write a value so that it reads as the same one: exact, with its unit."""
    if value is None or isinstance(value, bool | str):
        return value
    if unit is Unit.DURATION:
        return f"{value}{_MILLISECONDS}"
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    return f"{_shortest(number * 100)}%" if unit is Unit.RATIO else _shortest(number)


def _shortest(number: Decimal) -> str:
    return plain(number.normalize())


# ── who and when ────────────────────────────────────────────────────────────────────────────────────────────────────


def _words(data: Any, section: str) -> dict[str, Word]:
    return {name: _word(told, f"{section}.{name}") for name, told in _section(data, section).items()}


def _word(data: Any, where: str) -> Word:
    told = _section(data, where)
    by, at = told.get("by"), told.get("at")
    try:
        moment = datetime.fromisoformat(str(at))
    except ValueError:
        sentence = f"Expected a moment such as 2030-01-31T12:00Z as {where}.at, found {_found(at)}."
        raise MeasurementError(sentence) from None
    if not isinstance(by, str) or not by:
        raise MeasurementError(f"Expected the name of somebody as {where}.by, found {_found(by)}.")
    in_utc = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return Word(by, round(in_utc.timestamp() * 1000))


def _words_to_plain(words: Mapping[str, Word]) -> dict[str, dict[str, str]]:
    return {
        name: {"by": word.by, "at": datetime.fromtimestamp(word.at_ms / 1000, UTC).isoformat()}
        for name, word in words.items()
    }

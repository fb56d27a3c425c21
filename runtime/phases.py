"""Whether the gates of a phase pass, which phase is the current one, and whether trading may start in a phase."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from rules.language.evaluate import Value
from rules.language.explain import explain
from rules.language.phases import Account, Gate, Phase, Phases
from rules.language.prose import prose
from rules.language.typed import Fact, Typed
from runtime.decimals import readable
from runtime.measured import Measured
from runtime.phase_facts import PHASE_FACTS
from runtime.step import Notice

UNLIMITED = Decimal("Infinity")
BACKTEST = "backtest."
MOST_TOLD = 3


class Verdict(StrEnum):
    """What became of a gate; one that asks for what was not measured is not passed."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class GateResult:
    """One gate as it stands: what it needs, what was measured, and where it stands in the rule file."""

    phase: str
    gate: str
    needs: str
    value: str
    verdict: Verdict
    short_by: str
    place: str


class GivenFacts:
    """Supplies measured facts to an expression; a gate has neither candles nor a clock."""

    def __init__(self, facts: Mapping[str, Value]) -> None:
        self._facts = facts

    def fact(self, name: str, _symbol: str) -> Callable[[], Value]:
        """Give a reader of a fact; unknown where it was not measured."""
        return lambda: self._facts.get(name)

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"a gate asked for {name}")


# ── gates ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def judged(phase: Phase, facts: Mapping[str, Value]) -> tuple[GateResult, ...]:
    """Say of each gate of a phase whether it passes."""
    return tuple(_result(phase, gate, facts) for gate in phase.gates)


def judged_by_backtest(phases: Phases, facts: Mapping[str, Value]) -> tuple[GateResult, ...]:
    """Say of each gate that asks for nothing but results of a back-test whether it passes."""
    return tuple(
        _result(phase, gate, facts)
        for phase in phases.phases
        for gate in phase.gates
        if all(name.startswith(BACKTEST) for name in facts_in(gate.condition))
    )


def passes(phase: Phase, facts: Mapping[str, Value]) -> bool:
    """Say whether every gate of a phase passes."""
    return all(result.verdict is Verdict.PASSED for result in judged(phase, facts))


def facts_in(condition: Typed) -> tuple[str, ...]:
    """Name the facts that a condition asks for, each once."""
    own = (condition.name,) if isinstance(condition, Fact) else ()
    return tuple(dict.fromkeys((*own, *(name for child in condition.children for name in facts_in(child)))))


def _result(phase: Phase, gate: Gate, facts: Mapping[str, Value]) -> GateResult:
    told = explain(gate.condition, GivenFacts(facts))
    seen = [(name, _written(facts.get(name), name)) for name in facts_in(gate.condition)]
    return GateResult(
        phase=phase.name,
        gate=gate.name,
        needs=gate.condition.text,
        value=seen[0][1] if len(seen) == 1 else ", ".join(f"{name} {value}" for name, value in seen),
        verdict=_verdict(told.value),
        short_by=told.short_by,
        place=f"{gate.place.file}:{gate.place.line}",
    )


def _verdict(value: Value) -> Verdict:
    if value is None:
        return Verdict.NOT_MEASURED
    return Verdict.PASSED if value is True else Verdict.FAILED


def _written(value: Value, name: str) -> str:
    if value is None:
        return Verdict.NOT_MEASURED
    if value == UNLIMITED:
        return "nothing lost"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return prose(value, PHASE_FACTS[name].kind.unit)


def current(phases: Phases, measured: Measured) -> Phase:
    """Give the first phase that was not passed; when all were, the last one."""
    return next((phase for phase in phases.phases if phase.name not in measured.passed), phases.phases[-1])


# ── starting ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class StartAsked:
    """What somebody wants to start: in which phase, with whose money and how much of it, and which books."""

    phase: str
    account: Account
    capital: Decimal
    books: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Objection:
    """A reason not to start; `name` is the one under which the configuration can override it, empty where it can't."""

    name: str
    sentence: str


@dataclass(frozen=True, slots=True)
class StartAnswer:
    """The objections that stand, and those that the configuration overrides."""

    refused: tuple[Objection, ...]
    overridden: tuple[Objection, ...]

    @property
    def allowed(self) -> bool:
        """Whether nothing stands in the way."""
        return not self.refused

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What the journal has to say of what was overridden."""
        return tuple(
            Notice("P1", "", f"The configuration overrides {one.name}. {one.sentence}") for one in self.overridden
        )


def may_start(phases: Phases, asked: StartAsked, measured: Measured, overrides: Collection[str] = ()) -> StartAnswer:
    """Say whether trading may start in a phase: its earlier ones are passed, and its bounds are kept.

    `overrides` are the names of objections that the configuration puts aside. A phase counts as passed when that was
    recorded, or when its gates pass now.
    """
    objections = list(_objections(phases, asked, measured))
    known = {one.name for one in objections if one.name}
    overridden = tuple(one for one in objections if one.name and one.name in overrides)
    unknown = [_nothing_to_override(name, known) for name in overrides if not _can_be_named(phases, name)]
    return StartAnswer((*(one for one in objections if one not in overridden), *unknown), overridden)


def _objections(phases: Phases, asked: StartAsked, measured: Measured) -> Iterator[Objection]:
    names = [phase.name for phase in phases.phases]
    if asked.phase not in names:
        yield Objection("", f'Expected a phase of {phases.file}, found "{asked.phase}". They are {", ".join(names)}.')
        return
    phase = phases.phases[names.index(asked.phase)]
    yield from _not_passed(phases.phases[: names.index(asked.phase)], phase, measured)
    if asked.account is not phase.account:
        sentence = f"The phase {phase.name} trades on a {phase.account} account, this is a {asked.account} one."
        yield Objection(f"{phase.name}.account", f"{sentence} ({_at(phase)})")
    if phase.capital_to is not None and asked.capital > phase.capital_to:
        most, there = readable(phase.capital_to), readable(asked.capital)
        sentence = f"The phase {phase.name} allows {most} USDT, and {there} USDT are there. Take the rest out first."
        yield Objection(f"{phase.name}.capital", f"{sentence} ({_at(phase)})")
    yield from _strangers(phases, phase, asked.books)


def _not_passed(earlier: Sequence[Phase], phase: Phase, measured: Measured) -> Iterator[Objection]:
    for one in earlier:
        if one.name in measured.passed:
            continue
        open_gates = [
            f"{result.gate} ({result.short_by})"
            for result in judged(one, measured.of_phase(one.name))
            if result.verdict is not Verdict.PASSED
        ]
        if open_gates:
            told = ", ".join(open_gates[:MOST_TOLD])
            rest = len(open_gates) - MOST_TOLD
            more = f" and {rest} more, which `eternal phase --phase {one.name}` lists" if rest > 0 else ""
            sentence = f"The phase {phase.name} comes after {one.name}, whose gates are not passed: {told}{more}."
            yield Objection(one.name, f"{sentence} ({_at(one)})")


def _strangers(phases: Phases, phase: Phase, books: Sequence[str]) -> Iterator[Objection]:
    allowed = {book for engine in phase.engines for book in phases.engines[engine].books}
    for book in books:
        if book not in allowed:
            engines = " and ".join(phase.engines)
            sentence = f"The book {book} is none of {engines}, and these alone trade in the phase {phase.name}."
            yield Objection(f"{phase.name}.engines", f"{sentence} ({_at(phase)})")


def _can_be_named(phases: Phases, name: str) -> bool:
    phase, _, what = name.partition(".")
    return phase in {one.name for one in phases.phases} and what in ("", "account", "capital", "engines")


def _nothing_to_override(name: str, known: Collection[str]) -> Objection:
    there = f"What stands in the way is {', '.join(sorted(known))}." if known else "Nothing stands in the way."
    return Objection("", f'The configuration overrides "{name}", which no phase can object with. {there}')


def _at(phase: Phase) -> str:
    return f"{phase.place.file}:{phase.place.line}"

"""Phases of an account: what was measured, which gates pass, and whether trading may start."""

from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest

from features.steps.scene import Scene
from features.steps.sentence import says
from rules.language.phases import Account, Phase, Phases
from runtime.measured import Measured, Word
from runtime.phases import GateResult, StartAnswer, StartAsked, Verdict, current, judged, may_start

SOME_DAY_MS = 1_704_067_200_000


@dataclass(slots=True)
class Growth:
    """One account on its way through the phases."""

    scene: Scene
    measured: Measured = field(default_factory=Measured)
    overrides: list[str] = field(default_factory=list)
    start: StartAnswer | None = None

    @property
    def phases(self) -> Phases:
        """The phases of the scenario's rule files."""
        phases = self.scene.files.rulebook().phases
        assert phases is not None, "There is no book of phases among the rule files."
        return phases

    def phase(self, name: str) -> Phase:
        """The phase of a name."""
        found = [phase for phase in self.phases.phases if phase.name == name]
        assert found, f"There is no phase {name}; there are {', '.join(phase.name for phase in self.phases.phases)}."
        return found[0]

    def gates(self, name: str) -> tuple[GateResult, ...]:
        """The gates of a phase as they stand."""
        return judged(self.phase(name), self.measured.of_phase(name))

    @property
    def answer(self) -> StartAnswer:
        """What was said to the last start."""
        assert self.start is not None, "Say first who wants to start: When live trading starts in foundation …"
        return self.start


@pytest.fixture
def growth(scene: Scene) -> Growth:
    """An account of which nothing was measured yet."""
    return Growth(scene)


# ── what was measured ───────────────────────────────────────────────────────────────────────────────────────────────


@says("{name:Name} was measured as {value:Literal}")
def _(growth: Growth, name: str, value: str) -> None:
    """A fact of the gates has this value, written as in a rule file: uptime was measured as 99.5%."""
    told = Measured.from_plain({"facts": {name: value}})
    growth.measured = replace(growth.measured, facts={**growth.measured.facts, **told.facts})


@says("all gates of {phase:Name} would pass but for {gate:Name}")
def _(growth: Growth, phase: str, gate: str) -> None:
    """Everything that the other gates of the phase ask for is measured well; what this one asks for is not measured."""
    for one in growth.phase(phase).gates:
        if one.name != gate:
            growth.measured = _satisfied(growth.measured, one.condition.text, phase)
    results = {result.gate: result.verdict for result in growth.gates(phase)}
    assert {name for name, verdict in results.items() if verdict is not Verdict.PASSED} == {gate}, results


@says("the phase {phase:Name} was passed")
def _(growth: Growth, phase: str) -> None:
    """It was recorded that somebody has seen all gates of the phase pass."""
    passed = {**growth.measured.passed, growth.phase(phase).name: Word("Ann", SOME_DAY_MS)}
    growth.measured = replace(growth.measured, passed=passed)


@says("the operator was asked and has approved nothing")
def _(growth: Growth) -> None:
    """Approvals are recorded, and there is none."""
    growth.measured = replace(growth.measured, approved={})


@says("the operator has approved that {phase:Name} is left")
def _(growth: Growth, phase: str) -> None:
    """The operator's approval is recorded, with name and time."""
    approved = {**(growth.measured.approved or {}), growth.phase(phase).name: Word("Ann", SOME_DAY_MS)}
    growth.measured = replace(growth.measured, approved=approved)


# ── gates ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@says("the gate {gate:Name} of {phase:Name} is {verdict:Verdict}")
def _(growth: Growth, gate: str, phase: str, verdict: Verdict) -> None:
    """What became of one gate, with all that was measured: passed, failed or not measured."""
    found = {result.gate: result for result in growth.gates(phase)}
    assert gate in found, f"The phase {phase} has no gate {gate}; it has {', '.join(found)}."
    assert found[gate].verdict is verdict, f"{gate} is {found[gate].verdict}: {found[gate]}"


@says("{count:Whole} gates of {phase:Name} are {verdict:Verdict}")
def _(growth: Growth, count: int, phase: str, verdict: Verdict) -> None:
    """How many gates of a phase have passed, failed or were not measured."""
    found = [result.gate for result in growth.gates(phase) if result.verdict is verdict]
    assert len(found) == count, f"{len(found)} gates are {verdict}: {', '.join(found)}"


@says("the current phase is {phase:Name}")
def _(growth: Growth, phase: str) -> None:
    """The first phase that was not passed."""
    assert current(growth.phases, growth.measured).name == phase


# ── starting ────────────────────────────────────────────────────────────────────────────────────────────────────────


@says("the configuration overrides {name:Name}")
def _(growth: Growth, name: str) -> None:
    """The configuration names an objection that it puts aside: a phase, or its capital, account or engines."""
    growth.overrides.append(name)


@says("{account:Account} trading starts in {phase:Name} with {amount:Number} USDT[ and the book {book:Book}]")
def _(growth: Growth, account: Account, phase: str, amount: Decimal, book: str | None) -> None:
    """Somebody wants to start the engine in a phase, on a live or a demo account, with this much money."""
    asked = StartAsked(phase, account, amount, () if book is None else (book,))
    growth.start = may_start(growth.phases, asked, growth.measured, growth.overrides)


@says("the start is allowed")
def _(growth: Growth) -> None:
    """Nothing stands in the way of the last start."""
    assert growth.answer.allowed, "\n".join(one.sentence for one in growth.answer.refused)


@says("the start is refused because {words:Quoted}")
def _(growth: Growth, words: str) -> None:
    """One of the reasons says these words."""
    said = [one.sentence for one in growth.answer.refused]
    assert any(words in sentence for sentence in said), "\n".join(said) or "Nothing was refused."


@says("the journal is told of the start that {words:Quoted}")
def _(growth: Growth, words: str) -> None:
    """What was put aside by name stands in the notices that a start writes into the journal."""
    said = [notice.text for notice in growth.answer.notices]
    assert any(words in text for text in said), "\n".join(said) or "The journal is told nothing."


def _satisfied(measured: Measured, condition: str, phase: str) -> Measured:
    """Measure the fact of a gate such as `errors.api < 1%` so that it holds, whatever the threshold."""
    name, _, bound = condition.partition(" ")
    if name == "approved":
        return replace(measured, approved={**(measured.approved or {}), phase: Word("Ann", SOME_DAY_MS)})
    operator, _, threshold = bound.partition(" ")
    known = Measured.from_plain({"facts": {name: threshold or "yes"}}).facts[name]
    value = known if isinstance(known, bool) or not isinstance(known, Decimal | int) else _beyond(known, operator)
    return replace(measured, facts={**measured.facts, name: value})


def _beyond(threshold: Decimal | int, operator: str) -> Decimal | int:
    if operator in ("<", "<="):
        return 0 if isinstance(threshold, int) else Decimal(0)
    return threshold * 2

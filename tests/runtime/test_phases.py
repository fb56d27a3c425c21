"""Gates and starts, as far as no scenario tells them."""

from decimal import Decimal
from pathlib import Path

import pytest

from machines.catalogue import MACHINES
from rules.language.phases import Account, Phases
from rules.language.rulebook import load, rule_files
from runtime.facts import vocabulary_for
from runtime.measured import Measured, Word
from runtime.phases import StartAsked, Verdict, current, judged, judged_by_backtest, may_start, passes

pytestmark = pytest.mark.spec("PHASE-5")
ROOT = Path(__file__).parents[2] / "rules"


@pytest.fixture(scope="module")
def phases() -> Phases:
    rulebook, findings = load(rule_files(ROOT), MACHINES, vocabulary_for)
    assert rulebook is not None, findings
    assert rulebook.phases is not None
    return rulebook.phases


def test_a_gate_says_what_is_missing(phases: Phases) -> None:
    results = {one.gate: one for one in judged(phases.phases[0], {"uptime": Decimal("0.985")})}
    assert results["uptime"].short_by == "is 98.5 %, needs more than 99 % (0.5 % short)"
    assert results["latency"].short_by == "no value for `latency.order`"
    assert results["latency"].verdict is Verdict.NOT_MEASURED


def test_a_profit_factor_without_a_loss_passes_any_threshold(phases: Phases) -> None:
    facts = {"backtest.tactical.profit_factor": Decimal("Infinity")}
    (gate,) = [one for one in judged_by_backtest(phases, facts) if one.gate == "tactical_profit_factor"]
    assert (gate.verdict, gate.value) == (Verdict.PASSED, "nothing lost")


@pytest.mark.spec("PHASE-2")
def test_a_back_test_is_asked_for_its_own_gates_only(phases: Phases) -> None:
    gates = {one.gate for one in judged_by_backtest(phases, {})}
    assert len(gates) == 10
    assert all(name.split("_")[0] in ("trend", "funding", "tactical") for name in gates)


def test_one_open_gate_keeps_a_phase_from_being_passed(phases: Phases) -> None:
    good = {"position.of_target": Decimal("0.95"), "errors.api": Decimal(0), "uptime": Decimal(1), "latency.order": 1}
    assert passes(phases.phases[0], good)
    assert not any(passes(phases.phases[0], {**good, name: None}) for name in good)


def test_gates_that_pass_now_are_as_good_as_a_record(phases: Phases) -> None:
    good = {"position.of_target": Decimal("0.95"), "errors.api": Decimal(0), "uptime": Decimal(1), "latency.order": 1}
    asked = StartAsked("validation", Account.DEMO, Decimal(1), ("trend-1",))
    assert may_start(phases, asked, Measured(facts=good)).allowed
    assert not may_start(phases, asked, Measured()).allowed


def test_a_phase_in_between_is_the_current_one(phases: Phases) -> None:
    word = Word("Ann", 0)
    assert current(phases, Measured(passed={"validation": word})).name == "foundation"
    assert current(phases, Measured(passed={"foundation": word, "activation": word})).name == "validation"
    assert current(phases, Measured(passed={one.name: word for one in phases.phases})).name == "scale"


def test_a_long_list_of_open_gates_is_cut(phases: Phases) -> None:
    answer = may_start(phases, StartAsked("activation", Account.LIVE, Decimal(1), ()), Measured())
    (validation,) = [one for one in answer.refused if one.name == "validation"]
    assert "and 13 more, which `eternal phase --phase validation` lists." in validation.sentence


def test_an_unknown_phase_can_not_be_overridden(phases: Phases) -> None:
    answer = may_start(phases, StartAsked("finale", Account.LIVE, Decimal(1), ()), Measured(), ("finale",))
    assert not answer.allowed
    assert 'found "finale"' in answer.refused[0].sentence


def test_an_override_that_is_not_needed_any_more_does_no_harm(phases: Phases) -> None:
    asked = StartAsked("foundation", Account.LIVE, Decimal(6000), ("core-hodl",))
    answer = may_start(phases, asked, Measured(), ("foundation.capital",))
    assert answer.allowed
    assert answer.notices == ()
    bigger = may_start(
        phases, StartAsked("foundation", Account.LIVE, Decimal(16000), ()), Measured(), ("foundation.capital",)
    )
    assert bigger.allowed
    assert [notice.severity for notice in bigger.notices] == ["P1"]

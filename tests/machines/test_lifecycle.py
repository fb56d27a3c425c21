"""The whole engine: never past the reconciliation, never out of a halt by itself."""

import pytest

from machines.lifecycle import LIFECYCLE, LifecycleMemory, Stage, State
from machines.machine import Machine
from machines.table import Firing, ImpossibleTransition, Snapshot

MACHINE = Machine(LIFECYCLE)


def after(snapshot: Snapshot, *triggers: str) -> Snapshot:
    for trigger in triggers:
        snapshot = MACHINE.fire(snapshot, trigger, Firing(1, (), {})).after
    return snapshot


def at(state: State, memory: LifecycleMemory | None = None) -> Snapshot:
    return Snapshot(str(state), memory or LifecycleMemory(), 0)


NEW = LIFECYCLE.begin(0)
RUNNING = after(NEW, "start", "ready")
BY_OPERATOR, BY_OUTAGE = LifecycleMemory(paused_by_operator=True), LifecycleMemory(exchange_away=True)


@pytest.mark.spec("LIFE-01")
def test_the_usual_life() -> None:
    assert NEW.state == State.STOPPED
    assert after(NEW, "start").state == State.STARTING
    assert RUNNING.state == State.RUNNING
    assert after(RUNNING, "pause").state == State.PAUSED
    assert after(RUNNING, "pause", "resume").state == State.RUNNING
    assert after(RUNNING, "stop").state == State.STOPPING
    assert after(RUNNING, "stop", "stopped").state == State.STOPPED


@pytest.mark.spec("LIFE-04")
@pytest.mark.parametrize("state", [State.STARTING, State.RUNNING, State.PAUSED, State.STOPPING])
def test_a_process_that_begins_reconciles_first_wherever_the_last_one_died(state: State) -> None:
    assert after(at(state), "start").state == State.STARTING


@pytest.mark.spec("LIFE-02")
def test_a_crash_during_a_halt_resumes_at_its_stage() -> None:
    halted = after(RUNNING, "emergency", "stage_done")
    restarted = after(halted, "start")
    assert (restarted.state, restarted.memory.stage) == (State.EMERGENCY, Stage.CLOSE)


@pytest.mark.spec("LIFE-02")
def test_the_stages_of_a_halt_follow_each_other() -> None:
    snapshot, stages = after(RUNNING, "emergency"), []
    for _ in range(3):
        stages.append(snapshot.memory.stage)
        snapshot = after(snapshot, "stage_done")
    assert [*stages, snapshot.memory.stage] == [Stage.FREEZE, Stage.CLOSE, Stage.TELL, Stage.DONE]
    with pytest.raises(ImpossibleTransition):
        after(snapshot, "stage_done")


@pytest.mark.spec("LIFE-01", "LIFE-02")
@pytest.mark.parametrize("stages", range(4))
def test_only_an_acknowledgement_ends_a_halt_at_whatever_stage(stages: int) -> None:
    halted = after(RUNNING, "emergency", *["stage_done"] * stages)
    leaving = {(name, to) for source, name, to in LIFECYCLE.moves if source == "EMERGENCY" and to != "EMERGENCY"}
    assert leaving == {("acknowledge", State.STOPPING)}
    assert after(halted, "acknowledge").memory == LifecycleMemory()


@pytest.mark.parametrize("state", [State.STARTING, State.RUNNING, State.PAUSED, State.STOPPING])
def test_every_live_state_can_be_halted(state: State) -> None:
    snapshot = MACHINE.fire(at(state), "emergency", Firing(1, (), {"reason": "drawdown"})).after
    assert (snapshot.state, snapshot.memory.reason) == (State.EMERGENCY, "drawdown")


@pytest.mark.spec("LIFE-03")
def test_an_outage_pauses_and_its_end_resumes() -> None:
    away = after(RUNNING, "exchange_lost")
    assert (away.state, away.memory) == (State.PAUSED, BY_OUTAGE)
    assert after(away, "exchange_back").state == State.RUNNING


@pytest.mark.spec("LIFE-03", "LIFE-06")
@pytest.mark.parametrize("order", [("pause", "exchange_lost"), ("exchange_lost", "pause")])
def test_the_end_of_an_outage_does_not_end_a_persons_pause(order: tuple[str, str]) -> None:
    snapshot = after(RUNNING, *order, "exchange_back")
    assert (snapshot.state, snapshot.memory) == (State.PAUSED, BY_OPERATOR)
    assert after(snapshot, "resume").state == State.RUNNING


@pytest.mark.spec("LIFE-03", "LIFE-06")
@pytest.mark.parametrize("order", [("pause", "exchange_lost"), ("exchange_lost", "pause")])
def test_a_person_does_not_resume_into_an_outage(order: tuple[str, str]) -> None:
    snapshot = after(RUNNING, *order, "resume")
    assert (snapshot.state, snapshot.memory) == (State.PAUSED, BY_OUTAGE)
    assert after(snapshot, "exchange_back").state == State.RUNNING


@pytest.mark.spec("LIFE-04", "LIFE-06")
def test_a_persons_pause_survives_a_restart_and_an_outage_does_not() -> None:
    assert after(at(State.PAUSED, BY_OPERATOR), "start", "ready").state == State.PAUSED
    assert after(at(State.PAUSED, BY_OUTAGE), "start", "ready").state == State.RUNNING


def test_a_pause_that_is_wanted_during_the_start_begins_when_it_is_ready() -> None:
    assert after(NEW, "start", "pause", "ready").state == State.PAUSED
    assert after(NEW, "start", "pause", "resume", "ready").state == State.RUNNING
    assert after(NEW, "start", "exchange_lost", "ready").state == State.PAUSED
    assert after(NEW, "start", "exchange_lost", "exchange_back", "ready").state == State.RUNNING

"""The breaker level: up at once, down step by step, out of EMERGENCY by a person."""

from itertools import combinations

import pytest

from machines.breaker import BREAKER, BreakerMemory, Level
from machines.machine import Machine
from machines.table import Firing, ImpossibleTransition, Snapshot

MACHINE = Machine(BREAKER)
LEVELS = list(Level)


def fire(snapshot: Snapshot, trigger: str, now_ms: int = 9, **arguments: str) -> Snapshot:
    outcome = MACHINE.fire(snapshot, trigger, Firing(now_ms, (), arguments, "ladder"))
    assert outcome.intents == ()
    return outcome.after


def at(level: Level, memory: BreakerMemory | None = None) -> Snapshot:
    return Snapshot(str(level), memory or BreakerMemory(), 0)


@pytest.mark.spec("BRK-05")
@pytest.mark.parametrize(("lower", "higher"), list(combinations(LEVELS, 2)))
def test_a_level_rises_at_once_and_by_any_number_of_steps(lower: Level, higher: Level) -> None:
    assert fire(at(lower), "rise", level=str(higher)) == Snapshot(higher, BreakerMemory(), 9)


@pytest.mark.spec("BRK-05")
@pytest.mark.parametrize(("lower", "higher"), [*combinations(LEVELS, 2), *((level, level) for level in LEVELS)])
def test_a_rise_leads_to_no_lower_level_and_not_to_the_same(lower: Level, higher: Level) -> None:
    with pytest.raises(ImpossibleTransition):
        fire(at(higher), "rise", level=str(lower))


@pytest.mark.spec("BRK-05")
def test_a_level_falls_one_step_at_a_time_and_counts_the_calm_anew() -> None:
    snapshot = at(Level.ALERT, BreakerMemory(below_since_ms=3))
    for level in (Level.WARNING, Level.CAUTION, Level.NORMAL):
        snapshot = fire(snapshot, "fall")
        assert (snapshot.state, snapshot.memory) == (level, BreakerMemory())


@pytest.mark.spec("BRK-05")
@pytest.mark.parametrize("level", [Level.NORMAL, Level.EMERGENCY])
def test_neither_normal_nor_emergency_falls(level: Level) -> None:
    with pytest.raises(ImpossibleTransition):
        fire(at(level), "fall")


@pytest.mark.spec("BRK-05")
def test_the_calm_is_remembered_from_its_first_moment_and_forgotten_when_it_ends() -> None:
    snapshot = fire(at(Level.WARNING), "dip", 5)
    snapshot = fire(snapshot, "dip", 6)
    assert snapshot.memory == BreakerMemory(below_since_ms=5)
    assert fire(snapshot, "climb", 7).memory == BreakerMemory()
    assert fire(snapshot, "rise", 8, level="ALERT").memory == BreakerMemory()


@pytest.mark.spec("BRK-05")
def test_only_an_acknowledgement_leads_out_of_emergency_and_begins_the_recovery() -> None:
    assert set(BREAKER.answers[Level.EMERGENCY]) == {"acknowledge"}
    assert fire(at(Level.EMERGENCY), "acknowledge", 7) == Snapshot("NORMAL", BreakerMemory(None, 7), 7)


@pytest.mark.parametrize("level", LEVELS[:-1])
def test_there_is_nothing_to_acknowledge_elsewhere(level: Level) -> None:
    with pytest.raises(ImpossibleTransition):
        fire(at(level), "acknowledge")


@pytest.mark.spec("BRK-05")
def test_a_new_breach_starts_the_recovery_over() -> None:
    recovering = at(Level.NORMAL, BreakerMemory(recovery_started_ms=3))
    assert fire(recovering, "rise", 8, level="CAUTION").memory == BreakerMemory(recovery_started_ms=8)


def test_a_recovery_goes_on_through_a_breach_where_it_is_not_to_begin_anew() -> None:
    recovering = at(Level.NORMAL, BreakerMemory(recovery_started_ms=3))
    after = fire(recovering, "rise", 8, level="CAUTION", restart=False)
    assert after.memory == BreakerMemory(recovery_started_ms=3)


def test_a_recovery_goes_on_while_levels_fall_and_ends_once() -> None:
    snapshot = fire(at(Level.CAUTION, BreakerMemory(recovery_started_ms=3)), "fall")
    assert snapshot.memory == BreakerMemory(recovery_started_ms=3)
    recovered = fire(snapshot, "recovered")
    assert recovered.memory == BreakerMemory()
    assert fire(recovered, "rise", level="CAUTION").memory == BreakerMemory()
    with pytest.raises(ImpossibleTransition):
        fire(recovered, "recovered")

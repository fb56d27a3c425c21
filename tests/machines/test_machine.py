"""Firing: through the library or directly, with one outcome; what is impossible is said in a sentence."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from machines.breaker import BREAKER
from machines.catalogue import MACHINES
from machines.core import CORE
from machines.intents import Alert, Intent
from machines.lifecycle import LIFECYCLE
from machines.machine import Machine, execute
from machines.order import ORDER
from machines.table import Argument, By, Firing, ImpossibleTransition, Outcome, Row, Snapshot, Table, Trigger, named
from machines.trend import TREND

SYMBOLS = ("BTCUSDT", "ETHUSDT")
SHIPPED = {table.name: table for table in (*MACHINES.values(), ORDER, BREAKER, LIFECYCLE)}
LIBRARY = {name: Machine(table) for name, table in SHIPPED.items()}
FAST = {name: Machine(table, fast=True) for name, table in SHIPPED.items()}

amounts = some.decimals(-1, 1000, places=2)
VALUES: dict[str, some.SearchStrategy[Any]] = {
    "ratio": some.decimals(0, 1, places=4),
    "money": amounts,
    "price": some.decimals(1, 1000, places=2),
    "number": some.decimals(1, 10, places=1),
    "count": some.integers(0, 3),
    "text": some.sampled_from(["", "because", *SYMBOLS]),
    "bool": some.booleans(),
}

WHOLE_BOOKS = ("core", "tactical")


def value(argument: Argument) -> some.SearchStrategy[Any]:
    if argument.per_symbol:
        return some.dictionaries(some.sampled_from(SYMBOLS), VALUES[argument.unit])
    return some.sampled_from(argument.members) if argument.members else VALUES[argument.unit]


@some.composite
def firings(draw: some.DrawFn, trigger: Trigger, per_symbol: bool) -> Firing:
    """Give arguments that a trigger can be fired with; now and then the ones with defaults are left out."""
    arguments = {argument.name: draw(value(argument)) for argument in (*trigger.arguments, *trigger.given)}
    if draw(some.booleans()):
        arguments = {name: arguments[name] for name in arguments if name in trigger.needs}
    return Firing(draw(some.integers(1, 10**6)), SYMBOLS if per_symbol else SYMBOLS[:1], arguments, "entries.some")


@some.composite
def stories(draw: some.DrawFn) -> tuple[str, list[tuple[str, Firing]]]:
    """Choose a shipped machine and give it things to do, most of which it can do where it stands."""
    name = draw(some.sampled_from(sorted(SHIPPED)))
    table, machine = SHIPPED[name], FAST[name]
    snapshot, story = table.begin(0), []
    for _ in range(draw(some.integers(1, 25))):
        likely = draw(some.booleans())
        choices = sorted(table.answers[snapshot.state]) if likely else sorted(table.triggers)
        trigger = draw(some.sampled_from(choices or sorted(table.triggers)))
        firing = draw(firings(table.triggers[trigger], table.name in WHOLE_BOOKS))
        story.append((trigger, firing))
        if machine.may(snapshot, trigger, firing):
            snapshot = machine.fire(snapshot, trigger, firing).after
    return name, story


def told(machine: Machine, story: Sequence[tuple[str, Firing]]) -> list[Outcome | str]:
    snapshot, outcomes = machine.table.begin(0), list[Outcome | str]()
    for trigger, firing in story:
        try:
            outcome = machine.fire(snapshot, trigger, firing)
            snapshot = outcome.after
            outcomes.append(outcome)
        except ImpossibleTransition as sentence:
            outcomes.append(str(sentence))
    return outcomes


@given(stories())
def test_the_library_and_the_table_itself_have_the_same_outcomes(case: tuple[str, list[tuple[str, Firing]]]) -> None:
    name, story = case
    assert told(LIBRARY[name], story) == told(FAST[name], story)


@given(stories())
def test_may_tells_what_fire_does(case: tuple[str, list[tuple[str, Firing]]]) -> None:
    name, story = case
    machine, snapshot = LIBRARY[name], SHIPPED[name].begin(0)
    for trigger, firing in story:
        possible = machine.may(snapshot, trigger, firing)
        (outcome,) = told(replaced(machine, snapshot), [(trigger, firing)])
        assert possible == isinstance(outcome, Outcome)
        snapshot = outcome.after if isinstance(outcome, Outcome) else snapshot


def replaced(machine: Machine, snapshot: Snapshot) -> Any:
    """Stand in for a machine that begins at a snapshot."""

    class Elsewhere:
        fire = staticmethod(machine.fire)

        class table:  # noqa: N801
            @staticmethod
            def begin(_now_ms: int) -> Snapshot:
                return snapshot

    return Elsewhere


@given(stories())
def test_at_most_one_guard_holds_so_that_the_order_of_rows_decides_nothing(
    case: tuple[str, list[tuple[str, Firing]]],
) -> None:
    name, story = case
    table, snapshot = SHIPPED[name], SHIPPED[name].begin(0)
    for trigger, firing in story:
        guards = [row.guard for row in table.answers[snapshot.state].get(trigger, ()) if row.guard is not None]
        assert sum(guard(snapshot.memory, firing) for guard in guards) <= 1
        if FAST[name].may(snapshot, trigger, firing):
            snapshot = FAST[name].fire(snapshot, trigger, firing).after


@given(stories())
def test_firing_changes_nothing_but_what_it_returns(case: tuple[str, list[tuple[str, Firing]]]) -> None:
    name, story = case
    assert told(LIBRARY[name], story) == told(LIBRARY[name], story)


@given(stories())
def test_the_age_of_a_state_begins_when_it_is_entered(case: tuple[str, list[tuple[str, Firing]]]) -> None:
    name, story = case
    for (_, firing), outcome in zip(story, told(FAST[name], story), strict=True):
        if isinstance(outcome, Outcome):
            moved = outcome.before.state != outcome.after.state
            assert outcome.after.since_ms == (firing.now_ms if moved else outcome.before.since_ms)


@dataclass(frozen=True)
class Memory:
    count: int = 0


def add(memory: Memory, firing: Firing) -> tuple[Memory, tuple[Intent, ...]]:
    return replace(memory, count=memory.count + firing.arguments["by"]), (Alert("P3", firing.arguments["word"]),)


def fail(_memory: Memory, _firing: Firing) -> tuple[Memory, tuple[Intent, ...]]:
    raise ArithmeticError("broken effect")


def it_is_more_than_three(memory: Memory, _firing: Firing) -> bool:
    return memory.count > 3


COUNTER = Table(
    "counter",
    "counts",
    ("LOW", "HIGH"),
    "LOW",
    named(
        (
            Trigger(
                "add", By.RULE, (Argument("by", "count"), Argument("word", "text", required=False, default="more"))
            ),
            Trigger("climb", By.RUNTIME),
            Trigger("fail", By.RUNTIME),
            Trigger("look", By.RULE, given=(Argument("best", "price"),)),
        )
    ),
    (
        Row(("LOW", "HIGH"), "add", None, None, add),
        Row(("LOW",), "climb", "HIGH", it_is_more_than_three),
        Row(("LOW",), "fail", "HIGH", None, fail),
        Row(("LOW",), "look", None),
    ),
    Memory,
)


@pytest.fixture(params=[False, True], ids=["library", "fast"])
def counter(request: pytest.FixtureRequest) -> Machine:
    return Machine(COUNTER, fast=request.param)


def test_what_is_left_out_has_its_default(counter: Machine) -> None:
    outcome = counter.fire(COUNTER.begin(5), "add", Firing(7, (), {"by": 2}))
    assert outcome == Outcome(Snapshot("LOW", Memory(0), 5), Snapshot("LOW", Memory(2), 5), (Alert("P3", "more"),))


def test_a_default_is_overridden_and_the_arguments_of_the_caller_stay_as_they_are(counter: Machine) -> None:
    arguments = {"by": 2}
    counter.fire(COUNTER.begin(5), "add", Firing(7, (), arguments))
    outcome = counter.fire(COUNTER.begin(5), "add", Firing(7, (), {"by": 1, "word": "one"}))
    assert outcome.intents == (Alert("P3", "one"),)
    assert arguments == {"by": 2}


def test_one_machine_serves_many_snapshots(counter: Machine) -> None:
    high = Snapshot("HIGH", Memory(9), 1)
    assert counter.fire(Snapshot("LOW", Memory(4), 1), "climb", Firing(2)).after == Snapshot("HIGH", Memory(4), 2)
    assert counter.fire(high, "add", Firing(3, (), {"by": 1})).after == Snapshot("HIGH", Memory(10), 1)
    assert counter.fire(COUNTER.begin(0), "add", Firing(3, (), {"by": 1})).after.state == "LOW"


@pytest.mark.parametrize(
    ("snapshot", "trigger", "arguments", "sentence"),
    [
        (
            Snapshot("HIGH", Memory(), 0),
            "climb",
            {},
            "machine 'counter': 'climb' is not possible in HIGH; possible there: add (rule)",
        ),
        (
            COUNTER.begin(0),
            "climb",
            {},
            "machine 'counter': 'climb' is possible in LOW only when it is more than three, which does not hold; "
            "possible there: add (rule), climb (runtime), fail (runtime), look (rule)",
        ),
        (COUNTER.begin(0), "ad", {}, "machine 'counter' has no trigger 'ad', did you mean 'add'?"),
        (COUNTER.begin(0), "zzz", {}, "machine 'counter' has no trigger 'zzz'; it has add, climb, fail, look"),
        (COUNTER.begin(0), "add", {}, "machine 'counter': 'add' needs by (count); entries.long has fired it without"),
        (
            COUNTER.begin(0),
            "look",
            {},
            "machine 'counter': 'look' needs best (price); entries.long has fired it without",
        ),
        (
            Snapshot("MIDDLE", Memory(), 0),
            "climb",
            {},
            "machine 'counter': expected one of the states LOW, HIGH, found 'MIDDLE'",
        ),
    ],
)
@pytest.mark.spec("EXEC-01")
def test_what_is_impossible_is_said_in_a_sentence(
    counter: Machine, snapshot: Snapshot, trigger: str, arguments: dict[str, Any], sentence: str
) -> None:
    firing = Firing(1, (), arguments, "entries.long")
    assert not counter.may(snapshot, trigger, firing)
    with pytest.raises(ImpossibleTransition) as refusal:
        counter.fire(snapshot, trigger, firing)
    assert str(refusal.value) == sentence


def test_nothing_is_possible_where_everything_has_ended() -> None:
    table = Table("end", "", ("A", "B"), "A", named((Trigger("go", By.RULE),)), (Row(("A",), "go", "B"),), Memory)
    with pytest.raises(ImpossibleTransition, match="nothing, it has ended"):
        Machine(table).fire(Snapshot("B", Memory(), 0), "go", Firing(1))


def test_an_effect_that_fails_leaves_the_machine_usable(counter: Machine) -> None:
    with pytest.raises(ArithmeticError, match="broken effect"):
        counter.fire(COUNTER.begin(0), "fail", Firing(1))
    assert counter.fire(COUNTER.begin(0), "add", Firing(1, (), {"by": 1})).after == Snapshot("LOW", Memory(1), 0)


def test_a_checked_table_can_be_executed_without_a_machine() -> None:
    step = execute(TREND)
    assert step(TREND.begin(0), "leave", Firing(1, ("BTCUSDT",), {"urgency": "normal", "label": ""})) is None
    signal = {
        "side": "long",
        "risk": Decimal("0.01"),
        "stop_distance": Decimal(2),
        "largest": Decimal(1),
        "leverage": 1,
    }
    outcome = step(TREND.begin(0), "signal", Firing(1, ("BTCUSDT",), signal))
    assert outcome is not None
    assert outcome.after.state == "SIGNAL_DETECTED"


def test_states_are_plain_text_in_every_snapshot() -> None:
    """An enum's member would be written differently into a trace than the text that the journal gives back."""
    for machine in (LIBRARY["core"], FAST["core"]):
        after = machine.fire(CORE.begin(0), "balanced", Firing(1)).after
        assert type(after.state) is str
    assert type(CORE.begin(0).state) is str

"""One order from the wish to its end, whatever order the news comes in."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from machines.machine import Machine
from machines.order import ORDER, OrderMemory, State
from machines.table import Firing, ImpossibleTransition, Snapshot

MACHINE = Machine(ORDER)
ENDED = [State.FILLED, State.REJECTED, State.CANCELLED, State.EXPIRED]
LIVE = [state for state in State if state not in ENDED]
NEWS = ["acknowledge", "rest", "fill_part", "fill", "reject", "cancel", "expire", "lose"]


def after(start: State, *triggers: str, **arguments: str) -> str:
    snapshot = Snapshot(str(start), OrderMemory(), 0)
    for trigger in triggers:
        snapshot = MACHINE.fire(snapshot, trigger, Firing(1, ("BTCUSDT",), arguments)).after
    return snapshot.state


@pytest.mark.spec("EXEC-01")
def test_the_usual_life() -> None:
    states = [State.CREATED]
    for trigger in ("validate", "submit", "acknowledge", "rest", "fill_part", "fill_part", "fill"):
        states.append(State(after(states[-1], trigger)))
    assert states == [
        State.CREATED,
        State.VALIDATED,
        State.SUBMITTED,
        State.ACKNOWLEDGED,
        State.OPEN,
        State.PARTIALLY_FILLED,
        State.PARTIALLY_FILLED,
        State.FILLED,
    ]


@pytest.mark.spec("EXEC-01")
@pytest.mark.parametrize("state", ENDED)
@pytest.mark.parametrize("news", [*NEWS, "find"])
def test_an_order_that_has_ended_never_lives_again(state: State, news: str) -> None:
    assert after(state, news, state="OPEN", reason="late") == state


@pytest.mark.spec("EXEC-01")
@pytest.mark.parametrize("state", ENDED)
@pytest.mark.parametrize("trigger", ["validate", "submit"])
def test_an_order_that_has_ended_is_not_sent_again(state: State, trigger: str) -> None:
    with pytest.raises(ImpossibleTransition):
        after(state, trigger)


@pytest.mark.spec("EXEC-02")
@pytest.mark.parametrize("state", [state for state in State if state is not State.VALIDATED])
def test_an_order_is_sent_once(state: State) -> None:
    with pytest.raises(ImpossibleTransition):
        after(state, "submit")


@pytest.mark.spec("EXEC-03")
@pytest.mark.parametrize("state", [State.SUBMITTED, State.ACKNOWLEDGED, State.OPEN, State.PARTIALLY_FILLED])
def test_a_lost_answer_makes_an_order_unknown(state: State) -> None:
    assert after(state, "lose") == State.UNKNOWN
    assert after(state, "lose", "lose") == State.UNKNOWN


@pytest.mark.spec("EXEC-03", "EXEC-04")
@pytest.mark.parametrize("found", [State.ACKNOWLEDGED, State.OPEN, State.PARTIALLY_FILLED, *ENDED])
@pytest.mark.parametrize("start", [State.SUBMITTED, State.UNKNOWN])
def test_a_look_up_tells_what_became_of_an_order(start: State, found: State) -> None:
    assert after(start, "find", state=str(found)) == found


@pytest.mark.parametrize(
    ("start", "found"),
    [
        (State.ACKNOWLEDGED, State.ACKNOWLEDGED),
        (State.OPEN, State.ACKNOWLEDGED),
        (State.PARTIALLY_FILLED, State.OPEN),
        (State.PARTIALLY_FILLED, State.PARTIALLY_FILLED),
    ],
)
def test_a_look_up_that_is_behind_the_stream_changes_nothing(start: State, found: State) -> None:
    assert after(start, "find", state=str(found)) == start


@pytest.mark.spec("EXEC-08")
@pytest.mark.parametrize("news", list(permutations(["acknowledge", "rest", "fill_part", "fill"])), ids=" ".join)
def test_a_filled_order_is_filled_whatever_the_order_of_the_messages(news: tuple[str, ...]) -> None:
    assert after(State.SUBMITTED, *news) == State.FILLED


@pytest.mark.spec("EXEC-08")
@given(some.lists(some.sampled_from(["acknowledge", "rest", "fill_part"]), min_size=1, max_size=8))
def test_news_never_takes_an_order_back(news: list[str]) -> None:
    rank = {"acknowledge": State.ACKNOWLEDGED, "rest": State.OPEN, "fill_part": State.PARTIALLY_FILLED}
    furthest = max(news, key=list(rank).index)
    assert after(State.SUBMITTED, *news) == rank[furthest]


@pytest.mark.parametrize("state", LIVE)
@pytest.mark.parametrize("trigger", ["cancel", "expire"])
def test_every_live_order_can_end_with_its_reason(state: State, trigger: str) -> None:
    outcome = MACHINE.fire(Snapshot(state, OrderMemory(), 0), trigger, Firing(1, (), {"reason": "too late"}))
    assert outcome.after.state in (State.CANCELLED, State.EXPIRED)
    assert outcome.after.memory == OrderMemory("too late")
    assert outcome.intents == ()


@pytest.mark.parametrize("state", [State.CREATED, State.VALIDATED])
def test_what_was_not_sent_can_be_neither_filled_nor_lost(state: State) -> None:
    for news in ("acknowledge", "rest", "fill_part", "fill", "lose"):
        with pytest.raises(ImpossibleTransition):
            after(state, news)

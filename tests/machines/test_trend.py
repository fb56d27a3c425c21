"""The life of a position that follows a trend, and its stop that only tightens."""

import itertools
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from machines.intents import Alert, CancelOpen, Direction, Enter, Intent, Leave, MoveStop, Urgency
from machines.machine import Machine
from machines.table import Firing, ImpossibleTransition, Snapshot
from machines.trend import TREND, State, TrendMemory

SIGNAL = {
    "side": "long",
    "risk": Decimal("0.01"),
    "stop_distance": Decimal(200),
    "largest": Decimal("0.5"),
    "leverage": Decimal(2),
}


class Story:
    """One symbol's machine; each trigger a minute after the last."""

    def __init__(self, snapshot: Snapshot | None = None) -> None:
        self.machine = Machine(TREND)
        self.snapshot = snapshot or TREND.begin(0)
        self.now_ms = 0

    def fire(self, trigger: str, **arguments: Any) -> tuple[Intent, ...]:
        self.now_ms += 60_000
        outcome = self.machine.fire(self.snapshot, trigger, Firing(self.now_ms, ("BTCUSDT",), arguments, "a.rule"))
        self.snapshot = outcome.after
        return outcome.intents

    def may(self, trigger: str, **arguments: Any) -> bool:
        return self.machine.may(self.snapshot, trigger, Firing(self.now_ms, ("BTCUSDT",), arguments, "a.rule"))

    @property
    def state(self) -> str:
        return self.snapshot.state

    @property
    def memory(self) -> TrendMemory:
        memory = self.snapshot.memory
        assert isinstance(memory, TrendMemory)
        return memory

    def enter(self, side: str = "long") -> "Story":
        self.fire("signal", **{**SIGNAL, "side": side})
        self.fire("approved")
        return self

    def hold(self, side: str = "long", price: int = 10_000) -> "Story":
        self.enter(side).fire("opened", price=Decimal(price))
        return self


@pytest.mark.spec("TREND-01", "TREND-02", "TREND-07")
@pytest.mark.parametrize("side", list(Direction))
def test_a_signal_asks_for_an_entry_with_all_that_its_size_depends_on(side: Direction) -> None:
    story = Story()
    intents = story.fire("signal", **{**SIGNAL, "side": str(side)})
    assert intents == (Enter("BTCUSDT", side, Decimal("0.01"), Decimal(200), Decimal("0.5"), Decimal(2)),)
    assert story.state == State.SIGNAL_DETECTED


def test_the_largest_position_and_the_leverage_have_defaults() -> None:
    (entry,) = Story().fire("signal", side="long", risk=Decimal("0.01"), stop_distance=Decimal(200))
    assert isinstance(entry, Enter)
    assert (entry.largest, entry.leverage) == (Decimal("0.5"), Decimal(2))


@pytest.mark.spec("TREND-04")
@pytest.mark.parametrize(("side", "stop"), [("long", 9_800), ("short", 10_200)])
def test_the_stop_is_anchored_at_the_price_that_was_paid(side: str, stop: int) -> None:
    story = Story().enter(side)
    assert story.fire("opened", price=Decimal(10_000)) == (
        MoveStop("BTCUSDT", Decimal(10_000), Decimal(200), anchor=True),
    )
    assert story.state == State.IN_POSITION
    assert story.memory == TrendMemory(Direction(side), Decimal(200), Decimal(stop), entered_ms=story.now_ms)


@pytest.mark.spec("BRK-01")
def test_a_stop_distance_that_the_review_has_widened_is_the_one_that_counts() -> None:
    story = Story()
    story.fire("signal", **SIGNAL)
    story.fire("approved", stop_distance=Decimal(300))
    story.fire("opened", price=Decimal(10_000))
    assert story.memory.stop == Decimal(9_700)


@pytest.mark.spec("TREND-05")
@pytest.mark.parametrize(
    ("side", "bests", "stops"),
    [
        ("long", [10_300, 10_500, 10_400, 10_900], [10_000, 10_200, 10_200, 10_600]),
        ("short", [9_700, 9_500, 9_600, 9_100], [10_000, 9_800, 9_800, 9_400]),
    ],
)
def test_the_stop_trails_the_best_price_and_never_goes_back(side: str, bests: list[int], stops: list[int]) -> None:
    story = Story().hold(side)
    first, *others = bests
    moves = [story.fire("trail", distance=Decimal(300), best=Decimal(first))]
    seen = [story.memory.stop]
    for best in others:
        moves.append(story.fire("tighten", distance=Decimal(300), best=Decimal(best)))
        seen.append(story.memory.stop)
    assert seen == [Decimal(stop) for stop in stops]
    assert [len(move) for move in moves] == [1, 1, 0, 1]
    assert story.state == State.TRAILING_STOP


@pytest.mark.spec("TREND-05")
def test_a_wider_distance_does_not_loosen_the_stop_but_trailing_begins() -> None:
    story = Story().hold()
    assert story.fire("trail", distance=Decimal(5_000), best=Decimal(10_100)) == ()
    assert story.state == State.TRAILING_STOP
    assert story.memory.stop == Decimal(9_800)


prices = some.decimals(1, 100_000, places=2)


@pytest.mark.spec("TREND-05")
@given(
    side=some.sampled_from(list(Direction)),
    entry=prices,
    updates=some.lists(some.tuples(prices, some.decimals(0, 1_000, places=2)), max_size=15),
)
def test_no_stop_order_ever_loosens(
    side: Direction, entry: Decimal, updates: Sequence[tuple[Decimal, Decimal]]
) -> None:
    story = Story().enter(side)
    moves = list(story.fire("opened", price=entry))
    for number, (best, distance) in enumerate(updates):
        moves += story.fire("tighten" if number else "trail", distance=distance, best=best)
    sign = 1 if side is Direction.LONG else -1
    sent = [move.behind - sign * move.distance for move in moves if isinstance(move, MoveStop)]
    assert all(sign * later > sign * earlier for earlier, later in itertools.pairwise(sent))
    assert story.memory.stop == sent[-1]


@pytest.mark.spec("TREND-03", "TREND-06")
@pytest.mark.parametrize("trailing", [False, True])
def test_leaving_asks_for_the_exit_with_its_label(trailing: bool) -> None:
    story = Story().hold()
    if trailing:
        story.fire("trail", distance=Decimal(300), best=Decimal(10_300))
    assert story.fire("leave", label="time stop") == (Leave("BTCUSDT", Urgency.NORMAL, "time stop"),)
    assert story.state == State.EXITING
    story.fire("closed")
    assert story.state == State.SCANNING
    assert story.memory == TrendMemory(label="time stop")


def test_the_urgency_of_an_exit_is_as_the_rule_says() -> None:
    assert Story().hold().fire("leave", urgency="patient") == (Leave("BTCUSDT", Urgency.PATIENT, ""),)


def test_an_exit_that_failed_is_left_to_the_rules_again() -> None:
    story = Story().hold()
    story.fire("leave", label="trend broken")
    story.fire("exit_failed")
    assert story.state == State.IN_POSITION
    assert story.memory.stop == Decimal(9_800)
    assert story.fire("leave", label="time stop") == (Leave("BTCUSDT", Urgency.NORMAL, "time stop"),)


def test_a_refused_signal_waits_for_the_next_look() -> None:
    story = Story()
    story.fire("signal", **SIGNAL)
    story.fire("refused")
    assert (story.state, story.memory) == (State.NO_TRADE, TrendMemory())
    story.fire("look_again")
    assert story.state == State.SCANNING


def test_an_entry_that_failed_goes_back_to_scanning() -> None:
    story = Story().enter()
    story.fire("entry_failed")
    assert (story.state, story.memory) == (State.SCANNING, TrendMemory())


@pytest.mark.parametrize("before", ["", "trail", "leave"])
def test_a_stop_ends_the_position_wherever_it_is(before: str) -> None:
    story = Story().hold()
    if before == "trail":
        story.fire("trail", distance=Decimal(300), best=Decimal(10_300))
    if before == "leave":
        story.fire("leave")
    story.fire("stopped")
    assert (story.state, story.memory) == (State.STOPPED_OUT, TrendMemory(label="stop"))
    story.fire("look_again")
    assert story.state == State.SCANNING


@pytest.mark.parametrize(
    ("state", "trigger"),
    [(State.IN_POSITION, "signal"), (State.SCANNING, "leave"), (State.EXITING, "leave"), (State.ENTERING, "signal")],
)
def test_a_position_is_neither_doubled_nor_left_twice(state: State, trigger: str) -> None:
    story = Story(Snapshot(state, TrendMemory(Direction.LONG, Decimal(1), Decimal(1), 1), 0))
    with pytest.raises(ImpossibleTransition):
        story.fire(trigger, **SIGNAL)


@pytest.mark.spec("BRK-03")
class TestCloseNow:
    def test_a_position_is_left_urgently(self) -> None:
        story = Story().hold()
        assert story.fire("close_now", label="breaker") == (Leave("BTCUSDT", Urgency.URGENT, "breaker"),)
        assert story.state == State.EXITING

    def test_an_entry_is_taken_back(self) -> None:
        story = Story().enter()
        assert story.fire("close_now", label="breaker") == (CancelOpen("BTCUSDT"),)
        assert story.state == State.ENTERING
        story.fire("entry_failed")
        assert (story.state, story.memory) == (State.SCANNING, TrendMemory(label="breaker"))

    def test_a_part_that_was_filled_all_the_same_gets_its_stop_and_is_left_at_once(self) -> None:
        story = Story().enter()
        story.fire("close_now", label="breaker")
        stop = MoveStop("BTCUSDT", Decimal(10_000), Decimal(200), anchor=True)
        assert story.fire("opened", price=Decimal(10_000)) == (stop, Leave("BTCUSDT", Urgency.URGENT, "breaker"))
        assert story.state == State.EXITING

    @pytest.mark.parametrize("state", [State.SCANNING, State.NO_TRADE, State.STOPPED_OUT])
    def test_there_is_nothing_to_close_where_nothing_is_held(self, state: State) -> None:
        assert not Story(Snapshot(state, TrendMemory(), 0)).may("close_now")


@pytest.mark.spec("BRK-04", "LIFE-02")
class TestEmergency:
    @pytest.mark.parametrize("state", [state for state in State if state is not State.EMERGENCY])
    def test_it_is_reached_from_everywhere_and_no_rule_leads_out(self, state: State) -> None:
        story = Story(Snapshot(state, TrendMemory(), 0))
        story.fire("emergency", reason="drawdown")
        assert story.state == State.EMERGENCY
        for name in ("signal", "trail", "tighten", "leave", "look_again", "emergency", "approved"):
            assert name not in TREND.answers[State.EMERGENCY]

    def test_an_entry_is_taken_back(self) -> None:
        assert Story().enter().fire("emergency") == (CancelOpen("BTCUSDT"),)

    def test_a_position_is_kept_until_somebody_closes_it(self) -> None:
        story = Story().hold()
        assert story.fire("emergency") == ()
        assert story.fire("close_now", label="halt") == (Leave("BTCUSDT", Urgency.URGENT, "halt"),)
        story.fire("closed")
        story.fire("acknowledge")
        assert (story.state, story.memory) == (State.SCANNING, TrendMemory(label="halt"))

    def test_an_entry_that_was_filled_all_the_same_has_its_stop(self) -> None:
        story = Story().enter()
        story.fire("emergency")
        assert story.fire("opened", price=Decimal(10_000)) == (
            MoveStop("BTCUSDT", Decimal(10_000), Decimal(200), anchor=True),
        )
        story.fire("stopped")
        story.fire("acknowledge")
        assert story.state == State.SCANNING

    def test_an_entry_that_was_called_off_is_left_when_it_is_filled_all_the_same(self) -> None:
        story = Story().enter()
        story.fire("emergency")
        assert story.fire("close_now", label="halt") == (CancelOpen("BTCUSDT"),)
        assert story.fire("opened", price=Decimal(10_000))[1:] == (Leave("BTCUSDT", Urgency.URGENT, "halt"),)

    def test_nothing_is_closed_where_nothing_is_held(self) -> None:
        story = Story()
        story.fire("emergency")
        assert story.fire("close_now") == ()
        assert not story.may("opened", price=Decimal(1))
        assert not story.may("exit_failed")

    def test_an_exit_that_failed_wakes_the_operator_and_can_be_asked_for_again(self) -> None:
        story = Story().hold()
        story.fire("leave")
        story.fire("emergency")
        (alert,) = story.fire("exit_failed")
        assert alert == Alert("P0", "The exit of BTCUSDT has failed during the halt; the position is still held.")
        assert story.fire("close_now", label="halt") == (Leave("BTCUSDT", Urgency.URGENT, "halt"),)

    @pytest.mark.parametrize(
        ("before", "state", "after"),
        [
            (["hold"], State.IN_POSITION, "leave"),
            (["hold", "leave"], State.EXITING, "closed"),
            (["enter"], State.ENTERING, "entry_failed"),
            ([], State.SCANNING, "signal"),
        ],
    )
    def test_an_acknowledgement_forgets_nothing_that_is_held_or_on_its_way(
        self, before: list[str], state: State, after: str
    ) -> None:
        story = Story()
        for step in before:
            story.hold() if step == "hold" else story.enter() if step == "enter" else story.fire(step)
        story.fire("emergency")
        story.fire("acknowledge")
        assert story.state == state
        story.fire(after, **(SIGNAL if after == "signal" else {}))


@pytest.mark.parametrize("trailing", [False, True])
def test_the_news_that_nothing_is_held_is_believed_whoever_closed(trailing: bool) -> None:
    story = Story().hold()
    if trailing:
        story.fire("trail", distance=Decimal(300), best=Decimal(10_300))
    story.fire("closed")
    assert (story.state, story.memory) == (State.SCANNING, TrendMemory())


@pytest.mark.parametrize("news", [("exit_failed", "emergency"), ("emergency", "exit_failed")])
def test_a_failed_exit_is_not_waited_for_after_a_halt(news: tuple[str, str]) -> None:
    story = Story().hold()
    for trigger in ("leave", *news, "acknowledge"):
        story.fire(trigger)
    assert story.state == State.IN_POSITION

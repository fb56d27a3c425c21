"""The life of a book that waits for crashes: levels that fire once, purchases that are never doubled, an end."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from machines.intents import Buy, CancelOpen, Intent, Sell, Transfer, Urgency
from machines.machine import Machine
from machines.table import Firing, ImpossibleTransition, Outcome
from machines.tactical import TACTICAL, Deployment, Level, State, TacticalMemory

BTC, ETH = SYMBOLS = ("BTCUSDT", "ETHUSDT")
DAY_MS = 86_400_000
ZERO = Decimal(0)
MACHINE = Machine(TACTICAL, fast=True)
AMOUNTS = {BTC: Decimal(4000), ETH: Decimal(1000)}


class Story:
    """One book; each trigger a day after the last."""

    def __init__(self) -> None:
        self.snapshot = TACTICAL.begin(0)
        self.now_ms = 0

    def fire(self, trigger: str, symbols: tuple[str, ...] = SYMBOLS, **arguments: Any) -> tuple[Intent, ...]:
        self.now_ms += DAY_MS
        outcome: Outcome = MACHINE.fire(self.snapshot, trigger, Firing(self.now_ms, symbols, arguments, "a.rule"))
        self.snapshot = outcome.after
        return outcome.intents

    def may(self, trigger: str, **arguments: Any) -> bool:
        return MACHINE.may(self.snapshot, trigger, Firing(self.now_ms, SYMBOLS, arguments, "a.rule"))

    def ended(self, trigger: str, symbol: str, left: int = 0) -> None:
        self.fire(trigger, symbol=symbol, left=Decimal(left))

    def deploying(self, level: Level = Level.MIDDLE) -> "Story":
        if self.state is State.ACCUMULATING_CASH:
            self.fire("watch")
        self.fire("detect")
        self.fire("deploy", level=str(level), cash=Decimal(10_000), amount=AMOUNTS)
        return self

    def holding(self, level: Level = Level.MIDDLE) -> "Story":
        self.deploying(level)
        for symbol in SYMBOLS:
            self.ended("opened", symbol)
        return self

    def returning(self) -> "Story":
        self.holding().fire("take_all")
        for symbol in SYMBOLS:
            self.ended("closed", symbol)
        return self

    @property
    def state(self) -> State:
        return State(self.snapshot.state)

    @property
    def memory(self) -> TacticalMemory:
        memory = self.snapshot.memory
        assert isinstance(memory, TacticalMemory)
        return memory


@pytest.mark.spec("TACT-02", "TACT-03")
def test_a_deployment_buys_at_the_market_and_begins_a_cycle() -> None:
    story = Story()
    story.fire("watch")
    story.fire("detect")
    intents = story.fire("deploy", level="middle", cash=Decimal(10_000), amount=AMOUNTS)
    assert intents == (Buy(BTC, Decimal(4000), Urgency.NORMAL), Buy(ETH, Decimal(1000), Urgency.NORMAL))
    assert story.state is State.DEPLOYING
    assert story.memory.cash == 10_000
    assert story.memory.deployments == (Deployment(story.now_ms, Level.MIDDLE, AMOUNTS),)
    assert story.memory.deployed_ms == story.now_ms


@pytest.mark.spec("TACT-02")
def test_the_cash_of_a_cycle_is_that_of_its_first_deployment() -> None:
    story = Story().holding()
    story.fire("detect")
    story.fire("deploy", level="deep", cash=Decimal(77), amount=AMOUNTS)
    assert story.memory.cash == 10_000
    assert [one.level for one in story.memory.deployments] == [Level.MIDDLE, Level.DEEP]


@pytest.mark.spec("TACT-04")
def test_a_level_fires_once_until_a_new_high_arms_it_again() -> None:
    story = Story()
    story.fire("arm", high=Decimal(60_000))
    story.holding().fire("detect")
    again: dict[str, Any] = {"level": "middle", "cash": Decimal(10_000), "amount": AMOUNTS}
    assert not story.may("deploy", **again)
    assert story.may("deploy", **{**again, "level": "deep"})
    story.fire("arm", high=Decimal(69_000))
    assert story.memory.high == 69_000
    assert story.may("deploy", **again)


@pytest.mark.spec("TACT-04")
def test_the_end_of_a_cycle_arms_the_levels_and_keeps_the_high_and_the_last_deployment() -> None:
    story = Story()
    story.fire("arm", high=Decimal(60_000))
    deployed_ms = story.holding().memory.deployed_ms
    story.fire("take_all")
    for symbol in SYMBOLS:
        story.ended("closed", symbol)
    story.fire("settle")
    assert story.state is State.ACCUMULATING_CASH
    assert story.memory == TacticalMemory(high=Decimal(60_000), deployed_ms=deployed_ms)


def test_signals_that_vanish_lead_back_to_where_they_came_from() -> None:
    fresh, held = Story(), Story().holding()
    fresh.fire("watch")
    for story in (fresh, held):
        story.fire("detect")
        story.fire("calm")
    assert (fresh.state, held.state) == (State.MONITORING_MARKETS, State.HOLDING)


@pytest.mark.spec("TACT-07")
def test_only_what_an_ended_order_has_left_is_bought_again() -> None:
    story = Story().deploying()
    story.ended("opened", BTC, left=1500)
    assert not story.may("buy_again")
    story.ended("entry_failed", ETH, left=1000)
    assert story.state is State.DEPLOYING
    assert story.fire("buy_again") == (
        Buy(BTC, Decimal(1500), Urgency.NORMAL),
        Buy(ETH, Decimal(1000), Urgency.NORMAL),
    )
    assert not story.may("buy_again")
    story.ended("opened", BTC)
    story.ended("opened", ETH)
    assert story.state is State.HOLDING


@pytest.mark.spec("TACT-07")
def test_an_interruption_takes_back_the_orders_that_are_on_their_way_and_no_others() -> None:
    story = Story().deploying()
    story.ended("opened", ETH)
    assert story.fire("interrupt") == (CancelOpen(BTC),)
    story.ended("entry_failed", BTC, left=4000)
    assert not story.may("interrupt")


@pytest.mark.spec("TACT-07")
def test_an_order_that_ends_after_the_deployment_was_given_up_is_not_bought_again() -> None:
    story = Story().deploying()
    assert story.fire("stop_buying") == (CancelOpen(BTC), CancelOpen(ETH))
    story.ended("entry_failed", BTC, left=4000)
    assert (story.state, story.memory.waiting, story.memory.left) == (State.HOLDING, (ETH,), {})


@pytest.mark.spec("TACT-07")
@given(some.lists(some.tuples(some.sampled_from(SYMBOLS), some.integers(0, 4000)), max_size=30))
def test_never_more_is_bought_than_was_asked_for(endings: list[tuple[str, int]]) -> None:
    """Orders end in any order with any part of them left; what is asked for again is exactly what was left."""
    story = Story().deploying()
    asked, bought = dict(AMOUNTS), dict.fromkeys(SYMBOLS, ZERO)
    for symbol, left in endings:
        if story.state is State.DEPLOYING and symbol in story.memory.waiting:
            undone = min(Decimal(left), asked[symbol])
            bought[symbol] += asked[symbol] - undone
            story.ended("opened" if undone < asked[symbol] else "entry_failed", symbol, int(undone))
        if story.may("buy_again"):
            asked = {buy.symbol: buy.amount for buy in story.fire("buy_again") if isinstance(buy, Buy)}
    assert all(bought[symbol] <= AMOUNTS[symbol] for symbol in SYMBOLS)
    if story.state is State.HOLDING:
        assert bought == AMOUNTS


@pytest.mark.spec("TACT-05")
def test_a_part_is_sold_and_the_rest_is_held_on() -> None:
    story = Story().holding()
    sales = story.fire("take_part", amount={BTC: Decimal(3000), ETH: Decimal(0)})
    assert sales == (Sell(BTC, Decimal(3000), Urgency.NORMAL),)
    story.ended("exit_failed", BTC)
    assert (story.state, story.memory.half_sold) == (State.RETURNING_TO_CORE, True)
    story.fire("settle")
    assert (story.state, story.memory.cash) == (State.HOLDING, Decimal(10_000))


@pytest.mark.spec("TACT-05")
@pytest.mark.parametrize(("trigger", "then"), [("take_all", "PROFIT_TARGET_HIT"), ("sell_out", "RETURNING_TO_CORE")])
def test_everything_is_sold(trigger: str, then: str) -> None:
    story = Story().holding()
    assert story.fire(trigger) == tuple(Sell(symbol, None, Urgency.NORMAL) for symbol in SYMBOLS)
    assert story.state == then
    assert story.memory.ending


def test_a_sale_that_was_not_filled_whole_is_repeated_before_anything_is_handed_back() -> None:
    story = Story().holding()
    story.fire("take_part", amount={BTC: Decimal(3000)})
    assert not story.may("give_back", to="CORE-HODL", amount=Decimal(1))
    story.ended("exit_failed", BTC, left=1000)
    assert story.fire("sell_again") == (Sell(BTC, Decimal(1000), Urgency.NORMAL),)
    assert not story.may("settle")


@pytest.mark.spec("TACT-08", "ORCH-04")
def test_one_transfer_is_asked_for_and_its_arrival_ends_the_cycle() -> None:
    story = Story().returning()
    assert story.fire("give_back", to="CORE-HODL", amount=Decimal(900)) == (Transfer("CORE-HODL", Decimal(900)),)
    for trigger in ("settle", "sell_again"):
        assert not story.may(trigger)
    with pytest.raises(ImpossibleTransition, match="only when nothing is on its way"):
        story.fire("give_back", to="CORE-HODL", amount=Decimal(900))
    story.fire("transferred")
    assert story.state is State.ACCUMULATING_CASH
    assert not story.memory.deployments


@pytest.mark.spec("ORCH-04")
def test_a_transfer_that_was_refused_may_be_asked_for_again() -> None:
    story = Story().returning()
    story.fire("give_back", to="CORE-HODL", amount=Decimal(900))
    story.fire("transfer_failed")
    assert story.state is State.RETURNING_TO_CORE
    assert story.may("give_back", to="CORE-HODL", amount=Decimal(900))


def before(story: Story) -> None:
    """Nothing has happened yet."""


PLACES: list[tuple[str, Callable[[Story], object]]] = [
    ("ACCUMULATING_CASH", before),
    ("DEPLOYING", Story.deploying),
    ("HOLDING", Story.holding),
    ("RETURNING_TO_CORE", Story.returning),
]


@pytest.mark.spec("BRK-04")
@pytest.mark.parametrize(("place", "go"), PLACES, ids=[name for name, _ in PLACES])
def test_an_emergency_winds_the_cycle_up(place: str, go: Callable[[Story], object]) -> None:
    story = Story()
    go(story)
    assert story.state == place
    story.fire("emergency")
    sales = [intent for intent in story.fire("close_now") if isinstance(intent, Sell)]
    assert [sale.amount for sale in sales] == [None, None]
    for symbol in story.memory.waiting:
        story.ended("entry_failed", symbol, left=100)
    story.fire("acknowledge")
    began = place != "ACCUMULATING_CASH"
    assert story.state is (State.RETURNING_TO_CORE if began else State.ACCUMULATING_CASH)
    assert story.memory.ending is began
    assert (story.memory.waiting, dict(story.memory.left)) == ((), {})


@pytest.mark.parametrize(("place", "go"), PLACES[1:], ids=[name for name, _ in PLACES[1:]])
def test_what_an_operator_closes_ends_the_cycle(place: str, go: Callable[[Story], object]) -> None:
    story = Story()
    go(story)
    story.fire("close_now")
    assert (story.state, story.memory.ending) == (State.RETURNING_TO_CORE, True)
    for symbol in story.memory.waiting:
        story.ended("opened", symbol, left=3)
    story.fire("settle")
    assert story.state is State.ACCUMULATING_CASH


def test_closing_before_anything_was_bought_ends_nothing() -> None:
    story = Story()
    story.fire("watch")
    story.fire("detect")
    story.fire("close_now")
    assert (story.state, story.memory.ending) == (State.MONITORING_MARKETS, False)

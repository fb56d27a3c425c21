"""The life of a book that accumulates coins: a frozen schedule, cycles and not coins, a pause that returns."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from machines.core import CORE, CoreMemory, State
from machines.intents import Alert, Buy, CancelOpen, Intent, Lend, Sell, TakeBack, Urgency
from machines.machine import Machine
from machines.table import Firing, ImpossibleTransition, Snapshot

SYMBOLS = ("BTCUSDT", "ETHUSDT")
HUNDRED = {"BTCUSDT": Decimal(100), "ETHUSDT": Decimal(50)}
ACTIVE = [State.DEPLOYING, State.REBALANCING, State.MAINTAINING, State.EARN_OPTIMIZING]


class Story:
    """One accumulating book; each trigger an hour after the last."""

    def __init__(self, state: State = State.DEPLOYING, memory: CoreMemory | None = None) -> None:
        self.machine = Machine(CORE)
        self.snapshot = Snapshot(str(state), memory or CoreMemory(), 0)
        self.now_ms = 0

    def fire(self, trigger: str, symbols: tuple[str, ...] = SYMBOLS, **arguments: Any) -> tuple[Intent, ...]:
        self.now_ms += 3_600_000
        outcome = self.machine.fire(self.snapshot, trigger, Firing(self.now_ms, symbols, arguments, "a.rule"))
        self.snapshot = outcome.after
        return outcome.intents

    def may(self, trigger: str, **arguments: Any) -> bool:
        return self.machine.may(self.snapshot, trigger, Firing(self.now_ms, SYMBOLS, arguments, "a.rule"))

    def begin(self, cycles: int | Decimal = 4) -> "Story":
        self.fire("begin", target=Decimal(9_500), gap=Decimal(4_000), cycles=cycles)
        return self

    @property
    def state(self) -> str:
        return self.snapshot.state

    @property
    def memory(self) -> CoreMemory:
        memory = self.snapshot.memory
        assert isinstance(memory, CoreMemory)
        return memory


@pytest.mark.spec("CORE-02")
def test_the_schedule_is_frozen_when_deployment_begins() -> None:
    story = Story().begin(Decimal(4))
    assert story.state == State.DEPLOYING
    assert story.memory == CoreMemory(target=Decimal(9_500), gap=Decimal(4_000), cycles=4)
    with pytest.raises(ImpossibleTransition, match="only when no schedule is running"):
        story.begin()


@pytest.mark.spec("CORE-02")
def test_a_schedule_that_has_run_out_may_be_followed_by_another() -> None:
    story = Story().begin(1)
    story.fire("purchase", amount=HUNDRED)
    story.begin(3)
    assert (story.memory.cycles, story.memory.cycles_done) == (3, 0)


def test_a_schedule_without_cycles_is_refused() -> None:
    assert not Story().may("begin", target=Decimal(1), gap=Decimal(1), cycles=0)


@pytest.mark.spec("CORE-03")
@pytest.mark.parametrize("coins", [1, 2, 10])
def test_a_purchase_counts_one_cycle_whatever_the_number_of_coins(coins: int) -> None:
    symbols = tuple(f"C{number}USDT" for number in range(coins))
    story = Story().begin()
    intents = story.fire("purchase", symbols, amount=dict.fromkeys(symbols, Decimal(10)))
    assert intents == tuple(Buy(symbol, Decimal(10), Urgency.NORMAL) for symbol in symbols)
    assert (story.memory.cycles_done, story.memory.cycle_ms) == (1, story.now_ms)
    assert story.memory.purchases == dict.fromkeys(symbols, story.now_ms)


@pytest.mark.spec("CORE-02")
@pytest.mark.parametrize("memory", [CoreMemory(), CoreMemory(cycles=4, cycles_done=4)])
def test_nothing_is_bought_beyond_the_schedule(memory: CoreMemory) -> None:
    with pytest.raises(ImpossibleTransition, match="only when the schedule has cycles left"):
        Story(memory=memory).fire("purchase", amount=HUNDRED)


@pytest.mark.spec("CORE-03")
@given(some.integers(1, 20))
def test_a_deployment_buys_exactly_as_often_as_was_planned(cycles: int) -> None:
    story = Story().begin(cycles)
    bought = 0
    while story.may("purchase", amount=HUNDRED):
        story.fire("purchase", amount=HUNDRED)
        bought += 1
    assert bought == cycles


def test_only_coins_with_an_amount_are_bought_and_remembered() -> None:
    story = Story(State.MAINTAINING)
    amounts = {"BTCUSDT": Decimal(0), "ETHUSDT": Decimal(-5), "SOLUSDT": Decimal(7)}
    intents = story.fire("purchase", ("BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT"), amount=amounts, urgency="patient")
    assert intents == (Buy("SOLUSDT", Decimal(7), Urgency.PATIENT),)
    assert story.memory.purchases == {"SOLUSDT": story.now_ms}


@pytest.mark.spec("CORE-07")
@pytest.mark.parametrize("state", [State.MAINTAINING, State.EARN_OPTIMIZING])
def test_a_purchase_remembers_its_time_and_keeps_the_others(state: State) -> None:
    story = Story(state, CoreMemory(purchases={"ETHUSDT": 5, "BTCUSDT": 4}, cycles=4, cycles_done=4))
    story.fire("purchase", ("BTCUSDT",), amount=HUNDRED)
    assert story.state == state
    assert story.memory.purchases == {"ETHUSDT": 5, "BTCUSDT": story.now_ms}
    assert (story.memory.cycles_done, story.memory.rebalance_cycles_done) == (4, 0)


def test_a_purchase_does_not_change_the_memory_that_it_came_from() -> None:
    before = CoreMemory(purchases={"BTCUSDT": 4})
    Story(State.MAINTAINING, before).fire("purchase", amount=HUNDRED)
    assert before.purchases == {"BTCUSDT": 4}


@pytest.mark.spec("CORE-08")
def test_adopted_coins_wait_a_full_interval() -> None:
    story = Story()
    assert story.fire("adopt", ("ETHUSDT",)) == ()
    assert story.memory == CoreMemory(purchases={"ETHUSDT": story.now_ms}, cycle_ms=story.now_ms)


@pytest.mark.spec("CORE-05", "CORE-06")
def test_a_deployment_out_of_balance_is_rebalanced_in_cycles() -> None:
    story = Story(memory=CoreMemory(cycles=4, cycles_done=4, rebalance_cycles_done=3))
    story.fire("unbalanced")
    assert (story.state, story.memory.rebalance_cycles_done, story.memory.deployed) == (State.REBALANCING, 0, True)
    for cycle in range(1, 5):
        story.fire("purchase", amount=HUNDRED)
        assert (story.memory.rebalance_cycles_done, story.memory.cycles_done) == (cycle, 4)
    story.fire("balanced")
    assert story.state == State.MAINTAINING


@pytest.mark.spec("CORE-05")
def test_a_balanced_deployment_is_maintained() -> None:
    story = Story()
    story.fire("balanced")
    assert (story.state, story.memory.deployed) == (State.MAINTAINING, True)


@pytest.mark.spec("CORE-06")
def test_only_maintaining_sells_whether_or_not_coins_are_lent() -> None:
    sellers = {source for source, trigger, _ in CORE.moves if trigger == "sell"}
    assert sellers == {State.MAINTAINING, State.EARN_OPTIMIZING}


@pytest.mark.spec("CORE-10")
def test_a_sale_is_patient_and_remembers_its_time() -> None:
    story = Story(State.MAINTAINING)
    intents = story.fire("sell", amount={"BTCUSDT": Decimal(900), "ETHUSDT": Decimal(0)})
    assert intents == (Sell("BTCUSDT", Decimal(900), Urgency.PATIENT),)
    assert story.memory.rebalanced_ms == story.now_ms


def test_a_sale_of_nothing_was_no_rebalancing() -> None:
    story = Story(State.MAINTAINING)
    assert story.fire("sell", amount={"BTCUSDT": Decimal(0)}) == ()
    assert story.memory.rebalanced_ms is None


@pytest.mark.spec("CORE-14")
def test_coins_can_be_lent_and_taken_back() -> None:
    story = Story(State.MAINTAINING)
    assert story.fire("earn", amount={"BTCUSDT": Decimal(0), "ETHUSDT": Decimal(50)}) == (Lend("ETHUSDT", Decimal(50)),)
    assert story.state == State.EARN_OPTIMIZING
    assert story.fire("earn", amount={"ETHUSDT": Decimal(10)}) == (Lend("ETHUSDT", Decimal(10)),)
    assert story.state == State.EARN_OPTIMIZING
    assert story.fire("redeem") == (TakeBack("BTCUSDT"), TakeBack("ETHUSDT"))
    assert story.state == State.MAINTAINING


@pytest.mark.spec("CORE-13")
@pytest.mark.parametrize("state", ACTIVE)
def test_a_pause_stops_everything_tells_the_operator_and_returns_to_where_it_stood(state: State) -> None:
    before = CoreMemory(target=Decimal(5), cycles=4, cycles_done=2, rebalance_cycles_done=1, deployed=True)
    story = Story(state, before)
    intents = story.fire("pause", reason="withdrawals are stopped")
    assert intents == (*map(CancelOpen, SYMBOLS), Alert("P1", "Paused: withdrawals are stopped."))
    assert story.state == State.PAUSED
    assert not story.may("purchase", amount=HUNDRED)
    story.fire("resume")
    assert (story.state, story.memory) == (state, before)


@pytest.mark.spec("BRK-04")
@pytest.mark.parametrize("state", list(State))
def test_everything_can_be_sold_in_every_state(state: State) -> None:
    intents = Story(state).fire("close_now")
    assert intents == tuple(Sell(symbol, None, Urgency.URGENT) for symbol in SYMBOLS)


@pytest.mark.spec("BRK-04")
@pytest.mark.parametrize("state", [state for state in State if state is not State.EMERGENCY])
def test_a_halt_takes_back_open_orders_and_no_rule_leads_out(state: State) -> None:
    story = Story(state)
    assert story.fire("emergency", reason="drawdown") == tuple(map(CancelOpen, SYMBOLS))
    assert story.state == State.EMERGENCY
    assert set(CORE.answers[State.EMERGENCY]) == {"close_now", "acknowledge"}


@pytest.mark.spec("BRK-05")
def test_after_an_acknowledgement_a_deployment_is_measured_anew() -> None:
    story = Story().begin()
    story.fire("purchase", amount=HUNDRED)
    bought_ms = story.now_ms
    story.fire("emergency")
    story.fire("acknowledge")
    assert story.state == State.DEPLOYING
    assert story.memory == CoreMemory(purchases=dict.fromkeys(SYMBOLS, bought_ms), cycle_ms=bought_ms)
    story.begin()


@pytest.mark.spec("BRK-05")
@pytest.mark.parametrize("state", [State.REBALANCING, State.MAINTAINING, State.EARN_OPTIMIZING, State.PAUSED])
def test_after_an_acknowledgement_a_deployed_book_is_maintained(state: State) -> None:
    story = Story(state, CoreMemory(deployed=True, purchases={"BTCUSDT": 5}, paused_from="MAINTAINING"))
    story.fire("emergency")
    story.fire("acknowledge")
    assert (story.state, story.memory) == (State.MAINTAINING, CoreMemory(deployed=True, purchases={"BTCUSDT": 5}))

"""The life of a pair: both legs or none, payments that are shared once, an end with a label."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from machines.funding import FUNDING, FundingMemory, State
from machines.intents import Alert, CancelOpen, ClosePair, EvenPair, Intent, OpenPair, Transfer, Urgency
from machines.machine import Machine
from machines.table import Firing

BTC = "BTCUSDT"
MACHINE = Machine(FUNDING, fast=True)
SIZE: dict[str, Any] = {"amount": Decimal(6000), "leverage": Decimal(3)}
ZERO = Decimal(0)


class Story:
    """One coin; each trigger a second after the last."""

    def __init__(self) -> None:
        self.snapshot = FUNDING.begin(0)
        self.now_ms = 0

    def fire(self, trigger: str, **arguments: Any) -> tuple[Intent, ...]:
        self.now_ms += 1000
        outcome = MACHINE.fire(self.snapshot, trigger, Firing(self.now_ms, (BTC,), arguments, "a.rule"))
        self.snapshot = outcome.after
        return outcome.intents

    def may(self, trigger: str, **arguments: Any) -> bool:
        return MACHINE.may(self.snapshot, trigger, Firing(self.now_ms, (BTC,), arguments, "a.rule"))

    def entering(self) -> "Story":
        self.fire("detect")
        self.fire("open_pair", **SIZE)
        return self

    def collecting(self) -> "Story":
        self.entering().fire("collect")
        return self

    @property
    def state(self) -> str:
        return self.snapshot.state

    @property
    def memory(self) -> FundingMemory:
        memory = self.snapshot.memory
        assert isinstance(memory, FundingMemory)
        return memory


@pytest.mark.spec("FUND-03")
def test_both_legs_are_one_intent() -> None:
    story = Story()
    story.fire("detect")
    assert story.fire("open_pair", **SIZE) == (OpenPair(BTC, Decimal(6000), Decimal(3)),)
    assert story.state == State.ENTERING
    assert story.memory.attempt_ms == story.now_ms


@pytest.mark.spec("FUND-04")
def test_a_lone_leg_is_evened_out_and_counted_until_both_are_there() -> None:
    story = Story().entering()
    intents = story.fire("even_out", alert="P1", label="one leg")
    assert intents == (EvenPair(BTC, Urgency.URGENT), Alert("P1", "BTCUSDT: one leg."))
    story.fire("even_out", alert="P0")
    assert (story.state, story.memory.evenings) == (State.ENTERING, 2)
    story.fire("collect")
    assert (story.state, story.memory.evenings) == (State.FUNDING_COLLECTING, 0)


@pytest.mark.spec("FUND-05")
def test_an_exit_takes_back_orders_first_and_remembers_why() -> None:
    story = Story().collecting()
    intents = story.fire("close_pair", label="BASIS_BLOWN")
    assert intents == (CancelOpen(BTC), ClosePair(BTC, Decimal(1), Urgency.NORMAL, "BASIS_BLOWN"))
    assert story.state == State.EXITING
    again = story.fire("close_pair", urgency="urgent", alert="P1")
    assert again[1] == ClosePair(BTC, Decimal(1), Urgency.URGENT, "")
    assert isinstance(again[2], Alert)
    assert story.memory.label == "BASIS_BLOWN"
    story.fire("abandon")
    assert story.state == State.MONITORING


@pytest.mark.spec("FUND-10")
def test_a_smaller_pair_is_awaited_like_a_new_one() -> None:
    story = Story().collecting()
    intents = story.fire("reduce", part=Decimal("0.2"), label="near")
    assert intents == (ClosePair(BTC, Decimal("0.2"), Urgency.URGENT, "near"),)
    assert story.state == State.ENTERING


@pytest.mark.spec("FUND-07")
def test_a_payment_is_shared_once() -> None:
    story = Story().collecting()
    story.fire("funded", amount=Decimal(10))
    assert not story.may("hand_over", to="TACTICAL")
    story.fire("share_out", compound=Decimal("0.5"), hand_over=Decimal("0.3"))
    assert not story.may("share_out", compound=Decimal("0.5"), hand_over=Decimal("0.3"))
    assert (story.memory.to_compound, story.memory.to_hand_over) == (Decimal(5), Decimal(3))
    assert story.fire("hand_over", to="TACTICAL") == (Transfer("TACTICAL", Decimal("3.0")),)
    assert not story.may("hand_over", to="TACTICAL")
    story.fire("transfer_failed")
    assert story.fire("hand_over", to="TACTICAL") == (Transfer("TACTICAL", Decimal("3.0")),)
    story.fire("transferred")
    assert (story.memory.to_hand_over, story.memory.on_its_way) == (ZERO, ZERO)


@pytest.mark.spec("FUND-07")
def test_what_was_put_aside_is_spent_on_the_pair_or_is_cash_when_it_ends() -> None:
    story = Story().collecting()
    story.fire("funded", amount=Decimal(100))
    story.fire("share_out", compound=Decimal(1), hand_over=ZERO)
    story.fire("compound", amount=Decimal(60), leverage=Decimal(3))
    assert story.memory.to_compound == 40
    story.fire("collect")
    story.fire("close_pair")
    story.fire("abandon")
    assert story.memory.to_compound == ZERO


def test_a_payment_is_heard_in_an_emergency_and_a_person_leads_to_the_exit() -> None:
    story = Story().collecting()
    story.fire("emergency", reason="breaker")
    story.fire("funded", amount=Decimal(10))
    assert story.memory.unshared == 10
    assert story.fire("close_now")[1] == ClosePair(BTC, Decimal(1), Urgency.URGENT, "a.rule")
    story.fire("acknowledge")
    assert story.state == State.EXITING


@pytest.mark.spec("FUND-07")
@given(
    payments=some.lists(some.decimals(-100, 100, places=4), max_size=20),
    kept=some.decimals(0, 1, places=2),
)
def test_shares_never_add_up_to_more_than_was_received(payments: list[Decimal], kept: Decimal) -> None:
    story = Story().collecting()
    for amount in payments:
        story.fire("funded", amount=amount)
        if story.may("share_out", compound=kept, hand_over=1 - kept):
            story.fire("share_out", compound=kept, hand_over=1 - kept)
    received = sum((amount for amount in payments if amount > 0), ZERO)
    assert story.memory.to_compound + story.memory.to_hand_over + story.memory.unshared == received

"""Transfers of a run, as a report lists them."""

from decimal import Decimal

import pytest

from machines.intents import Transfer
from runtime.events import CashFlow, Event, OrderRejected, Timer
from runtime.requests import MoveMoney
from runtime.step import Approved, Decision, Step
from runtime.transfer_log import TransferLog

pytestmark = pytest.mark.spec("BT-05")
REQUEST = MoveMoney("t1", "TACTICAL", "CORE-HODL", "USDT", Decimal("12.5"))


def step(at_ms: int, event: Event, *, asked: MoveMoney | None = None, decided: bool = True) -> Step:
    outcomes = () if asked is None else (Approved(Transfer("CORE-HODL", Decimal(20)), (asked,), ()),)
    rule = "triggers.hand_back"
    decision = Decision(1, "tactical", "", rule, None, "v", "Because.", "A", "B", "give_back", {}, None, outcomes)
    return Step(1, at_ms, event, (decision,) if decided else (), () if asked is None else (asked,))


def flow(at_ms: int, amount: str, transfer_id: str = "t1") -> CashFlow:
    account = "TACTICAL" if amount.startswith("-") else "CORE-HODL"
    return CashFlow(at_ms, f"f{at_ms}", account, "USDT", Decimal(amount), transfer_id)


def test_a_transfer_is_told_with_the_rule_and_its_reason() -> None:
    log = TransferLog()
    log.watch(step(5, Timer(5), asked=REQUEST))
    (record,) = log.records
    assert (record.source, record.destination, record.amount) == ("TACTICAL", "CORE-HODL", Decimal("12.5"))
    assert (record.book, record.rule, record.why) == ("tactical", "triggers.hand_back", "Because.")
    assert (record.ended, record.ended_ms) == ("under way", None)


def test_it_has_arrived_when_the_money_is_there_and_not_when_it_left() -> None:
    log = TransferLog()
    log.watch(step(5, Timer(5), asked=REQUEST))
    log.watch(step(6, flow(6, "-12.5")))
    assert log.records[0].ended == "under way"
    log.watch(step(7, flow(7, "12.5")))
    log.watch(step(9, flow(9, "12.5")))
    assert (log.records[0].ended, log.records[0].ended_ms) == ("arrived", 7)


def test_one_that_the_exchange_refuses_says_why() -> None:
    log = TransferLog()
    log.watch(step(5, Timer(5), asked=REQUEST))
    log.watch(step(6, OrderRejected(6, "t1", 131212, "balance")))
    assert log.records[0].ended == "refused: balance"


def test_one_that_no_rule_asked_for_has_no_reason() -> None:
    log = TransferLog()
    log.watch(step(5, Timer(5), asked=REQUEST, decided=False))
    assert (log.records[0].book, log.records[0].why) == ("", "")
    log.watch(step(6, flow(6, "100", "a-deposit")))
    assert len(log.records) == 1

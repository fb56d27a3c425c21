"""Transfers: money that is free, asked for once, in nobody's way while it travels."""

import json
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from machines.intents import Transfer
from runtime.draft import Draft
from runtime.events import CashFlow, OrderRejected
from runtime.portfolio import Portfolio
from runtime.requests import MoveMoney
from runtime.step import Approved, Refused
from runtime.transfers import Transfers

pytestmark = pytest.mark.spec("ORCH-04")
AT_MS = 7
KEY = ("tactical", "")


def instance() -> Any:
    """What a transfer needs to know of the machine that wants it."""
    return SimpleNamespace(book=SimpleNamespace(name="tactical", account="TACTICAL"), key=KEY)


class Desk:
    """A portfolio of two accounts and the transfers between them."""

    def __init__(self) -> None:
        self.portfolio = Portfolio({}, {"TACTICAL": {"USDT": Decimal(1000)}, "CORE-HODL": {}})
        self.portfolio.observe(1)
        self.transfers = Transfers(self.portfolio)
        self.draft = Draft(AT_MS)

    def ask(self, amount: str, to: str = "CORE-HODL") -> Approved | Refused:
        self.draft = Draft(AT_MS)
        return self.transfers.consider(instance(), "triggers.hand_back", Transfer(to, Decimal(amount)), self.draft)

    def request(self) -> MoveMoney:
        (request,) = self.draft.requests
        assert isinstance(request, MoveMoney)
        return request

    def halves(self) -> tuple[CashFlow, CashFlow]:
        request = self.request()
        name, amount = request.transfer_id, request.amount
        return (
            CashFlow(AT_MS, f"{name}:out", request.source, "USDT", -amount, name),
            CashFlow(AT_MS, f"{name}:in", request.destination, "USDT", amount, name),
        )

    def hear(self, flow: CashFlow) -> list[str]:
        assert self.portfolio.apply_cash_flow(flow)
        return [reaction.trigger for reaction in self.transfers.flowed(flow, self.draft)]

    def hear_no(self, code: int) -> list[str]:
        event = OrderRejected(AT_MS, self.request().transfer_id, code, "no")
        return [reaction.trigger for reaction in self.transfers.rejected(event, self.draft)]


def test_the_request_is_in_the_step_and_the_money_is_spoken_for() -> None:
    desk = Desk()
    answer = desk.ask("400.1234567")
    assert isinstance(answer, Approved)
    assert answer.requests == (desk.request(),)
    assert desk.request().amount == Decimal("400.123456")
    assert desk.portfolio.available("TACTICAL", "USDT") == Decimal("599.876544")


def test_the_same_decision_gives_the_same_id_and_another_one_another() -> None:
    ids = []
    for at_ms in (AT_MS, AT_MS, AT_MS + 1):
        desk = Desk()
        draft = Draft(at_ms)
        desk.transfers.consider(instance(), "triggers.hand_back", Transfer("CORE-HODL", Decimal(1)), draft)
        ids += [request.transfer_id for request in draft.requests if isinstance(request, MoveMoney)]
    assert ids[0] == ids[1] != ids[2]
    assert [len(name) for name in ids] == [36, 36, 36]


def test_no_more_than_what_nobody_has_spoken_for_is_transferred() -> None:
    desk = Desk()
    desk.portfolio.reserve("an-order", "TACTICAL", "USDT", Decimal(700))
    answer = desk.ask("400")
    assert isinstance(answer, Approved)
    assert desk.request().amount == 300
    assert [limit.after for limit in answer.limits] == [300]


@pytest.mark.parametrize(
    ("amount", "to", "reason"),
    [
        ("1", "NOBODY", "There is no sub-account NOBODY in this portfolio; there are TACTICAL, CORE-HODL."),
        ("1", "TACTICAL", "TACTICAL can't transfer to itself."),
        ("0", "CORE-HODL", "0 USDT is nothing to transfer."),
        ("0.0000001", "CORE-HODL", "1000 USDT of TACTICAL is not spoken for, so nothing can be transferred."),
    ],
)
def test_what_can_not_be_is_refused_with_the_reason(amount: str, to: str, reason: str) -> None:
    desk = Desk()
    answer = desk.ask(amount, to)
    assert isinstance(answer, Refused)
    assert answer.reason == reason
    assert desk.draft.requests == []
    assert desk.portfolio.available("TACTICAL", "USDT") == 1000


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["out first", "in first"])
def test_the_machine_hears_of_it_when_both_halves_are_known(order: tuple[int, int]) -> None:
    desk = Desk()
    desk.ask("400")
    halves = desk.halves()
    assert desk.hear(halves[order[0]]) == []
    assert desk.hear(halves[order[1]]) == ["transferred"]
    assert not desk.portfolio.apply_cash_flow(halves[0])
    assert desk.portfolio.available("TACTICAL", "USDT") == 600
    assert desk.portfolio.available("CORE-HODL", "USDT") == 400


def test_a_refusal_gives_the_money_back_to_plan_with() -> None:
    desk = Desk()
    desk.ask("400")
    assert desk.hear_no(131212) == ["transfer_failed"]
    assert desk.portfolio.available("TACTICAL", "USDT") == 1000
    assert desk.hear_no(131212) == []


def test_an_id_that_is_used_already_says_nothing_of_the_end() -> None:
    desk = Desk()
    desk.ask("400")
    assert desk.hear_no(131214) == []
    assert desk.portfolio.available("TACTICAL", "USDT") == 600
    assert [reaction for half in desk.halves() for reaction in desk.hear(half)] == ["transferred"]


def test_a_transfer_under_way_survives_a_restart() -> None:
    desk = Desk()
    desk.ask("400")
    out, into = desk.halves()
    desk.hear(out)
    plain = json.loads(json.dumps([desk.transfers.to_plain(), desk.portfolio.to_plain()]))
    desk.portfolio = Portfolio.from_plain({}, plain[1])
    desk.transfers = Transfers(desk.portfolio)
    desk.transfers.restore(plain[0])
    assert desk.portfolio.equity() == 1000
    assert desk.hear(into) == ["transferred"]


@given(some.lists(some.tuples(some.booleans(), some.booleans(), some.decimals("0.01", 2000, places=6)), max_size=20))
def test_no_transfer_changes_what_the_portfolio_is_worth(moves: list[tuple[bool, bool, Decimal]]) -> None:
    """Neither while money travels, whichever half is told first, nor after; units and value stay to the last digit."""
    portfolio = Portfolio({}, {"A": {"USDT": Decimal(1000)}, "B": {"USDT": Decimal(500)}})
    portfolio.observe(1)
    for number, (backwards, in_first, amount) in enumerate(moves):
        source, destination = ("B", "A") if backwards else ("A", "B")
        halves = [
            CashFlow(2, f"{number}:out", source, "USDT", -amount, str(number)),
            CashFlow(2, f"{number}:in", destination, "USDT", amount, str(number)),
        ]
        for half in reversed(halves) if in_first else halves:
            portfolio.apply_cash_flow(half)
            assert portfolio.observe(2) == 1500
        assert portfolio.wallet("A", "USDT") + portfolio.wallet("B", "USDT") == 1500
    value = portfolio.net_value
    assert (value.units, value.value, value.highest, value.drawdown) == (1500, 1, 1, 0)

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from machines.intents import Sell, Urgency
from runtime.events import Event, OrderCancelled, Timer
from runtime.instrument import Market
from runtime.recorder import Recorder
from runtime.requests import OrderType, PlaceOrder, Side, TimeInForce
from runtime.step import Approved, Decision, Step


def order(name: str, price: str | None) -> PlaceOrder:
    maker = price is not None
    return PlaceOrder(
        order_id=name,
        account="CORE",
        market=Market.SPOT,
        symbol="BTCUSDT",
        side=Side.SELL,
        order_type=OrderType.LIMIT if maker else OrderType.MARKET,
        time_in_force=TimeInForce.POST_ONLY if maker else TimeInForce.IOC,
        quantity=Decimal(1),
        quote_amount=None,
        price=None if price is None else Decimal(price),
        reduce_only=False,
        stop_loss=None,
        slippage_cap=None,
    )


def decision(number: int, request: PlaceOrder) -> Decision:
    approved = Approved(Sell("BTCUSDT", Decimal(100), Urgency.PATIENT), (request,), ())
    return Decision(number, "core", "BTCUSDT", "exits.sell", None, "v", "", "A", "A", "sell", {}, None, (approved,))


@pytest.fixture
def recorder() -> Recorder:
    """A recorder of an engine that knows every order and one price."""
    ticket = SimpleNamespace(book="core", rule="exits.sell")
    tickets: Any = dict.fromkeys(("maker", "rest", "other"), ticket)
    engine: Any = SimpleNamespace(
        trader=SimpleNamespace(desk=SimpleNamespace(tickets=tickets)),
        world=SimpleNamespace(board=SimpleNamespace(price=lambda market, symbol: Decimal(100))),
        trades=SimpleNamespace(all=()),
        books={},
        instances={},
        ladder=None,
        rulebook=SimpleNamespace(phases=None, doubts=None),
    )
    settings: Any = None
    return Recorder(engine, settings)


def watched(recorder: Recorder, event: Event, request: PlaceOrder, *decisions: Decision) -> None:
    recorder.watch(Step(1, event.at_ms, event, decisions, (request,)))


@pytest.mark.spec("EXEC-05", "RULE-10")
def test_the_rest_that_goes_to_the_market_belongs_to_the_decision_of_the_maker_order(recorder: Recorder) -> None:
    maker, rest = order("maker", "101"), order("rest", None)
    watched(recorder, Timer(1), maker, decision(7, maker))
    watched(recorder, OrderCancelled(2, "maker", "the patience is over"), rest)
    first, second = recorder.result().orders
    assert (first.decision, first.follows, first.ended) == (7, "", "cancelled: the patience is over")
    assert (second.decision, second.follows) == (7, "maker")


@pytest.mark.spec("RULE-10")
def test_an_order_that_no_rule_asked_for_has_no_decision(recorder: Recorder) -> None:
    watched(recorder, Timer(1), order("other", None))
    watched(recorder, OrderCancelled(2, "unheard-of", "gone"), order("rest", None))
    assert [(one.decision, one.follows) for one in recorder.result().orders] == [(0, ""), (0, "")]


@pytest.mark.spec("RULE-10")
def test_an_order_that_a_rule_asks_for_when_another_has_ended_is_its_own(recorder: Recorder) -> None:
    maker, other = order("maker", "101"), order("other", None)
    watched(recorder, Timer(1), maker, decision(7, maker))
    watched(recorder, OrderCancelled(2, "maker", "gone"), other, decision(8, other))
    assert [(one.decision, one.follows) for one in recorder.result().orders] == [(7, ""), (8, "")]

"""Money between the accounts of one owner: once for each id, and only what is free."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from adapters.simulated.exchange import SimulatedExchange
from adapters.simulated.instruments import load_instruments
from adapters.simulated.settings import ExchangeSettings
from runtime.events import CashFlow, OrderAccepted, OrderRejected
from runtime.instrument import Market
from runtime.requests import MoveMoney, Side

pytestmark = pytest.mark.spec("ORCH-04")
AT_MS = 5


@pytest.fixture
def exchange() -> SimulatedExchange:
    wallets = {"one": {"USDT": Decimal(1000)}, "two": {"USDT": Decimal(5)}}
    return SimulatedExchange(load_instruments(), ExchangeSettings(), wallets)


def move(amount: str, name: str = "id-1", source: str = "one", to: str = "two") -> MoveMoney:
    return MoveMoney(name, source, to, "USDT", Decimal(amount))


def codes(events: list[Any]) -> list[int]:
    return [event.code for event in events if isinstance(event, OrderRejected)]


def balances(exchange: SimulatedExchange) -> tuple[Decimal, Decimal]:
    return exchange.wallet("one")["USDT"], exchange.wallet("two")["USDT"]


def test_a_transfer_takes_from_one_and_brings_to_the_other(exchange: SimulatedExchange) -> None:
    out, into = exchange.submit(move("400.25"), AT_MS)
    assert out == CashFlow(AT_MS, "id-1:out", "one", "USDT", Decimal("-400.25"), "id-1")
    assert into == CashFlow(AT_MS, "id-1:in", "two", "USDT", Decimal("400.25"), "id-1")
    assert balances(exchange) == (Decimal("599.75"), Decimal("405.25"))


def test_the_same_id_moves_nothing_again(exchange: SimulatedExchange) -> None:
    exchange.submit(move("400"), AT_MS)
    again = SimulatedExchange.from_plain(exchange.to_plain(), load_instruments(), ExchangeSettings())
    for one in (exchange, again):
        assert one.submit(move("400"), AT_MS) == [OrderRejected(AT_MS, "id-1", 131214, "TransferId exist")]
        assert balances(one) == (Decimal(600), Decimal(405))


def test_a_refused_id_may_be_used_again(exchange: SimulatedExchange) -> None:
    assert codes(exchange.submit(move("1000.01"), AT_MS)) == [131212]
    assert len(exchange.submit(move("1000"), AT_MS)) == 2


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (move("1000.000001"), 131212),
        (move("0"), 131215),
        (move("-1"), 131215),
        (move("1", to="three"), 131207),
        (move("1", source="three"), 131207),
        (move("1", to="one"), 131211),
    ],
)
def test_what_can_not_be_is_refused_and_moves_nothing(
    exchange: SimulatedExchange, request_: MoveMoney, code: int
) -> None:
    assert codes(exchange.submit(request_, AT_MS)) == [code]
    assert balances(exchange) == (Decimal(1000), Decimal(5))


def test_what_an_open_order_may_spend_is_not_free(trading_with: Callable[..., Any]) -> None:
    trading = trading_with("1000")
    trading.exchange.deposit("other", "USDT", Decimal(1), AT_MS)
    events = trading.place(Market.SPOT, Side.BUY, "0.01", price="50000")
    assert [type(event) for event in events] == [OrderAccepted]
    assert codes(trading.submit(move("501", source="main", to="other"))) == [131212]
    assert codes(trading.submit(move("400", source="main", to="other"))) == []

"""Orders under the limits that the exchange really has: they queue, and what protects goes first."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from adapters.served.exchange import Setting
from adapters.served.serving import serve
from adapters.simulated.instruments import load_instruments
from runtime.events import Fill, OrderAccepted, OrderRejected, StopPlaced
from runtime.instrument import Market
from runtime.requests import ChangeStop, OrderType, PlaceOrder, Side, TimeInForce

pytestmark = pytest.mark.spec("EXEC-11")
WAITING = 25
"""So many entries are two and a half seconds' worth."""


def entry(name: str, price: str | None = None) -> PlaceOrder:
    """An entry at the market, or one that rests far below it."""
    kind, until = (OrderType.MARKET, TimeInForce.IOC) if price is None else (OrderType.LIMIT, TimeInForce.POST_ONLY)
    market = (Market.LINEAR, "BTCUSDT", Side.BUY, kind, until)
    limit = None if price is None else Decimal(price)
    return PlaceOrder(name, "trend", *market, quantity=Decimal("0.01"), price=limit, stop_loss=Decimal(15_000))


def leave(name: str) -> PlaceOrder:
    """An order that closes what an entry has opened."""
    market = (Market.LINEAR, "BTCUSDT", Side.SELL, OrderType.MARKET, TimeInForce.IOC)
    return PlaceOrder(name, "trend", *market, quantity=Decimal("0.01"), reduce_only=True)


@pytest.fixture
def limited(market: Any, life_at: Callable[..., Any]) -> Iterator[Any]:
    """The whole of Bybit, which asks no more often than it may, on an exchange that refuses who does."""
    coins = {name: {"USDT": Decimal(100_000)} for name in ("main", "core", "trend")}
    with serve(Setting(load_instruments(), *market, coins, limits=True)) as served:
        one = life_at(served)
        one.begin()
        yield one
        one.end()


def test_what_protects_leaves_before_the_entries_that_wait(limited: Any, heard: Any, wait: Callable[..., Any]) -> None:
    bybit, asked = limited.bybit, limited.served.application.exchange.asked
    limited.until_whole()
    bybit.send(entry("opens"))
    limited.served.advance(1, until="open")
    heard.one(Fill)
    for number in range(WAITING):
        bybit.send(entry(f"waits-{number}", "20000"))
    wait(lambda: len(asked) > WAITING // 3)
    bybit.send(ChangeStop("trend", "BTCUSDT", Decimal(16_000)))
    bybit.send(leave("protects"))
    # The one that is on its way at this moment can't be called back.
    most = len(asked) + 1
    wait(lambda: len(asked) == WAITING + 2)
    assert list(asked).index("protects") <= most < WAITING
    assert set(asked.values()) == {1}
    wait(
        lambda: (
            heard.take(0) is None and len([one for one in heard.all if isinstance(one, OrderAccepted)]) == len(asked)
        )
    )
    moved, last = (max(place for place, event in enumerate(heard.all) if fits(event)) for fits in (is_moved, is_entry))
    assert moved < last
    assert [event for event in heard.all if isinstance(event, OrderRejected)] == []


def test_batches_stay_under_the_limit_of_their_orders(limited: Any, heard: Any, wait: Callable[..., Any]) -> None:
    bybit, asked = limited.bybit, limited.served.application.exchange.asked
    limited.until_whole()
    spot = replace(entry("", "20000"), market=Market.SPOT, stop_loss=None)
    for number in range(2 * WAITING):
        bybit.send(replace(spot, order_id=f"waits-{number}"))
    heard.until(OrderAccepted, 2 * WAITING)
    assert [event for event in heard.all if isinstance(event, OrderRejected)] == []
    assert len(asked) == 2 * WAITING
    assert set(asked.values()) == {1}


def is_moved(event: object) -> bool:
    return isinstance(event, StopPlaced) and event.price == 16_000


def is_entry(event: object) -> bool:
    return isinstance(event, OrderAccepted) and event.order_id.startswith("waits")

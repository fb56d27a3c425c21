"""The exchange between its candles: its books, what it tells, and what it shows when somebody looks."""

from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.simulated.change import Change, OrderChanged, WalletChanged
from adapters.simulated.instruments import load_instruments
from adapters.simulated.live import LiveExchange
from adapters.simulated.refusal import RequestRefusedError
from adapters.simulated.settings import ExchangeSettings
from runtime.events import AccountSeen, Candle, OrderAccepted, OrderRejected
from runtime.instrument import Market
from runtime.requests import LookAtAccount, OrderType, PlaceOrder, Side, TimeInForce

HOUR_MS = 3_600_000
Trading = Any
MARKET, LIMIT = OrderType.MARKET, OrderType.LIMIT
RETURNS = st.sampled_from([-900.0, -300.0, 0.0, 300.0, 900.0])
STEPS = st.tuples(st.sampled_from(Side), st.integers(1, 400), st.sampled_from([None, -200, 0, 200]), RETURNS)


class Hours:
    """A perpetual whose candles pass one by one; `told` is all that the exchange has told."""

    def __init__(self) -> None:
        self.told: list[Change] = []
        coins = {"main": {"USDT": Decimal(20_000)}}
        self.exchange = LiveExchange(load_instruments(), ExchangeSettings(), coins, self.told.append)
        self.price, self.hour, self.orders = 60_000.0, 0, 0
        self.open()

    def candle(self, last: float) -> Candle:
        start_ms, low, high = self.hour * HOUR_MS, min(self.price, last), max(self.price, last)
        times = (start_ms, start_ms + HOUR_MS)
        return Candle(Market.LINEAR, "BTCUSDT", "1h", *times, self.price, high + 50, low - 50, last, 1000.0)

    def open(self) -> None:
        self.exchange.open([self.candle(self.price)], self.hour * HOUR_MS)

    def pass_to(self, last: float) -> None:
        candle = self.candle(last)
        self.hour += 1
        self.price = last
        self.exchange.close([candle], candle.close_ms)
        self.exchange.settle("BTCUSDT", Decimal("0.0001"), candle.close_ms)
        self.open()

    def order(self, side: Side, thousandths: int, away: int | None = None, **fields: Any) -> PlaceOrder:
        self.orders += 1
        price = None if away is None else Decimal(int(self.price) + away)
        return PlaceOrder(
            order_id=f"order-{self.orders}",
            account="main",
            market=Market.LINEAR,
            symbol="BTCUSDT",
            side=side,
            order_type=MARKET if price is None else LIMIT,
            time_in_force=TimeInForce.IOC if price is None else TimeInForce.GTC,
            quantity=Decimal(thousandths) / 1000,
            price=price,
            **fields,
        )


@settings(max_examples=40)
@given(st.lists(STEPS, min_size=1, max_size=12))
def test_the_books_agree_with_what_the_accounts_hold(steps: list[tuple[Side, int, int | None, float]]) -> None:
    hours = Hours()
    exchange = hours.exchange
    for side, thousandths, away, change in steps:
        stop = Decimal(int(hours.price) + (-500 if side is Side.BUY else 500))
        order = hours.order(side, thousandths, away)
        # A refused order must leave no trace either.
        with suppress(RequestRefusedError):
            exchange.place(replace(order, stop_loss=stop if thousandths % 2 else None), hours.hour * HOUR_MS)
        hours.pass_to(max(hours.price + change, 1000.0))
        held, booked = exchange.model.position("main", "BTCUSDT"), exchange.ledger.position("main", "BTCUSDT")
        assert (held.quantity, held.cost) == (booked.quantity, booked.cost)
        assert exchange.ledger.balance("main", "USDT") == exchange.model.wallet("main")["USDT"]
        stop_order = exchange.orders.stop("main", "BTCUSDT")
        assert (stop_order.trigger if stop_order else None) == held.stop
        waiting = {order.request.order_id for order in exchange.model.open_orders("main")}
        assert waiting == {one.exchange_id for one in exchange.orders.of("main") if one.is_open} - (
            {stop_order.exchange_id} if stop_order else set()
        )


def test_every_change_of_an_order_is_told_before_the_wallet() -> None:
    hours = Hours()
    states = []
    hours.exchange._tell = lambda change: states.append(
        change.order.state.value if isinstance(change, OrderChanged) else type(change).__name__
    )
    hours.exchange.place(hours.order(Side.BUY, 100), 0)
    assert states == ["New", "Executed", "Filled", "PositionChanged", WalletChanged.__name__]


def test_a_changed_order_keeps_what_was_filled(trading: Trading) -> None:
    trading.place(Market.LINEAR, Side.BUY, "0.5", price="59000")
    exchange = trading.exchange
    assert isinstance(exchange.amend("main", "order-1", Decimal("0.2"), None, 0)[0], OrderAccepted)
    trading.linear(60000, 60000, 58900, 59000, volume=1)
    assert exchange.position("main", "BTCUSDT").quantity == Decimal("0.1")
    (refused,) = exchange.amend("main", "order-1", Decimal("0.1"), None, 0)
    assert isinstance(refused, OrderRejected)
    exchange.amend("main", "order-1", Decimal("0.15"), None, 0)
    (order,) = exchange.open_orders("main")
    assert (order.filled, order.remaining) == (Decimal("0.1"), Decimal("0.05"))


def test_a_change_that_can_not_be_paid_leaves_the_order_as_it_was(trading: Trading) -> None:
    trading.place(Market.SPOT, Side.BUY, "0.1", price="50000")
    before = trading.exchange.open_orders("main")[0].to_plain()
    (refused,) = trading.exchange.amend("main", "order-1", Decimal("0.3"), None, 0)
    assert refused.code == 170131
    assert trading.exchange.open_orders("main")[0].to_plain() == before


def test_only_an_open_order_can_be_changed(trading: Trading) -> None:
    with pytest.raises(KeyError, match="Expected an open order"):
        trading.exchange.amend("main", "order-1", Decimal(1), None, 0)


def test_who_looks_sees_the_account_as_it_is(trading: Trading) -> None:
    trading.place(Market.LINEAR, Side.BUY, "0.1", stop_loss="55000")
    trading.linear(60000, 60000, 60000, 60000)
    trading.place(Market.SPOT, Side.BUY, "0.01", price="50000")
    (seen,) = trading.submit(LookAtAccount("main"))
    assert isinstance(seen, AccountSeen)
    assert dict(seen.wallet) == {"USDT": trading.usdt()}
    (position,), (order,) = seen.positions, seen.orders
    assert (position.quantity, position.stop) == (Decimal("0.1"), Decimal(55000))
    assert (order.order_id, order.quantity, order.price) == ("order-2", Decimal("0.01"), Decimal(50000))

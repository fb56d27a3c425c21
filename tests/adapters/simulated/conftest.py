"""A small market to trade on: BTCUSDT on both markets, one candle after another."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from adapters.simulated.exchange import SimulatedExchange
from adapters.simulated.instruments import load_instruments
from adapters.simulated.settings import ExchangeSettings
from runtime.events import Candle, ExchangeEvent
from runtime.instrument import Market
from runtime.requests import CancelOrder, ChangeStop, OrderType, PlaceOrder, Request, SetLeverage, Side, TimeInForce

HOUR_MS = 3_600_000
AMOUNTS = {"quote_amount", "price", "stop_loss", "slippage_cap"}


class Trading:
    """An exchange with one account, `main`, that has seen one flat candle at 60,000 on both markets."""

    def __init__(self, usdt: str = "10000", **settings: Decimal) -> None:
        coins = {"main": {"USDT": Decimal(usdt)}}
        self.exchange = SimulatedExchange(load_instruments(), ExchangeSettings(**settings), coins)
        self.hour = 0
        self.orders = 0
        self.last = {Market.SPOT: 60000.0, Market.LINEAR: 60000.0}
        for market in Market:
            candle = self.candle(market)
            assert self.exchange.open([candle]) + self.exchange.range([candle]) == []
        self.hour = 1

    def candle(self, market: Market, prices: tuple[float, ...] = (), volume: float = 1000.0) -> Candle:
        first, high, low, close = prices or (self.last[market],) * 4
        start_ms = self.hour * HOUR_MS
        return Candle(market, "BTCUSDT", "1h", start_ms, start_ms + HOUR_MS, first, high, low, close, volume)

    def hour_of(
        self,
        market: Market,
        *prices: float,
        volume: float = 1000.0,
    ) -> tuple[list[ExchangeEvent], list[ExchangeEvent]]:
        """Let one candle pass; return what its first price and its range did."""
        candle = self.candle(market, prices, volume)
        self.hour += 1
        self.last[market] = candle.close
        return self.exchange.open([candle]), self.exchange.range([candle])

    def spot(self, *prices: float, volume: float = 1000.0) -> tuple[list[ExchangeEvent], list[ExchangeEvent]]:
        return self.hour_of(Market.SPOT, *prices, volume=volume)

    def linear(self, *prices: float, volume: float = 1000.0) -> tuple[list[ExchangeEvent], list[ExchangeEvent]]:
        return self.hour_of(Market.LINEAR, *prices, volume=volume)

    def submit(self, request: Request) -> list[ExchangeEvent]:
        return self.exchange.submit(request, self.hour * HOUR_MS)

    def order(self, market: Market, side: Side, quantity: str | None = None, **fields: Any) -> PlaceOrder:
        """Make an order: a limit where a price is given, else a market order; amounts may be text."""
        self.orders += 1
        is_limit = "price" in fields
        given = {name: Decimal(value) if name in AMOUNTS else value for name, value in fields.items()}
        given.setdefault("time_in_force", TimeInForce.GTC if is_limit else TimeInForce.IOC)
        given.setdefault("order_id", f"order-{self.orders}")
        return PlaceOrder(
            account="main",
            market=market,
            symbol="BTCUSDT",
            side=side,
            order_type=OrderType.LIMIT if is_limit else OrderType.MARKET,
            quantity=None if quantity is None else Decimal(quantity),
            **given,
        )

    def place(self, market: Market, side: Side, quantity: str | None = None, **fields: Any) -> list[ExchangeEvent]:
        return self.submit(self.order(market, side, quantity, **fields))

    def cancel(self, market: Market, order_id: str) -> list[ExchangeEvent]:
        return self.submit(CancelOrder(order_id, "main", market, "BTCUSDT"))

    def change_stop(self, price: str) -> list[ExchangeEvent]:
        return self.submit(ChangeStop("main", "BTCUSDT", Decimal(price)))

    def set_leverage(self, leverage: str) -> list[ExchangeEvent]:
        return self.submit(SetLeverage("main", "BTCUSDT", Decimal(leverage)))

    def usdt(self) -> Decimal:
        return self.exchange.wallet("main")["USDT"]


@pytest.fixture
def trading() -> Trading:
    """Give the default market: 0.05 % slippage, 10 % of a candle's volume."""
    return Trading()


@pytest.fixture
def trading_with() -> Callable[..., Trading]:
    """Give a way to make another market: its wallet and settings."""
    return Trading

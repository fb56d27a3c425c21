"""A small market served on loopback, and unmodified pybit clients of it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from threading import Event
from typing import Any

import polars as pl
import pytest
from pybit.unified_trading import HTTP, WebSocket, WebSocketTrading

from adapters.clock import Stopwatch
from adapters.served.exchange import Setting
from adapters.served.serving import Served, serve
from adapters.simulated.instruments import load_instruments
from runtime.instrument import Market
from runtime.market_data import CANDLE_SCHEMA, FACT_SCHEMA, FUNDING_SCHEMA, MarketData

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
START_MS = 1_700_006_400_000  # 2023-11-15 00:00 UTC
HOURS = 24 * 20
FIRST_PLAYED = 24 * 5
ACCOUNTS = {"main": {"USDT": Decimal(100_000)}, "trend": {"USDT": Decimal(50_000)}, "hodl": {}}


def wave(hour: int, step: int) -> float:
    """A price that goes up and down, in whole ticks, the same on every run."""
    return round(30_000 + 40 * ((hour * 7 + step * 3) % 60 - 30) + hour, 1)


def candles(scale: float = 1.0) -> pl.DataFrame:
    rows = []
    for hour in range(HOURS):
        first, last = wave(hour, 0) * scale, wave(hour + 1, 0) * scale
        low, high = min(first, last) - 60 * scale, max(first, last) + 60 * scale
        open_ms = START_MS + hour * HOUR_MS
        prices = [round(price, 1) for price in (first, high, low, last)]
        rows.append((open_ms, open_ms + HOUR_MS, *prices, 500.0 + hour % 7))
    return pl.DataFrame(rows, schema=CANDLE_SCHEMA, orient="row")


def market_data() -> MarketData:
    series = {
        (Market.SPOT, "BTCUSDT", "1h"): candles(),
        (Market.LINEAR, "BTCUSDT", "1h"): candles(),
        (Market.LINEAR, "ETHUSDT", "1h"): candles(0.1),
    }
    times = [START_MS + hour * HOUR_MS for hour in range(0, HOURS, 8)]
    rates = pl.DataFrame({"at_ms": times, "rate": [0.0001] * len(times)}, schema=FUNDING_SCHEMA)
    moods = [(START_MS + day * DAY_MS, 20.0 + day) for day in range(HOURS // 24)]
    facts = {"fear_greed": pl.DataFrame(moods, schema=FACT_SCHEMA, orient="row")}
    return MarketData(series, funding={"BTCUSDT": rates, "ETHUSDT": rates}, facts=facts)


def setting(**fields: Any) -> Setting:
    span = (START_MS + FIRST_PLAYED * HOUR_MS, START_MS + HOURS * HOUR_MS)
    given = {"limits": False, **fields}
    return Setting(load_instruments(), market_data(), span, ACCOUNTS, **given)


class Desk:
    """One account on a served exchange, with pybit clients pointed at it."""

    def __init__(self, served: Served, account: str) -> None:
        self.served = served
        self.member = served.member(account)
        self.keys = {"api_key": self.member.key, "api_secret": self.member.secret}
        self.http = self.session()
        self._sockets: list[Any] = []

    def session(self, **fields: Any) -> HTTP:
        given = {"max_retries": 1, "retry_codes": {-1}, "timeout": 5, **self.keys, **fields}
        session = HTTP(**given)
        session.endpoint = self.served.http
        return session

    def place(self, category: str, side: str, qty: str, **fields: Any) -> dict[str, Any]:
        terms = {"symbol": "BTCUSDT", "orderType": "Limit" if "price" in fields else "Market", **fields}
        return self.http.place_order(category=category, side=side, qty=qty, **terms)["result"]

    def order(self, category: str, **fields: Any) -> dict[str, Any]:
        """The one order that fits, open or not."""
        rows = self.http.get_open_orders(category=category, symbol="BTCUSDT", **fields)["result"]["list"]
        rows += self.http.get_order_history(category=category, **fields)["result"]["list"]
        (row,) = rows
        return row

    def position(self, symbol: str = "BTCUSDT") -> dict[str, Any]:
        return self.http.get_positions(category="linear", symbol=symbol)["result"]["list"][0]

    def coins(self) -> dict[str, Decimal]:
        (account,) = self.http.get_wallet_balance(accountType="UNIFIED")["result"]["list"]
        return {coin["coin"]: Decimal(coin["walletBalance"]) for coin in account["coin"]}

    def stream(self, kind: str = "private") -> Any:
        base = self.served.websocket

        class Local(WebSocket):
            def _connect(self, url: str) -> None:
                super()._connect(f"{base}/{url.split('/', 3)[3]}" if url.startswith("wss://") else url)

        keys = self.keys if kind == "private" else {}
        self._sockets.append(Local(testnet=False, channel_type=kind, private_auth_expire=10, **keys))
        return self._sockets[-1]

    def trading(self) -> Any:
        base = self.served.websocket

        class Local(WebSocketTrading):
            def _connect(self, url: str) -> None:
                super()._connect(f"{base}/{url.split('/', 3)[3]}" if url.startswith("wss://") else url)

        self._sockets.append(Local(testnet=False, **self.keys))
        return self._sockets[-1]

    def close(self) -> None:
        for socket in self._sockets:
            socket.exit()


@pytest.fixture
def until() -> Callable[..., Any]:
    """Wait for something that another thread brings about."""

    def wait(condition: Callable[[], Any], what: str, seconds: float = 30) -> Any:
        watch, pause = Stopwatch(), Event()
        value = condition()
        while not value:
            assert watch.elapsed_s() < seconds, f"expected {what} within {seconds} s"
            # Between two looks the other threads get their turn.
            pause.wait(0.002)
            value = condition()
        return value

    return wait


@pytest.fixture
def served_with() -> Iterator[Callable[..., Served]]:
    """Serve a market with other settings."""
    with ExitStack() as stack:
        yield lambda **fields: stack.enter_context(serve(setting(**fields)))


@pytest.fixture
def served(served_with: Callable[..., Served]) -> Served:
    """The market held at its first price, without rate limits."""
    return served_with()


@pytest.fixture
def desk_at() -> Iterator[Callable[[Served, str], Desk]]:
    """Give an account's clients of any served market."""
    with ExitStack() as stack:

        def at(served: Served, account: str) -> Desk:
            desk = Desk(served, account)
            stack.callback(desk.close)
            return desk

        yield at


@pytest.fixture
def main(served: Served, desk_at: Callable[[Served, str], Desk]) -> Desk:
    """The master, with 100,000 USDT."""
    return desk_at(served, "main")


@pytest.fixture
def trend(served: Served, desk_at: Callable[[Served, str], Desk]) -> Desk:
    """A sub-account with 50,000 USDT."""
    return desk_at(served, "trend")


@pytest.fixture
def a_setting() -> Setting:
    """What the served market was opened with."""
    return setting()

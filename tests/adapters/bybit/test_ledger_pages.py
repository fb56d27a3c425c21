"""Money that came and went is found among any number of trades."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from adapters.bybit.client import Client
from adapters.bybit.hosts import Mode, hosts_of
from adapters.bybit.ledger import Ledger, Owner
from adapters.served.exchange import Setting
from adapters.served.serving import serve
from adapters.simulated.instruments import load_instruments
from runtime.events import CashFlow

TRADES = 40
"""Each of them is two lines, of which a page holds fifty."""


class Account:
    """An account on the served exchange, and its ledger."""

    def __init__(self, life: Any) -> None:
        self.life, self.told, self.line = life, list[Any](), life.line("core")
        member = life.served.member("core")
        since_ms = life.clock.now_ms()
        self.ledger = Ledger(self.line, Owner("core", str(member.uid)), self.told.append, life.clock, since_ms)
        self._http = Client(hosts_of(Mode.LOCAL, life.served.http), life.keys("core"))

    def trade(self, count: int) -> None:
        """Buy a little, so many times."""
        order = {"category": "spot", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "20"}
        for _ in range(count):
            self._http.call("place_order", **order)

    def close(self) -> None:
        self._http.close()
        self.line.close()


@pytest.fixture
def account(market: Any, life_at: Any) -> Iterator[Account]:
    coins = {"main": {}, "core": {"USDT": Decimal(100_000)}, "trend": {}}
    with serve(Setting(load_instruments(), *market, coins, limits=False)) as served:
        served.advance(1, until="open")
        one = Account(life_at(served))
        yield one
        one.close()


def test_a_deposit_is_found_behind_pages_of_trades_without_reading_them(account: Account) -> None:
    account.life.served.pull("deposit", account="core", amount="12.5")
    account.trade(3)
    few = len(list(account.ledger.read()))
    account.trade(TRADES)
    many = len(list(account.ledger.read()))
    account.trade(TRADES)
    assert len(list(account.ledger.read())) == many > few == 1
    assert [(type(one), one.amount, one.coin) for one in account.told] == [(CashFlow, Decimal("12.5"), "USDT")]
    account.life.served.pull("deposit", account="core", amount="-2.5")
    list(account.ledger.read())
    assert [one.amount for one in account.told] == [Decimal("12.5"), Decimal("-2.5")]


def test_a_kind_that_the_exchange_does_not_know_has_no_lines(account: Account) -> None:
    account.life.served.pull("deposit", account="core", amount="12.5")
    account.trade(TRADES)
    account.life.served.fault("refuse", endpoint="/v5/account/transaction-log", skip=1, code=10001)
    list(account.ledger.read())
    assert [one.amount for one in account.told] == [Decimal("12.5")]

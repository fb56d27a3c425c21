"""Money is spent once, whoever asks for it in whatever order."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from machines.intents import Buy, Direction, Enter, Intent, Sell, Transfer, Urgency
from runtime.capital import RESERVE
from runtime.draft import Draft
from runtime.engine import Engine
from runtime.requests import MoveMoney, PlaceOrder, Side

DAY_MS = 86_400_000
BOOKS = {"core-hodl": "CORE-HODL", "trend-1": "TREND-1", "trend-2": "TREND-2", "tactical": "TACTICAL"}
AMOUNTS = st.decimals(1, 80_000, places=2)
SYMBOLS = st.sampled_from(["BTCUSDT", "ETHUSDT"])
INTENTS = st.one_of(
    st.builds(Buy, SYMBOLS, AMOUNTS, st.sampled_from(Urgency)),
    st.builds(Sell, SYMBOLS, AMOUNTS, st.sampled_from(Urgency)),
    st.builds(Transfer, st.sampled_from([*BOOKS.values(), RESERVE]), AMOUNTS),
    st.builds(
        Enter,
        SYMBOLS,
        st.sampled_from(Direction),
        st.decimals("0.001", "0.5", places=3),
        st.decimals(100, 5_000, places=0),
        st.just(Decimal(3)),
        st.just(Decimal(3)),
    ),
)
ASKED = st.lists(st.tuples(st.sampled_from(sorted(BOOKS)), INTENTS), min_size=2, max_size=25)


@pytest.fixture(scope="module")
def begun(prepared: Any, plan: Any) -> Callable[[], Engine]:
    """Engines that have traded for two months, all alike."""
    run = prepared(to_ms=plan.from_ms + 60 * DAY_MS)
    run.backtest.run()
    engine = run.engine
    state = engine.to_plain()
    return lambda: Engine.from_plain(engine.rulebook, tuple(engine.books), engine.world.instruments, state)


@pytest.mark.spec("ORCH-07")
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ASKED)
def test_no_two_intents_spend_the_same_money(begun: Callable[[], Engine], asked: list[tuple[str, Intent]]) -> None:
    """What orders and transfers may spend together is never more than was free before any of them."""
    engine = begun()
    portfolio, now_ms = engine.portfolio, engine.world.board.moment.now_ms
    free = {account: portfolio.available(account, "USDT") for account in portfolio.accounts}
    total = portfolio.equity()
    draft = Draft(now_ms)

    for book, intent in asked:
        symbol = getattr(intent, "symbol", "")
        instance = engine.instances.get((book, "")) or engine.instances[book, symbol or "BTCUSDT"]
        if (book.startswith("trend") and isinstance(intent, Buy | Sell)) or (
            not book.startswith("trend") and isinstance(intent, Enter)
        ):
            continue
        engine.trader.consider(instance, "a random wish", intent, draft)
        for account in portfolio.accounts:
            held = {coin: portfolio.reserved(account, coin) for coin in portfolio.wallets(account)}
            assert all(amount <= portfolio.wallet(account, coin) for coin, amount in held.items())

    spent = dict.fromkeys(portfolio.accounts, Decimal(0))
    for request in draft.requests:
        if isinstance(request, MoveMoney):
            spent[request.source] += request.amount
        elif isinstance(request, PlaceOrder) and request.side is Side.BUY and request.quote_amount is not None:
            spent[request.account] += request.quote_amount
    assert all(spent[account] <= free[account] for account in spent)
    assert portfolio.equity() == total


@pytest.mark.spec("ORCH-07")
def test_committed_and_available_are_all_there_is(begun: Callable[[], Engine]) -> None:
    """Without perpetuals nothing is left over between what is committed and what is free."""
    portfolio = begun().portfolio

    for account in ("CORE-HODL", "TACTICAL"):
        committed, equity = portfolio.committed(account), portfolio.equity(account)
        assert committed is not None
        assert equity is not None
        assert committed + portfolio.available(account, "USDT") == equity
    assert any((portfolio.committed(account) or 0) > 0 for account in portfolio.accounts)

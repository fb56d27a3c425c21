"""What a back-test says of each engine."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from machines.intents import Direction
from rules.language.phases import EngineOfBooks, Phases, ResultOf
from runtime.book_curve import own_curve
from runtime.engine_results import backtest_facts, profit_factor, results
from runtime.instrument import Market
from runtime.run import EquityPoint
from runtime.trades import Trade

pytestmark = pytest.mark.spec("PHASE-2")
DAY_MS = 86_400_000
ZERO = Decimal(0)


def trade(symbol: str, entry: int, exit: int, net: str, book: str = "funding", market: Market = Market.SPOT) -> Trade:
    return Trade(
        book=book,
        account=book.upper(),
        market=market,
        symbol=symbol,
        direction=Direction.LONG,
        quantity=Decimal(1),
        entry_ms=entry,
        entry_price=Decimal(100),
        exit_ms=exit,
        exit_price=Decimal(100),
        gross=Decimal(net),
        fees=ZERO,
        funding=ZERO,
        entry_rule="",
        exit_rule="",
    )


def point(day: int, moved: dict[str, str] | None = None, **equity: str) -> EquityPoint:
    by_book = {name.replace("_", "-"): Decimal(amount) for name, amount in equity.items()}
    brought = {name: Decimal(amount) for name, amount in (moved or {}).items()}
    return EquityPoint(day * DAY_MS, sum(by_book.values(), ZERO), by_book, ZERO, ZERO, "NORMAL", brought)


def run(books: Iterable[str], trades: Iterable[Trade] = (), equity: Iterable[EquityPoint] = ()) -> Any:
    settings = SimpleNamespace(books=tuple(books), from_ms=0)
    return SimpleNamespace(settings=settings, trades=tuple(trades), equity=tuple(equity))


def phases(*books: str, result: ResultOf = ResultOf.TRADE) -> Phases:
    return Phases((), {"trend": EngineOfBooks("trend", books, result)}, "phases.yaml")


# ── results ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_both_legs_of_a_pair_are_one_result() -> None:
    """The spot leg loses what the perpetual wins; what counts is the funding that is left."""
    legs = [
        trade("BTCUSDT", 10, 20, "50"),
        trade("BTCUSDT", 11, 20, "-40", market=Market.LINEAR),
        trade("ETHUSDT", 15, 18, "-3"),
        trade("BTCUSDT", 20, 30, "-7"),
    ]
    assert sorted(results(legs, ResultOf.COIN)) == [-7, -3, 10]
    assert sorted(results(legs, ResultOf.TRADE)) == [-40, -7, -3, 50]


def test_a_deployment_ends_with_its_last_sale() -> None:
    """What is sold in parts and in several coins is one result as long as anything of it is held."""
    sales = [
        trade("BTCUSDT", 0, 50, "5"),
        trade("BTCUSDT", 0, 90, "-1"),
        trade("ETHUSDT", 60, 120, "2"),
        trade("BTCUSDT", 200, 210, "-4"),
        trade("BTCUSDT", 60, 70, "9", book="other"),
    ]
    assert sorted(results(sales, ResultOf.DEPLOYMENT)) == [-4, 6, 9]


spans = some.tuples(some.integers(0, 50), some.integers(1, 20), some.integers(-9, 9), some.sampled_from(["BTC", "ETH"]))


@given(some.lists(spans), some.sampled_from(ResultOf))
def test_no_profit_is_lost_or_doubled_by_adding_up(told: list[tuple[int, int, int, str]], of: ResultOf) -> None:
    trades = [trade(f"{coin}USDT", start, start + length, str(net)) for start, length, net, coin in told]
    assert sum(results(trades, of), ZERO) == sum((one.net for one in trades), ZERO)
    assert sorted(results(trades, of)) == sorted(results(trades[::-1], of))
    assert len(results(trades, of)) <= len(trades)


def test_the_profit_factor_without_a_loss_has_no_bound() -> None:
    assert profit_factor([Decimal(3), Decimal(-2), Decimal(1)]) == 2
    assert profit_factor([Decimal(3)]) == Decimal("Infinity")
    assert profit_factor([ZERO]) is None
    assert profit_factor([]) is None


# ── engines ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_books_of_an_engine_count_together() -> None:
    trades = [trade("BTCUSDT", 0, 1, "30", "trend-1"), trade("BTCUSDT", 0, 1, "-10", "trend-2")]
    curve = [
        point(0, trend_1="100", trend_2="100"),
        point(1, trend_1="120", trend_2="60"),
        point(2, trend_1="90", trend_2="90"),
    ]
    facts = backtest_facts(run(("trend-1", "trend-2"), trades, curve), phases("trend-1", "trend-2"))
    assert facts["backtest.trend.win_rate"] == Decimal("0.5")
    assert facts["backtest.trend.profit_factor"] == 3
    assert facts["backtest.trend.drawdown"] == Decimal("0.1")


def test_half_an_engine_was_not_measured() -> None:
    trades = [trade("BTCUSDT", 0, 1, "30", "trend-1")]
    assert backtest_facts(run(("trend-1",), trades), phases("trend-1", "trend-2")) == {}


def test_one_of_several_alternatives_is_enough() -> None:
    trades = [trade("BTCUSDT", 0, 1, "30", "core-hodl")]
    books, groups = phases("core-hodl", "core-hodl-ten"), [{"core-hodl", "core-hodl-ten"}]
    assert "backtest.trend.win_rate" in backtest_facts(run(("core-hodl",), trades), books, groups)
    assert backtest_facts(run(("trend-1",), trades), books, groups) == {}


def test_an_engine_that_never_traded_has_no_win_rate() -> None:
    curve = [point(0, trend_1="100"), point(1, trend_1="100"), point(2, trend_1="100")]
    facts = backtest_facts(run(("trend-1",), (), curve), phases("trend-1"))
    assert "backtest.trend.win_rate" not in facts
    assert facts["backtest.trend.sharpe"] is None
    assert facts["backtest.trend.drawdown"] == 0


# ── curves ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_money_that_came_is_no_profit_and_earns_like_the_rest() -> None:
    curve = own_curve([point(0, a="100"), point(1, {"a": "300"}, a="410"), point(2, {"a": "300"}, a="451")], ("a",), 0)
    assert curve.values.tolist() == pytest.approx([100, 110, 121])


def test_a_book_that_gave_everything_away_keeps_its_record() -> None:
    curve = own_curve(
        [point(0, a="100"), point(1, {"a": "-110"}, a="0"), point(2, {"a": "-110"}, a="0"), point(3, a="110")],
        ("a",),
        0,
    )
    assert curve.values.tolist() == pytest.approx([100, 110, 110, 110])


amounts = some.integers(1, 1000)


@given(some.lists(some.tuples(amounts, amounts), min_size=2, max_size=8), some.data())
def test_transfers_between_its_books_are_nothing_to_an_engine(
    rows: list[tuple[int, int]], data: some.DataObject
) -> None:
    """However money goes to and fro between two books, together they have done the same."""
    still = [point(day, a=str(one), b=str(other)) for day, (one, other) in enumerate(rows)]
    moving, sent = [], ZERO
    for there in still:
        sent += data.draw(some.integers(-50, 50))
        by_book = {"a": there.by_book["a"] + sent, "b": there.by_book["b"] - sent}
        moving.append(replace(there, by_book=by_book, moved={"a": sent, "b": -sent}))
    ours, theirs = own_curve(moving, ("a", "b"), 0), own_curve(still, ("a", "b"), 0)
    assert ours.values.tolist() == pytest.approx(theirs.values.tolist())

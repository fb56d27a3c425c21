from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from machines.intents import Direction
from runtime.doubt import HeldDoubt
from runtime.events import Fill, FillKind, FundingPayment
from runtime.instrument import Market
from runtime.phases import GateResult, Verdict
from runtime.requests import Side
from runtime.run import (
    Day,
    DecisionRecord,
    EquityPoint,
    LevelChange,
    OrderRecord,
    RunResult,
    RunSettings,
    TransferRecord,
)
from runtime.trades import Trade

DAY_MS = 86_400_000
START = 1_704_067_200_000  # 2024-01-01
DAYS = 70


def _equity(day: int) -> EquityPoint:
    core, trend = Decimal(600 + 2 * day), Decimal(400 - (5 * day if day < 40 else 200 - 3 * (day - 40)))
    drawdown = Decimal("0.08") if 20 < day < 50 else Decimal(0)
    level = "CAUTION" if drawdown else "NORMAL"
    by_book = {"core-hodl": core, "trend-1": trend}
    return EquityPoint(START + day * DAY_MS, core + trend, by_book, Decimal(500), drawdown, level)


def _day(day: int) -> Day:
    close = 40000.0 + 100 * day
    return Day(START + day * DAY_MS, close - 100, close + 50, close - 150, close)


def _trade(number: int, gross: str, closed_by: str = "exits.trend_broken") -> Trade:
    return Trade(
        book="trend-1",
        account="TREND-1",
        market=Market.LINEAR,
        symbol="BTCUSDT",
        direction=Direction.LONG,
        quantity=Decimal("0.01"),
        entry_ms=START + number * DAY_MS,
        entry_price=Decimal(40000),
        exit_ms=START + (number + 2) * DAY_MS,
        exit_price=Decimal(40000) + Decimal(gross) * 100,
        gross=Decimal(gross),
        fees=Decimal("0.50"),
        funding=Decimal("-0.25"),
        entry_rule="entries.long",
        exit_rule=closed_by,
    )


def _fill(number: int, fee: str, fee_coin: str) -> Fill:
    return Fill(
        at_ms=START + number * DAY_MS,
        execution_id=f"e{number}",
        order_id=f"o{number}",
        account="TREND-1",
        market=Market.SPOT,
        symbol="BTCUSDT",
        side=Side.BUY,
        quantity=Decimal("0.01"),
        price=Decimal(40000),
        fee=Decimal(fee),
        fee_coin=fee_coin,
        maker=False,
        kind=FillKind.TRADE,
        done=True,
    )


def _funding(amount: str) -> FundingPayment:
    return FundingPayment(START, "s", "TREND-1", "BTCUSDT", Decimal(0), Decimal(1), Decimal(1), Decimal(amount))


def _order(number: int, book: str) -> OrderRecord:
    return OrderRecord(
        order_id=f"o{number}",
        decision=number,
        at_ms=START + number * DAY_MS,
        book=book,
        rule="entries.long",
        symbol="BTCUSDT",
        market="spot",
        side="buy",
        asked="buy 0.01 BTCUSDT at the market",
        limits=(),
        ended="filled",
        ended_ms=START + number * DAY_MS,
        filled=Decimal("0.01"),
        average_price=Decimal(40000),
        fees=Decimal("0.4"),
    )


def _refused(number: int, check: str, repeated: int) -> DecisionRecord:
    return DecisionRecord(
        number=number,
        at_ms=START + number * DAY_MS,
        book="trend-1",
        symbol="BTCUSDT",
        rule="entries.long",
        place="trend-1.yaml:24",
        version="abc",
        why="",
        before="SCANNING",
        after="NO_TRADE",
        trigger="signal",
        arguments={"risk": "1 %"},
        trace=None,
        outcomes=(f"enter BTCUSDT refused by {check}: 0.9 > 0.8 <b>&</b>",),
        order_ids=(),
        refused=True,
        repeated=repeated,
    )


def _transfer(number: int, amount: str, ended: str) -> TransferRecord:
    return TransferRecord(
        transfer_id=f"t{number}",
        at_ms=START + number * DAY_MS,
        source="TREND-1",
        destination="CORE-HODL",
        coin="USDT",
        amount=Decimal(amount),
        book="trend-1",
        rule="triggers.hand_back",
        why="It is wanted elsewhere.",
        ended=ended,
        ended_ms=None if ended == "under way" else START + number * DAY_MS,
    )


def _gate(gate: str, value: str, verdict: Verdict) -> GateResult:
    return GateResult("validation", gate, f"backtest.trend.{gate} > 1", value, verdict, "", "phases.yaml:7")


SETTINGS = RunSettings(
    books=("core-hodl", "trend-1"),
    shares={"core-hodl": Decimal("0.6"), "trend-1": Decimal("0.4")},
    capital=Decimal(1000),
    from_ms=START,
    to_ms=START + DAYS * DAY_MS,
    rules_version="1f0c2d3e4a5b",
    data="market",
    slippage=Decimal("0.0005"),
    volume_share=Decimal("0.10"),
    acknowledge_after_ms=None,
)


@pytest.fixture
def result() -> RunResult:
    """A made-up run of seventy days with two books, three trades, two refusals and one breaker level."""
    return RunResult(
        settings=SETTINGS,
        data_notes=("BTCUSDT spot 1d: Binance from 2024-01-01 <i>.",),
        equity=tuple(_equity(day) for day in range(1, DAYS + 1)),
        orders=(_order(1, "core-hodl"), _order(2, "trend-1")),
        fills=(_fill(1, "0.00001", "BTC"), _fill(2, "0.30", "USDT")),
        trades=(_trade(3, "30"), _trade(10, "-12", "stop"), _trade(20, "0.75")),
        funding=(_funding("-0.75"),),
        decisions=(_refused(1, "correlated", 3), _refused(2, "correlated", 0), _refused(3, "too_small", 0)),
        levels=(
            LevelChange(START + 21 * DAY_MS, "NORMAL", "CAUTION", Decimal("0.08"), "drawdown is 8 %"),
            LevelChange(START + 50 * DAY_MS, "CAUTION", "NORMAL", Decimal(0), "recovered"),
        ),
        notes=(),
        days={"BTCUSDT": tuple(_day(day) for day in range(DAYS + 1))},
        weights={"core-hodl": {"BTCUSDT": Decimal(1)}, "trend-1": {}},
        slippage_paid=Decimal("0.20"),
        candles=140,
        transfers=(_transfer(5, "10", "arrived"), _transfer(6, "20.5", "arrived"), _transfer(7, "3", "under way")),
        thresholds={"CAUTION": Decimal("0.05"), "EMERGENCY": Decimal("0.25")},
        phase_facts={"backtest.trend.sharpe": Decimal("0.5"), "backtest.trend.profit_factor": Decimal("Infinity")},
        doubts=(HeldDoubt("few", "trend-1", "Too <few> trades.", "result.trades < 30", "trades 3", "doubts.yaml:9"),),
        gates=(
            _gate("sharpe", "0.5", Verdict.FAILED),
            _gate("profit_factor", "nothing lost", Verdict.PASSED),
            _gate("win_rate", "not measured", Verdict.NOT_MEASURED),
        ),
    )


@pytest.fixture
def changed(result: RunResult) -> Callable[..., RunResult]:
    """The same run with other fields."""

    def change(**fields: Any) -> RunResult:
        return replace(result, **fields)

    return change


@pytest.fixture
def nothing(changed: Callable[..., RunResult]) -> RunResult:
    """A run in which nothing happened at all."""
    empty = dict.fromkeys(("equity", "orders", "fills", "trades", "funding", "decisions", "levels", "data_notes"), ())
    empty |= {"transfers": (), "gates": ()}
    return changed(**empty, days={}, weights={}, candles=0, slippage_paid=Decimal(0))

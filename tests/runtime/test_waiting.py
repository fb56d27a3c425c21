"""A back-test lets time pass while a machine waits for its orders, so that deadlines fall due between candles."""

from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from adapters.cli.rulebook import in_force
from adapters.simulated.exchange import SimulatedExchange
from adapters.simulated.instruments import load_instruments
from adapters.simulated.settings import ExchangeSettings
from runtime.backtest import Backtest
from runtime.engine import Engine
from runtime.events import Fill, Timer
from runtime.instrument import Market
from runtime.market_data import CANDLE_SCHEMA, FUNDING_SCHEMA, MarketData
from runtime.portfolio import Portfolio
from runtime.requests import CancelOrder, Side
from runtime.step import Step

HOUR_MS = 3_600_000
HOURS = 48
RULES = Path(__file__).resolve().parents[2] / "rules"


def candles(dry_hours: tuple[int, ...] = ()) -> pl.DataFrame:
    rows = [
        (h * HOUR_MS, (h + 1) * HOUR_MS, 50_000.0, 50_000.0, 50_000.0, 50_000.0, 0.0 if h in dry_hours else 1e4)
        for h in range(HOURS)
    ]
    return pl.DataFrame(rows, schema=CANDLE_SCHEMA, orient="row")


def steps_of(dry_hours: tuple[int, ...]) -> list[Step]:
    """Run the funding book over two flat days with a good rate; the perpetual isn't traded at all in some hours."""
    data = MarketData(
        {(Market.SPOT, "BTCUSDT", "1h"): candles(), (Market.LINEAR, "BTCUSDT", "1h"): candles(dry_hours)},
        {
            "BTCUSDT": pl.DataFrame(
                [(h * HOUR_MS, 0.0003) for h in range(8, HOURS, 8)], schema=FUNDING_SCHEMA, orient="row"
            )
        },
    )
    instruments, wallets = load_instruments(), {"FUNDING": {"USDT": Decimal(30_000)}}
    engine = Engine(in_force(RULES), ("funding",), Portfolio(instruments, wallets), instruments)
    engine.world.histories.preload(data.candles)
    steps: list[Step] = []
    exchange = SimulatedExchange(instruments, ExchangeSettings(), wallets)
    Backtest(engine, exchange, data, (0, HOURS * HOUR_MS), steps.append).run()
    return steps


@pytest.mark.spec("FUND-04", "BT-01")
def test_a_leg_that_is_not_filled_is_taken_back_after_ten_seconds() -> None:
    steps = steps_of(dry_hours=(24,))
    ticks = [step for step in steps if isinstance(step.event, Timer)]
    assert ticks[0].at_ms == 24 * HOUR_MS + 10_000
    assert any(isinstance(request, CancelOrder) for request in ticks[0].requests)
    sold = [s.event for s in steps if isinstance(s.event, Fill) and s.event.side is Side.SELL]
    assert sold[0].market is Market.SPOT
    assert sold[0].at_ms == 25 * HOUR_MS


def test_nothing_waits_and_no_tick_is_spent() -> None:
    steps = steps_of(dry_hours=())
    assert not [step for step in steps if isinstance(step.event, Timer)]
    assert len([step for step in steps if isinstance(step.event, Fill)]) == 2


def test_time_never_goes_back() -> None:
    moments = [step.at_ms for step in steps_of(dry_hours=(24, 25, 26))]
    assert moments == sorted(moments)

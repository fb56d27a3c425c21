"""The Eternal Engine, with its whole order life cycle, its checks, and exact decimals."""

import sys
from decimal import Decimal
from pathlib import Path

from adapters.cli.plan import CandleFile, Plan
from adapters.cli.rulebook import in_force
from adapters.cli.wiring import prepare
from runtime.instrument import Market

sys.path.insert(0, str(Path(__file__).parent))
from protocol import Run, candles, measure

RULES = Path(__file__).parent / "rules"


def run() -> Run:
    source = CandleFile(candles(), Market.LINEAR, "BTCUSDT", "1h")
    plan = Plan(RULES, source, ("crossing",), {"crossing": Decimal(1)}, wait_ms=None)
    prepared = prepare(plan, rulebook)
    prepared.run()
    result = prepared.recorder.result()
    trades = [(trade.entry_ms, trade.exit_ms) for trade in result.trades]
    drawdown = max(point.drawdown for point in result.equity)
    return Run(trades, float(result.equity[-1].total), 100 * float(drawdown))


rulebook = in_force(RULES)
measure("eternal-engine", run)

"""A search with the Eternal Engine, in one process: each set is a back-test with its whole order life cycle."""

import sys
from decimal import Decimal
from pathlib import Path

from adapters.cli.plan import CandleFile, Plan
from adapters.cli.search_folder import rules_in
from adapters.cli.workbench import Workbench, WorkOrder
from runtime.instrument import Market
from runtime.trial import Purpose, Trial

sys.path.insert(0, str(Path(__file__).parent))
from protocol import candles
from sets import Set, measure_search

RULES = Path(__file__).parent / "rules"
NAME = "crossing-found"


def search(sets: list[Set]) -> list[int]:
    source = CandleFile(candles(), Market.LINEAR, "BTCUSDT", "1h")
    plan = Plan(RULES, source, (NAME,), {NAME: Decimal(1)}, wait_ms=None)
    bench = Workbench(WorkOrder(plan, "crossing", NAME, (), rules_in(RULES, "")))
    return [_trades(bench, number, one) for number, one in enumerate(sets)]


def _trades(bench: Workbench, number: int, one: Set) -> int:
    choice = tuple((name, f"{value:g}") for name, value in one._asdict().items())
    tried = bench.perform(Trial(Purpose.SEARCH, number, 0, choice, None, None))
    if tried.figures is None:
        raise SystemExit(tried.problem)
    return tried.figures.trades


measure_search("eternal-engine", search)

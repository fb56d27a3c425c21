"""A kept run and books under stress: harder terms make other runs, crashes come, and gates are judged again."""

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import Result

from adapters.cli.places import packaged_rules
from adapters.cli.plan import Plan
from adapters.cli.wiring import prepare
from adapters.synthetic.scenarios import SHIPPED

Eternal = Callable[..., Result]
DAY_MS = 86_400_000
FROM_MS = 1_609_459_200_000  # 2021-01-01


@pytest.fixture
def scenarios(tmp_path: Path) -> Path:
    """One of each, and a crash before the data as well as one within them."""
    text = SHIPPED.read_text()
    for many, one in (("late_bars: [1, 2, 3]", "late_bars: [1]"), ("lead_days: 90", "lead_days: 75")):
        assert many in text
        text = text.replace(many, one)
    text = text.replace("volume_shares: [1%, 0.1%]", "volume_shares: [0.001%]")
    path = tmp_path / "stress.yaml"
    path.write_text(text[: text.index('  "November 2022"')])
    return path


@pytest.mark.spec("BT-07", "BT-03")
def test_books_under_stress(eternal: Eternal, market: Path, scenarios: Path) -> None:
    span = ("--from", "2021-03-01", "--to", "2021-05-15")
    ended = eternal("stress", "trend-1", "trend-2", "--data", market, *span, "--scenarios", scenarios, "--json")
    assert ended.exit_code == 0, ended.output
    told = json.loads(ended.output)
    by_name = {run["name"]: run for run in told["runs"]}
    assert list(by_name) == [
        *("as asked for", "costs × 2", "entries 1 bar late", "0.001 % of volume", "March 2020", "May 2021"),
    ]
    plain, dear = by_name["as asked for"], by_name["costs × 2"]
    assert plain["trades"] > 3
    assert dear["total_return"] < plain["total_return"]
    assert by_name["entries 1 bar late"]["total_return"] != plain["total_return"]
    assert by_name["0.001 % of volume"]["total_return"] != plain["total_return"]
    assert by_name["March 2020"]["note"].startswith("made up")
    assert by_name["March 2020"]["held_return"] < -0.2
    assert by_name["May 2021"]["note"].startswith("recorded")
    gates = {gate["gate"]: gate["verdict"] for gate in plain["gates"]}
    assert {"passed", "failed"} >= {gates["trend_drawdown"], gates["trend_profit_factor"]}
    assert [drawing["trades"] for drawing in told["drawings"]] == [plain["trades"]] * 2


@pytest.mark.spec("BT-07")
def test_entries_reach_the_market_a_bar_late_and_exits_do_not(market: Path) -> None:
    plan = Plan(packaged_rules(), market, ("trend-1",), from_ms=FROM_MS, to_ms=FROM_MS + 75 * DAY_MS)
    prepared = prepare(replace(plan, late_bars=1))
    prepared.backtest.run()
    result = prepared.recorder.result()
    waited = {"entry": [], "exit": []}
    for order in result.orders:
        if order.ended == "filled" and order.ended_ms is not None:
            opens = order.rule.startswith("entries.")
            waited["entry" if opens else "exit"].append(order.ended_ms - order.at_ms)
    assert waited["entry"]
    assert waited["exit"]
    assert min(waited["entry"]) >= DAY_MS
    assert max(waited["exit"]) < DAY_MS
    assert prepared.run_id != prepare(plan).run_id


@pytest.mark.spec("BT-07")
def test_a_kept_run_is_tested_and_told_in_tables(eternal: Eternal, market: Path, scenarios: Path) -> None:
    text = scenarios.read_text().replace("late_bars: [1]", "late_bars: []").replace("[0.001%]", "[]")
    scenarios.write_text(text[: text.index("crashes:")] + "crashes: {}\n")
    span = ("--from", "2021-01-01", "--to", "2021-02-01")
    assert eternal("backtest", "--book", "trend-1", "--book", "trend-2", "--data", market, *span).exit_code == 0
    ended = eternal("stress", "last", "--scenarios", scenarios)
    assert ended.exit_code == 0, ended.output
    for words in ("Under stress", "costs × 2", "The same trades in other orders", "Gates under stress", "trend_sharpe"):
        assert words in ended.output


def test_several_runs_at_once_are_a_mistake_of_usage(eternal: Eternal) -> None:
    ended = eternal("stress", "one", "two")
    assert ended.exit_code == 2
    assert "--data" in ended.stderr


def test_less_liquidity_and_later_entries_are_kept_with_a_plan() -> None:
    plan = Plan(Path("rules"), Path("data"), late_bars=2, volume_share=Decimal("0.01"))
    again = Plan.from_plain(json.loads(json.dumps(plan.to_plain())))
    assert (again.late_bars, again.volume_share) == (2, Decimal("0.01"))

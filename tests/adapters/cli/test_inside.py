"""Which candles the exchange trades on, what the report says of them, and that it is a term of the run."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from typer.testing import Result

from adapters.cli.inside import inside_note
from adapters.cli.places import packaged_rules
from adapters.cli.plan import CandleFile, Inside, Plan
from adapters.cli.wiring import Prepared, prepare
from runtime.instrument import Market

DAY_MS = 86_400_000
FROM_MS, TO_MS = 1_612_137_600_000, 1_614_556_800_000  # February 2021


@pytest.fixture
def plan(market: Path) -> Plan:
    return Plan(packaged_rules(), market, ("trend-1",), from_ms=FROM_MS, to_ms=TO_MS)


def traded(prepared: Prepared) -> set[str]:
    return {timeframe for market, _, timeframe in prepared.data.candles if market is Market.LINEAR}


def note(prepared: Prepared) -> str:
    return next(one for one in prepared.recorder.data_notes if one.startswith("Inside candles"))


@pytest.mark.spec("BT-03")
def test_finer_candles_are_used_where_there_are_some_and_left_out_where_not_wanted(plan: Plan) -> None:
    finer, worst, best = (prepare(replace(plan, inside=inside)) for inside in Inside)
    assert [traded(one) for one in (finer, worst, best)] == [{"1h", "1d"}, {"1d"}, {"1d"}]
    assert "perpetual 1d by 1h for 100.0 % of them (BTCUSDT, ETHUSDT)" in note(finer)
    assert "perpetual 1d as they are (BTCUSDT, ETHUSDT)" in note(worst)
    assert "the worst comes first" in note(worst)
    assert "the best comes first" in note(best)
    assert len({one.run_id for one in (finer, worst, best)}) == 3


@pytest.mark.spec("BT-03")
def test_a_share_of_the_candles_is_told_where_finer_ones_are_missing(plan: Plan) -> None:
    prepared = prepare(plan)
    key = (Market.LINEAR, "BTCUSDT", "1h")
    days = (TO_MS - FROM_MS) // DAY_MS
    candles = dict(prepared.data.candles)
    candles[key] = candles[key].filter(pl.col("open_ms") != FROM_MS + 3 * DAY_MS)
    data = replace(prepared.data, candles=candles)
    told = inside_note(data, list(prepared.engine.books.values()), (FROM_MS, TO_MS), Inside.FINER)
    assert f"1d by 1h for {(days - 1) / days:.1%} of them (BTCUSDT)".replace("%", " %") in told
    assert "1d by 1h for 100.0 % of them (ETHUSDT)" in told


@pytest.mark.spec("BT-03")
def test_the_candles_of_one_file_are_put_together_where_finer_ones_are_not_wanted(plan: Plan, market: Path) -> None:
    file = CandleFile(market / "candles" / "linear" / "1h" / "BTCUSDT.parquet", Market.LINEAR, "BTCUSDT", "1h")
    assert traded(prepare(replace(plan, source=file))) == {"1h", "1d"}
    assert traded(prepare(replace(plan, source=file, inside=Inside.WORST))) == {"1d"}


@pytest.mark.spec("BT-03")
def test_a_report_says_what_was_assumed(eternal: Callable[..., Result], market: Path) -> None:
    span = ("--from", "2021-02-01", "--to", "2021-02-15")
    ended = eternal("backtest", "--data", market, "--book", "trend-1", *span, "--inside", "best", "--json", "run.json")
    assert ended.exit_code == 0, ended.output
    assert "which no market promises" in ended.output
    document = json.loads(Path("run.json").read_text())
    assert any(one.startswith("Inside candles: perpetual 1d as they are") for one in document["data_notes"])


def test_it_is_kept_with_a_plan() -> None:
    plan = Plan(Path("rules"), Path("data"), inside=Inside.BEST)
    assert Plan.from_plain(json.loads(json.dumps(plan.to_plain()))).inside is Inside.BEST

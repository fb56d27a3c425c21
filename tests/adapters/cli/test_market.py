from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from adapters.cli.failure import Failure
from adapters.cli.market import digest, market_of, span_of
from adapters.cli.places import packaged_rules
from adapters.cli.plan import CandleFile, Plan
from adapters.cli.rulebook import in_force
from runtime.instrument import Market
from runtime.market_data import MarketData

DAY_MS = 86_400_000
BEGIN_MS = 1_577_836_800_000
LINEAR = Market.LINEAR


def read(plan: Plan) -> tuple[MarketData, tuple[int, int]]:
    rulebook = in_force(plan.rules)
    return market_of(plan, rulebook, [rulebook.books[name] for name in plan.books])


@pytest.fixture
def folder(market: Path) -> Plan:
    return Plan(packaged_rules(), market, ("trend-1",))


@pytest.fixture
def file(market: Path) -> Plan:
    path = market / "candles/linear/1h/BTCUSDT.parquet"
    return Plan(packaged_rules(), CandleFile(path, LINEAR, "BTCUSDT", "1h"), ("trend-1",))


def test_without_a_span_all_of_the_data_is_run(folder: Plan) -> None:
    _, span = read(folder)
    assert span == (BEGIN_MS, BEGIN_MS + 730 * DAY_MS)


def test_of_a_file_only_its_own_symbol_is_built(file: Plan) -> None:
    data, _ = read(file)
    assert set(data.candles) == {(LINEAR, "BTCUSDT", "1h"), (LINEAR, "BTCUSDT", "1d")}


def test_days_built_from_a_file_are_those_of_the_folder(file: Plan, folder: Plan) -> None:
    key = (LINEAR, "BTCUSDT", "1d")
    assert read(file)[0].candles[key].drop("volume").equals(read(folder)[0].candles[key].drop("volume"))


@pytest.mark.spec("DATA-04")
def test_all_history_before_the_start_warms_up_what_is_decided_on_but_not_what_is_traded_on(folder: Plan) -> None:
    data, _ = read(replace(folder, from_ms=BEGIN_MS + 300 * DAY_MS, to_ms=BEGIN_MS + 310 * DAY_MS))
    heights = {timeframe: frame.height for (_, symbol, timeframe), frame in data.candles.items() if symbol == "BTCUSDT"}
    assert heights == {"1d": 310, "1h": 240}
    assert not any("to warm up" in note for note in data.notes)


@pytest.mark.spec("TACT-01")
def test_funding_comes_without_perpetuals_for_a_book_that_looks_at_it(folder: Plan) -> None:
    span = {"from_ms": BEGIN_MS + 300 * DAY_MS, "to_ms": BEGIN_MS + 310 * DAY_MS}
    data, _ = read(replace(folder, books=("tactical",), **span))
    assert {market for market, _, _ in data.candles} == {Market.SPOT}
    rates = data.funding["BTCUSDT"]["at_ms"]
    assert (rates[0], rates[-1], len(rates)) == (span["from_ms"], span["to_ms"], 31)
    assert sum(note.startswith("BTCUSDT funding") for note in data.notes) == 1
    assert list(data.facts) == ["fear_greed"]


@pytest.mark.parametrize("columns", [["volume"], ["open_ms", "close_ms"], ["close"]])
def test_a_digest_sees_every_value(folder: Plan, columns: Sequence[str]) -> None:
    data, _ = read(folder)
    key, frame = next(iter(data.candles.items()))
    changed = frame.with_columns(
        pl.when(pl.int_range(pl.len()) == 7).then(pl.col(columns) * 2).otherwise(pl.col(columns))
    )
    assert digest(data) == digest(replace(data, candles=dict(reversed(data.candles.items()))))
    assert digest(data) != digest(replace(data, candles={**data.candles, key: changed}))
    assert digest(data) != digest(replace(data, facts={}))


@pytest.mark.parametrize(("from_ms", "to_ms"), [(5, 5), (6, 5), (10**12, None)])
def test_a_run_ends_after_it_starts(folder: Plan, from_ms: int, to_ms: int | None) -> None:
    held = [pl.DataFrame({"open_ms": [0], "close_ms": [10]})]
    with pytest.raises(Failure, match="ends after it starts"):
        span_of(replace(folder, from_ms=from_ms, to_ms=to_ms), held)

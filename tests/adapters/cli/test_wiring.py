import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.cli.failure import Failure
from adapters.cli.places import packaged_rules
from adapters.cli.plan import CandleFile, Plan
from adapters.cli.wiring import prepare
from runtime.instrument import Market

DAY_MS = 86_400_000
FROM_MS, TO_MS = 1_612_137_600_000, 1_614_556_800_000  # February 2021


@pytest.fixture
def plan(market: Path) -> Plan:
    return Plan(packaged_rules(), market, ("trend-1",), from_ms=FROM_MS, to_ms=TO_MS)


def test_a_run_is_named_after_everything_that_decides_it(plan: Plan, days: Path, rules: Path, spoil) -> None:
    plan = replace(plan, source=days)
    name = prepare(plan).run_id
    assert prepare(plan).run_id == name
    assert prepare(replace(plan, rules=rules)).run_id == name
    spoil("engines/trend-1.yaml", "strong: 25", "strong: 26")
    others = [
        replace(plan, capital=Decimal(1)),
        replace(plan, to_ms=TO_MS - DAY_MS),
        replace(plan, costs=Decimal(2)),
        replace(plan, wait_ms=None),
        replace(plan, rules=rules),
        replace(plan, books=("trend-2",)),
    ]
    assert len({prepare(other).run_id for other in others} | {name}) == len(others) + 1


@pytest.mark.spec("DATA-04", "BT-04")
def test_everything_before_the_start_warms_up_and_nothing_after_it_is_seen(plan: Plan) -> None:
    prepared = prepare(plan)
    history = prepared.engine.world.histories.history(Market.LINEAR, "BTCUSDT", "1d")
    assert history.length == (FROM_MS - 1_577_836_800_000) // DAY_MS
    assert history.close_ms_last == FROM_MS


@pytest.mark.spec("BT-03")
def test_the_exchange_trades_on_the_finest_candles_that_hold_the_span(plan: Plan) -> None:
    timeframes = {timeframe for _, _, timeframe in prepare(plan).data.candles}
    assert timeframes == {"1h", "1d"}


@pytest.mark.spec("BT-07")
def test_costs_multiply_fees(plan: Plan) -> None:
    once, twice = (prepare(replace(plan, costs=Decimal(costs))) for costs in (1, 2))
    key = (Market.LINEAR, "BTCUSDT")
    fees = [prepared.engine.world.instruments[key].taker_fee for prepared in (once, twice)]
    assert fees[1] == 2 * fees[0] > 0


@pytest.mark.spec("ORCH-07")
def test_the_accounts_of_exchange_and_portfolio_hold_the_same_money(plan: Plan) -> None:
    prepared = prepare(replace(plan, books=("core-hodl", "trend-1", "trend-2")))
    portfolio = prepared.engine.portfolio
    for account in portfolio.accounts:
        assert prepared.exchange.wallet(account)["USDT"] == portfolio.equity(account)
    assert portfolio.equity() == Decimal(100_000)


def test_a_symbol_that_the_exchange_does_not_have_is_refused(plan: Plan, rules: Path, spoil) -> None:
    spoil("engines/trend-1.yaml", "symbols: [BTCUSDT, ETHUSDT]", "symbols: [BTCUSDT, ETHUSDT, BTXUSDT]")
    with pytest.raises(Failure, match=r"found BTXUSDT in .*Did you mean .*BTCUSDT"):
        prepare(replace(plan, rules=rules))


@pytest.mark.parametrize("file", [False, True])
def test_a_plan_comes_back_as_it_was_written(plan: Plan, file: bool) -> None:
    if file:
        plan = replace(plan, source=CandleFile(Path("/x/btc.csv"), Market.LINEAR, "BTCUSDT", "1h"), wait_ms=None)
    plan = replace(plan, shares={"trend-1": Decimal("0.3")}, stand_ins=False)
    assert Plan.from_plain(json.loads(json.dumps(plan.to_plain()))) == plan

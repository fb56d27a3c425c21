from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from adapters.report.document import document
from adapters.report.sheets import sheets
from adapters.report.summary import Refusal, best_and_worst, summarise
from machines.intents import Direction
from runtime.instrument import Market
from runtime.metrics import DAY_MS
from runtime.regimes import Regime
from runtime.run import RunResult

pytestmark = pytest.mark.spec("BT-05")


def test_the_portfolio_starts_with_the_capital(result: RunResult) -> None:
    summary = summarise(result)
    assert summary.curve.values[0] == 1000.0
    end = float(result.equity[-1].total)
    assert summary.portfolio.total_return == pytest.approx(end / 1000 - 1)


def test_it_is_held_against_buying_and_holding(result: RunResult) -> None:
    summary = summarise(result)
    assert summary.weights == {"BTCUSDT": 1.0}
    assert summary.benchmark is not None
    assert summary.benchmark.total_return == pytest.approx(0.999 * 47000 / 40000 - 1)
    assert summary.verdict.startswith("The portfolio made ")
    assert "; buying and holding made 17.4 % (" in summary.verdict


def test_each_engine_is_told_on_its_own_capital(result: RunResult) -> None:
    core, trend = summarise(result).engines
    assert (core.book, core.start, core.end) == ("core-hodl", Decimal(602), Decimal(740))
    assert core.performance.total_return == pytest.approx(740 / 602 - 1)
    assert (core.record.trades, trend.record.trades) == (0, 3)
    assert (core.fees, trend.fees) == (Decimal("0.40"), Decimal("0.30"))


@pytest.mark.spec("ORCH-04")
def test_what_another_engine_handed_over_is_no_profit(result: RunResult) -> None:
    moved = {"core-hodl": Decimal(100), "trend-1": Decimal(-100)}
    last = [replace(point, moved=moved) for point in result.equity[-5:]]
    core, trend = summarise(replace(result, equity=(*result.equity[:-5], *last))).engines
    assert core.end == Decimal(740) - 100
    assert trend.end == result.equity[-1].by_book["trend-1"] + 100
    # From 602 to 632 on its own, then from 732, the money handed over included, to 740.
    assert core.performance.total_return == pytest.approx(632 / 602 * 740 / 732 - 1)
    assert core.moved == 100


def test_the_profit_of_an_engine_is_what_prices_earned_and_funding_less_fees(result: RunResult) -> None:
    core, trend = summarise(result).engines
    assert (core.funding, trend.funding) == (Decimal("-0.75"), Decimal("-0.75"))  # both have traded on that account
    for one in (core, trend):
        assert one.by_price + one.funding - one.fees == one.profit == one.end - one.start


def test_the_time_at_each_level_adds_up_to_the_run(changed: Callable[..., RunResult]) -> None:
    thresholds = {"CAUTION": Decimal("0.1"), "WARNING": Decimal("0.15")}
    normal, caution, warning = summarise(changed(thresholds=thresholds)).level_times
    assert [one.level for one in (normal, caution, warning)] == ["NORMAL", "CAUTION", "WARNING"]
    assert (normal.length_ms, caution.length_ms, warning.length_ms) == (41 * DAY_MS, 29 * DAY_MS, 0)
    assert (normal.entered, caution.entered, warning.entered) == (1, 1, 0)
    assert caution.share == pytest.approx(29 / 70)


def test_refusals_are_counted_with_their_repetitions(result: RunResult) -> None:
    assert summarise(result).refusals == (
        Refusal("trend-1", "correlated", 5, "0.9 > 0.8 <b>&</b>"),
        Refusal("trend-1", "too_small", 1, "0.9 > 0.8 <b>&</b>"),
    )


def test_costs_count_fees_in_either_coin(result: RunResult) -> None:
    costs = summarise(result).costs
    assert (costs.fees, costs.slippage, costs.funding) == (Decimal("0.70"), Decimal("0.20"), Decimal("-0.75"))
    assert costs.turnover == Decimal(800)


def test_exposure_is_measured_against_equity(result: RunResult) -> None:
    summary = summarise(result)
    mean = sum(500 / float(point.total) for point in result.equity) / len(result.equity)
    assert summary.exposure == pytest.approx(mean)
    assert summary.time_in_market == 1.0


def test_trades_count_in_the_market_in_which_they_were_opened(result: RunResult) -> None:
    (row,) = summarise(result).regimes
    assert (row.regime, row.days, row.record.trades) == (Regime.UNKNOWN, 70, 3)


def test_best_and_worst_trades_are_winners_and_losers(result: RunResult) -> None:
    best, worst = best_and_worst(result.trades, 5)
    assert [trade.net for trade in best] == [Decimal("29.25")]
    assert [trade.net for trade in worst] == [Decimal("-12.75")]


def test_a_run_in_which_nothing_happened_has_a_summary(nothing: RunResult) -> None:
    summary = summarise(nothing)
    assert summary.benchmark is None
    assert summary.verdict == "The portfolio made 0.0 % with a largest drawdown of 0.0 %."
    assert (summary.regimes, summary.worst, summary.refusals) == ((), (), ())


def test_both_legs_of_a_pair_are_one_trade_in_every_table_and_in_the_document(result: RunResult) -> None:
    coin = replace(result.trades[0], market=Market.SPOT, gross=Decimal(40))
    short = replace(coin, market=Market.LINEAR, direction=Direction.SHORT, gross=Decimal(-35))
    paired = replace(result, trades=(coin, short))
    (trend,) = [one for one in summarise(paired).engines if one.book == coin.book]
    assert (trend.record.trades, trend.record.won) == (1, 1)
    (written,) = [one for one in document(paired)["engines"] if one["book"] == coin.book]
    assert (written["record"]["trades"], len(document(paired)["trades"])) == (1, 2)
    tables = {sheet.title: sheet for sheet in sheets(summarise(paired), 5)}
    (row,) = [row for row in tables["Engines"].rows if row[0] == coin.book]
    assert row[7:9] == ("1", "100 %")
    assert [row[2] for row in tables["All trades"].rows] == [f"pair {coin.symbol}"]
    assert tables["Worst trades"].rows == ()

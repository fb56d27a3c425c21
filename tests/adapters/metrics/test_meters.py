"""The numbers that are shown are those of the engine."""

import math

import pytest

from runtime.events import ExchangeLost, LookedUp, OrderRejected, OrderUnknown

pytestmark = pytest.mark.spec("OBS-01")


def test_a_trade_is_counted_when_it_is_closed(trial) -> None:
    trial.reconcile().hour(50_100.0)
    trial.accept_and_fill(50_100)
    labels = {"strategy": "trial", "symbol": "BTCUSDT", "side": "long"}
    assert trial.number("trades_total", **labels) is None
    trial.hour(49_000.0)
    trial.accept_and_fill(49_000)
    assert trial.number("trades_total", **labels) == 1
    assert trial.number("trades_total", **labels) == len(trial.engine.trades)


def test_what_is_held_and_what_it_is_worth_is_shown(trial) -> None:
    trial.reconcile().hour(50_100.0)
    assert trial.number("open_orders", engine="trial") == 1
    trial.accept_and_fill(50_100)
    trial.hour(51_100.0)
    quantity = float(trial.engine.portfolio.positions("TRIAL")[0].quantity)
    assert quantity > 0
    assert trial.number("open_orders", engine="trial") == 0
    profit = trial.number("position_profit_usdt", engine="trial", symbol="BTCUSDT")
    assert profit == pytest.approx(quantity * 1_000)
    assert trial.number("portfolio_value_usdt", engine="trial") == pytest.approx(100_000 + quantity * 1_000)
    assert trial.number("drawdown_ratio") == 0
    trial.hour(50_100.0)
    assert trial.number("drawdown_ratio") == pytest.approx(quantity * 1_000 / (100_000 + quantity * 1_000))


def test_answers_are_timed_by_the_clock_that_never_jumps(trial) -> None:
    trial.reconcile().hour(50_100.0)
    trial.outside.passed_s += 0.2
    trial.accept_and_fill(50_100)
    assert trial.number("order_latency_seconds_count") == 1
    assert trial.number("order_latency_seconds_sum") == pytest.approx(0.2)
    assert trial.number("order_latency_seconds_bucket", le="0.1") == 0
    assert trial.number("order_latency_seconds_bucket", le="0.25") == 1
    assert trial.number("exchange_latency_seconds_count") == len(trial.engine.portfolio.accounts)


def test_errors_of_the_exchange_are_counted_by_kind(trial) -> None:
    trial.reconcile().hour(50_100.0)
    order, now = trial.order().order_id, trial.outside.now
    trial.hear(OrderUnknown(now, order, "no answer"), LookedUp(now, order, found=False, complete=False))
    trial.hear(OrderRejected(now, order, 110007, "too little money"), ExchangeLost(now, "silence"))
    counted = {kind: trial.number("api_errors_total", kind=kind) for kind in ("unknown", "refused", "lost")}
    assert counted == {"unknown": 1, "refused": 1, "lost": 1}
    assert trial.number("api_errors_total", kind="incomplete") == 1
    assert trial.number("order_latency_seconds_count") == 0, "an answer that never came has no latency"


def test_a_loop_that_is_late_shows_it(trial) -> None:
    trial.reconcile()
    trial.loop.turn(0.05)
    trial.outside.now += 50
    trial.loop.turn(0.05)
    assert trial.number("loop_lag_seconds") == 0
    trial.outside.now += 2_450
    trial.loop.turn(0.05)
    assert trial.number("loop_lag_seconds") == pytest.approx(2.4)


def test_rules_are_counted_and_timed_by_book(trial) -> None:
    trial.reconcile().hour(49_000.0)
    assert trial.number("rule_evaluations_total", book="trial") == 1
    assert trial.number("rule_evaluation_seconds_count", book="trial") == 1
    trial.hour(49_000.0)
    assert trial.number("rule_evaluation_seconds_count", book="trial") == 2


def test_the_breaker_is_shown_with_its_thresholds(trial) -> None:
    trial.reconcile()
    assert trial.number("breaker_level") == 0
    assert trial.number("breaker_threshold_ratio", level="CAUTION") == pytest.approx(0.1)
    assert trial.number("breaker_threshold_ratio", level="EMERGENCY") == pytest.approx(0.25)


def test_what_is_not_known_is_no_number(trial) -> None:
    assert math.isnan(trial.number("feed_age_seconds", symbol="BTCUSDT", timeframe="1h"))
    trial.reconcile().hour(50_100.0)
    assert trial.number("feed_age_seconds", symbol="BTCUSDT", timeframe="1h") == 0


def test_what_runs_is_shown(trial) -> None:
    found = [m for m in trial.seen.meters.show.registry.collect() if m.name == "eternal_build_info"]
    assert found[0].samples[0].labels["version"] == "1.2.3"
    assert found[0].samples[0].labels["rules"] == trial.engine.rulebook.version


def test_a_fault_in_what_watches_never_reaches_the_engine(trial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial.seen.meters, "see", lambda step: 1 / 0)
    trial.reconcile().hour(50_100.0)
    assert trial.order()
    assert trial.seen.vitals.ready().well

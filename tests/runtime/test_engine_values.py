"""The Sharpe ratio of an engine is that of its own work, not of money that came or went."""

import json
from decimal import Decimal

import numpy as np
import pytest

from runtime.engine_values import DAYS, EngineValues
from runtime.metrics import DAY_MS

RETURNS = [0.01 if day % 3 else -0.012 for day in range(DAYS)]


def lived(flows: dict[int, int]) -> EngineValues:
    values = EngineValues(["trend"])
    equity = Decimal(10_000)
    values.observe("trend", 0, equity)
    for day, change in enumerate(RETURNS, 1):
        equity *= 1 + Decimal(repr(change))
        values.observe("trend", day * DAY_MS, equity)
        if day in flows:
            equity += flows[day]
            values.flow("trend", Decimal(flows[day]), equity)
    return values


@pytest.mark.spec("ORCH-06")
def test_it_is_mean_over_deviation_of_ninety_daily_returns() -> None:
    expected = np.mean(RETURNS) / np.std(RETURNS, ddof=1) * np.sqrt(365)

    assert lived({}).sharpe("trend") == pytest.approx(expected)


@pytest.mark.spec("ORCH-06")
def test_deposits_and_transfers_change_nothing() -> None:
    assert lived({10: 50_000, 40: -9_000}).sharpe("trend") == pytest.approx(lived({}).sharpe("trend"))


@pytest.mark.spec("ORCH-06")
def test_before_ninety_days_it_is_unknown() -> None:
    values = EngineValues(["trend"])
    for day in range(DAYS):
        values.observe("trend", day * DAY_MS, Decimal(10_000 + day % 7))

    assert values.sharpe("trend") is None


@pytest.mark.spec("ORCH-06")
def test_a_restart_keeps_the_days() -> None:
    values, again = lived({}), EngineValues(["trend"])

    again.restore(json.loads(json.dumps(values.to_plain())))

    assert again.sharpe("trend") == values.sharpe("trend")

import math
import statistics
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.metrics import (
    DAY_MS,
    Curve,
    Drawdown,
    annual_return,
    calmar,
    drawdowns,
    monthly_returns,
    performance,
    sharpe,
    sortino,
    total_return,
    under_water,
    volatility,
    yearly_returns,
)

pytestmark = pytest.mark.spec("BT-05")

START = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp() * 1000)


def days(*values: float) -> Curve:
    return Curve.of([(START + number * DAY_MS, value) for number, value in enumerate(values)])


def test_returns_of_a_doubling_in_half_a_year() -> None:
    curve = Curve.of([(START, 100.0), (START + 182 * DAY_MS + DAY_MS // 2, 200.0)])
    assert total_return(curve) == pytest.approx(1.0)
    assert annual_return(curve) == pytest.approx(3.0)
    assert annual_return(days(1.0, 7.0)) is None


def test_ratios_are_those_of_the_textbook() -> None:
    curve = days(100.0, 102.0, 101.0, 104.0, 103.0)
    returns = [0.02, -1 / 102, 3 / 101, -1 / 104]
    mean, spread = statistics.fmean(returns), statistics.stdev(returns)
    downside = math.sqrt(((1 / 102) ** 2 + (1 / 104) ** 2) / 4)
    assert volatility(curve) == pytest.approx(spread * math.sqrt(365))
    assert sharpe(curve) == pytest.approx(mean / spread * math.sqrt(365))
    assert sortino(curve) == pytest.approx(mean / downside * math.sqrt(365))
    annual = 1.03 ** (365 / 4) - 1
    assert calmar(curve) == pytest.approx(annual / (1 / 102))


def test_the_curve_is_looked_at_once_a_day_whatever_its_points() -> None:
    hours = Curve.of([(START + hour * DAY_MS // 24, 100.0 + hour) for hour in range(60)])
    assert hours.daily().values.tolist() == [100.0, 124.0, 148.0, 159.0]
    missing = Curve.of([(START, 100.0), (START + 3 * DAY_MS, 130.0)])
    assert missing.daily().values.tolist() == [100.0, 100.0, 100.0, 130.0]


def test_figures_without_meaning_are_none() -> None:
    flat = performance(days(100.0, 100.0, 100.0))
    assert (flat.total_return, flat.volatility, flat.sharpe, flat.sortino, flat.calmar) == (0.0, 0.0, None, None, None)
    point = performance(days(100.0))
    assert (point.total_return, point.annual_return, point.volatility) == (0.0, None, None)
    nothing = performance(Curve.of([]))
    assert (nothing.days, nothing.total_return, nothing.largest_drawdown) == (0.0, 0.0, 0.0)
    rising = performance(days(100.0, 101.0, 103.0))
    assert rising.sharpe is not None
    assert (rising.sortino, rising.calmar) == (None, None)


def test_a_ruined_account_has_lost_everything() -> None:
    ruined = performance(days(100.0, 50.0, 0.0, 0.0))
    assert (ruined.total_return, ruined.annual_return, ruined.largest_drawdown) == (-1.0, -1.0, 1.0)


def test_drawdowns_have_a_depth_a_start_a_bottom_and_a_recovery() -> None:
    curve = days(100.0, 90.0, 80.0, 95.0, 100.0, 120.0, 60.0, 90.0)
    first, second = drawdowns(curve)
    assert first == Drawdown(pytest.approx(0.2), START, START + 2 * DAY_MS, START + 4 * DAY_MS)
    assert first.recovery_days == 2.0
    assert second == Drawdown(pytest.approx(0.5), START + 5 * DAY_MS, START + 6 * DAY_MS, None)
    assert second.recovery_days is None
    assert performance(curve).longest_drawdown_days == 4.0


def test_months_end_at_midnight_and_compound_to_the_total() -> None:
    curve = days(*(100.0 + day for day in range(70)))
    months = monthly_returns(curve)
    assert months == {
        (2024, 1): pytest.approx(131 / 100 - 1),
        (2024, 2): pytest.approx(160 / 131 - 1),
        (2024, 3): pytest.approx(169 / 160 - 1),
    }
    assert yearly_returns(curve) == {2024: pytest.approx(total_return(curve))}


def test_a_curve_without_time_has_no_months() -> None:
    assert monthly_returns(days(100.0)) == {}
    assert monthly_returns(Curve.of([])) == {}


equities = st.lists(st.floats(min_value=1.0, max_value=1e6), min_size=2, max_size=60)


@given(equities)
def test_months_always_compound_to_the_total(values: list[float]) -> None:
    curve = days(*values)
    grown = math.prod(1 + value for value in monthly_returns(curve).values())
    assert grown == pytest.approx(1 + total_return(curve))


@given(equities)
def test_drawdowns_cover_exactly_the_time_under_water(values: list[float]) -> None:
    curve = days(*values)
    below = under_water(curve)
    assert ((below >= 0) & (below < 1)).all()
    falls = drawdowns(curve)
    assert max((fall.depth for fall in falls), default=0.0) == pytest.approx(float(below.max()))
    wet = sum(
        ((START + (len(values)) * DAY_MS if fall.recovered_ms is None else fall.recovered_ms) - fall.start_ms) // DAY_MS
        - 1
        for fall in falls
    )
    assert wet == int((below > 0).sum())


@given(equities, st.floats(min_value=0.01, max_value=100))
def test_ratios_do_not_depend_on_the_amount_of_money(values: list[float], factor: float) -> None:
    one, other = performance(days(*values)), performance(days(*(value * factor for value in values)))
    assert other.total_return == pytest.approx(one.total_return)
    assert other.largest_drawdown == pytest.approx(one.largest_drawdown, abs=1e-9)
    if one.volatility and one.volatility > 1e-6 and one.sharpe is not None:
        assert other.sharpe == pytest.approx(one.sharpe, rel=1e-6, abs=1e-6)


def test_of_two_values_at_one_moment_the_last_counts() -> None:
    assert np.array_equal(Curve.of([(START, 1.0), (START, 2.0)]).values, [2.0])

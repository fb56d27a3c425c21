import numpy as np
import pytest

from runtime.metrics import DAY_MS, Curve
from runtime.regimes import Regime, regimes, regimes_by_day, results_by_regime

pytestmark = pytest.mark.spec("BT-05")


def grown(days: int, daily: float, first: float = 100.0) -> np.ndarray:
    return first * np.cumprod(np.full(days, 1 + daily))


def test_a_steady_rise_is_bull_and_a_steady_fall_is_bear() -> None:
    assert regimes(grown(300, 0.002))[-1] is Regime.BULL
    assert regimes(grown(300, -0.002))[-1] is Regime.BEAR


def test_nothing_is_known_before_the_averages_exist() -> None:
    told = regimes(grown(300, 0.002))
    assert set(told[:199]) == {Regime.UNKNOWN}
    assert told[199] is Regime.BULL


def test_a_close_between_its_averages_is_sideways() -> None:
    rise = grown(300, 0.002)
    closes = np.concatenate([rise, grown(40, -0.006, float(rise[-1]))])
    assert closes[-1] < np.mean(closes[-200:]) < np.mean(closes[-50:])
    assert regimes(closes)[-1] is Regime.SIDEWAYS


def test_a_fall_of_a_third_in_a_month_is_a_crisis_before_anything_else() -> None:
    closes = np.concatenate([grown(300, 0.002), [grown(300, 0.002)[-1] * 0.69]])
    assert regimes(closes)[-1] is Regime.CRISIS
    held = np.concatenate([closes, np.full(28, closes[-1])])
    assert regimes(held)[-1] is Regime.CRISIS
    assert regimes(np.concatenate([held, held[-3:]]))[-1] is not Regime.CRISIS


def test_moves_of_five_per_cent_a_day_are_high_volatility() -> None:
    swings = 100 * np.cumprod(np.where(np.arange(60) % 2, 1.05, 1 / 1.05))
    assert regimes(swings)[-1] is Regime.HIGH_VOLATILITY
    calm = 100 * np.cumprod(np.where(np.arange(60) % 2, 1.03, 1 / 1.03))
    assert regimes(calm)[-1] is Regime.UNKNOWN


def test_the_regime_of_a_day_is_that_known_when_it_starts() -> None:
    closes = np.concatenate([grown(300, 0.002), [1.0]])
    moments = np.arange(1, 302, dtype=np.int64) * DAY_MS
    by_day = regimes_by_day(Curve(moments, closes))
    assert by_day[300 * DAY_MS] is Regime.BULL
    assert by_day[301 * DAY_MS] is Regime.CRISIS


def test_returns_are_compounded_by_regime() -> None:
    by_day = {0: Regime.BULL, DAY_MS: Regime.BEAR, 2 * DAY_MS: Regime.BULL}
    curve = Curve.of([(0, 100.0), (DAY_MS, 110.0), (2 * DAY_MS, 99.0), (3 * DAY_MS, 198.0), (4 * DAY_MS, 198.0)])
    told = {one.regime: (one.days, one.total_return) for one in results_by_regime(curve, by_day)}
    assert told == {
        Regime.BULL: (2, pytest.approx(1.2)),
        Regime.BEAR: (1, pytest.approx(-0.1)),
        Regime.UNKNOWN: (1, 0.0),
    }

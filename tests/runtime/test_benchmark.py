from decimal import Decimal

import pytest

from runtime.benchmark import bought_weekly, buy_and_hold, combined_weights

pytestmark = pytest.mark.spec("BT-05")

HOUR = 3_600_000
DAY = 24 * HOUR
WEEK = 7 * DAY


def test_each_coin_is_bought_once_at_its_first_close_and_kept() -> None:
    closes = {"BTCUSDT": [(0, 50.0), (HOUR, 100.0), (2 * HOUR, 200.0)], "ETHUSDT": [(2 * HOUR, 10.0), (3 * HOUR, 5.0)]}
    curve = buy_and_hold(closes, {"BTCUSDT": 0.5, "ETHUSDT": 0.5}, 1000.0, HOUR, fee=0.01)
    assert curve.at_ms.tolist() == [HOUR, 2 * HOUR, 3 * HOUR]
    assert curve.values.tolist() == pytest.approx([1000.0, 990.0 + 495.0, 990.0 + 247.5])


def test_a_coin_that_never_trades_stays_cash() -> None:
    closes = {"BTCUSDT": [(0, 100.0), (HOUR, 200.0)], "SOLUSDT": []}
    curve = buy_and_hold(closes, {"BTCUSDT": 0.5, "SOLUSDT": 0.5}, 1000.0, 0, fee=0.0)
    assert curve.values.tolist() == [1000.0, 1500.0]


def test_without_any_coin_the_capital_stays() -> None:
    assert buy_and_hold({}, {}, 1000.0, 0).values.tolist() == [1000.0]


def test_weights_are_those_of_the_books_by_their_shares() -> None:
    closes = {"BTCUSDT": [(0, 1.0)], "ETHUSDT": [(0, 1.0)]}
    shares = {"core": Decimal("0.6"), "trend": Decimal("0.2")}
    weights = {"core": {"BTCUSDT": Decimal("0.5"), "ETHUSDT": Decimal("0.5"), "SOLUSDT": Decimal("0.1")}, "trend": {}}
    assert combined_weights(closes, shares, weights) == pytest.approx({"BTCUSDT": 0.5, "ETHUSDT": 0.5})
    assert combined_weights(closes, {}, {}) == {"BTCUSDT": 0.5, "ETHUSDT": 0.5}
    assert combined_weights({}, {}, {}) == {}


def test_an_equal_part_is_spent_every_week_and_the_rest_is_cash() -> None:
    closes = {"BTCUSDT": [(day * DAY, 100.0 if day < 7 else 50.0) for day in range(21)]}
    curve = bought_weekly(closes, {"BTCUSDT": 1.0}, 300.0, (0, 3 * WEEK), fee=0.01)
    by_day = dict(zip((curve.at_ms // DAY).tolist(), curve.values.tolist(), strict=True))
    first, second, third = 0.99, 2 * 0.99, 2 * 0.99
    assert by_day[0] == 300.0
    assert by_day[1] == pytest.approx(200 + first * 100)
    assert by_day[7] == pytest.approx(100 + (first + second) * 50)
    assert by_day[20] == pytest.approx((first + second + third) * 50)


def test_a_coin_that_is_listed_later_gets_the_weeks_before_at_its_first_close() -> None:
    closes = {
        "BTCUSDT": [(day * DAY, 1.0) for day in range(28)],
        "SOLUSDT": [(day * DAY, 10.0 if day < 20 else 20.0) for day in range(15, 28)],
    }
    curve = bought_weekly(closes, {"BTCUSDT": 0.5, "SOLUSDT": 0.5}, 800.0, (0, 4 * WEEK), fee=0.0)
    by_day = dict(zip((curve.at_ms // DAY).tolist(), curve.values.tolist(), strict=True))
    assert by_day[14] == by_day[19] == pytest.approx(800.0)
    assert by_day[20] == pytest.approx(400 + 100 + 300 * 2)
    assert by_day[27] == pytest.approx(400 + 300 * 2 + 100)


def test_what_is_never_traded_is_never_bought() -> None:
    assert bought_weekly({"BTCUSDT": []}, {"BTCUSDT": 1.0}, 100.0, (0, WEEK)).values.tolist() == [100.0]
    assert bought_weekly({}, {}, 100.0, (0, WEEK)).values.tolist() == [100.0]

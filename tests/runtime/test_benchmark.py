from decimal import Decimal

import pytest

from runtime.benchmark import buy_and_hold, combined_weights

pytestmark = pytest.mark.spec("BT-05")

HOUR = 3_600_000


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

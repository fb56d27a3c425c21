"""Between the prices that the exchange names, candles pass without a stop or a liquidation."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.instrument import Market
from runtime.requests import Side

LINEAR = Market.LINEAR


@pytest.mark.spec("BT-03")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    side=st.sampled_from((Side.BUY, Side.SELL)),
    quantity=st.sampled_from(("0.05", "0.5", "1.5")),
    stop=st.none() | st.integers(2, 30),
    candles=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=4),
)
def test_nothing_happens_inside(trading_with, side, quantity, stop, candles) -> None:
    trading = trading_with()
    away = Decimal(60_000) * (100 + (stop or 0) * (-1 if side is Side.BUY else 1)) / 100
    trading.place(LINEAR, side, quantity, **({} if stop is None else {"stop_loss": str(away)}))
    trading.linear(60_000.0, 60_000.0, 60_000.0, 60_000.0)
    reach = trading.exchange.reach()
    assert trading.exchange.idle
    if reach is None or "BTCUSDT" not in reach:
        return
    low, high = max(reach["BTCUSDT"][0], 1.0), min(reach["BTCUSDT"][1], 1e6)
    before = trading.exchange.to_plain()
    for one, other in candles:
        bottom, top = sorted((low + (high - low) * 0.999 * part + 1e-6) for part in (one, other))
        bottom, top = max(bottom, low * (1 + 1e-9)), min(top, high * (1 - 1e-9))
        assert trading.linear(bottom, max(top, bottom), bottom, bottom) == ([], [])
    assert trading.exchange.to_plain()["accounts"] == before["accounts"]


def test_a_stop_bounds_one_side_and_twice_the_price_the_other(trading) -> None:
    trading.place(LINEAR, Side.BUY, "0.1", stop_loss="58000")
    trading.linear(60_000.0, 60_500.0, 59_000.0, 59_500.0)
    (low, high) = trading.exchange.reach()["BTCUSDT"]
    assert low == pytest.approx(58_000, rel=1e-9)
    assert low > 58_000
    assert high == 2 * 59_500


def test_what_is_flat_is_bounded_by_nothing(trading) -> None:
    assert trading.exchange.reach() == {}
    trading.place(LINEAR, Side.BUY, "0.1")
    assert not trading.exchange.idle

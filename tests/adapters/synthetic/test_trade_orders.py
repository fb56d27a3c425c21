import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.synthetic.trade_orders import drawn_again, shuffled

returns_of_trades = st.lists(st.floats(-0.5, 1.0), min_size=1, max_size=40)


@pytest.mark.spec("BT-07")
@given(returns_of_trades)
def test_another_order_changes_the_drawdown_and_never_the_return(returns: list[float]) -> None:
    drawn = shuffled(returns, 50, 1)
    whole = math.prod(1 + each for each in returns) - 1
    assert drawn.total_return.low == pytest.approx(whole, abs=1e-9)
    assert drawn.total_return.high == pytest.approx(whole, abs=1e-9)
    assert max(0.0, -min(returns)) - 1e-9 <= drawn.largest_drawdown.low <= drawn.largest_drawdown.high <= 1


@pytest.mark.spec("BT-07")
def test_the_worst_order_has_all_losses_in_a_row() -> None:
    drawn = shuffled([0.1] * 3 + [-0.1] * 3, 5_000, 1)
    assert drawn.largest_drawdown.high == pytest.approx(1 - 0.9**3)
    assert 0.1 < drawn.largest_drawdown.low < drawn.largest_drawdown.middle < drawn.largest_drawdown.high


@pytest.mark.spec("BT-07")
def test_drawing_with_repeats_spreads_the_return_around_what_it_was() -> None:
    returns = [0.05, -0.02, 0.01, 0.04, -0.03] * 8
    drawn, whole = drawn_again(returns, 4_000, 1), math.prod(1 + each for each in returns) - 1
    assert drawn.total_return.low < whole < drawn.total_return.high
    assert drawn.total_return.middle == pytest.approx(whole, rel=0.1)


def test_the_same_seed_draws_the_same() -> None:
    returns = [0.05, -0.02, 0.01]
    assert drawn_again(returns, 50, 1) == drawn_again(returns, 50, 1)
    assert drawn_again(returns, 50, 1) != drawn_again(returns, 50, 2)

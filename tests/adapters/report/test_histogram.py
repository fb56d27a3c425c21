import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.report.histogram import SIDES, histogram


@pytest.mark.spec("BT-05")
@given(st.lists(st.floats(-5, 50, allow_nan=False), min_size=1, max_size=200))
def test_every_result_is_in_one_bar_and_losses_are_apart_from_gains(ratios: list[float]) -> None:
    bars = histogram(ratios)
    assert sum(bar.count for bar in bars) == len(ratios)
    assert sum(bar.count for bar in bars if bar.end <= 0) == sum(ratio < 0 for ratio in ratios)
    assert len(bars) <= 2 * SIDES


def test_without_trades_there_are_no_bars() -> None:
    assert histogram([]) == ()

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.report.scale import time_axis, value_axis

DAY_MS = 86_400_000
START = 1_704_067_200_000


def test_narrow_ranges_are_linear_with_round_labels() -> None:
    axis = value_axis(16_000, 23_000, lambda value: f"{value:,.0f}")
    assert [text for _, text in axis.labels] == ["16,000", "18,000", "20,000", "22,000"]
    assert axis.place(19_500) == pytest.approx(0.5)


def test_wide_ranges_are_logarithmic() -> None:
    axis = value_axis(1_000, 100_000, lambda value: f"{value:,.0f}")
    assert axis.place(10_000) == pytest.approx(0.5)
    assert "10,000" in [text for _, text in axis.labels]


def test_a_drawdown_hangs_from_the_top() -> None:
    assert value_axis(-0.5, 0.0, str).place(0.0) == 1.0


@given(st.floats(0, 1e9), st.floats(0, 1e9))
def test_every_value_and_label_stands_on_the_chart(one: float, other: float) -> None:
    axis = value_axis(min(one, other), max(one, other), str)
    places = [axis.place(one), axis.place(other), *(axis.place(value) for value, _ in axis.labels)]
    assert all(-1e-6 <= place <= 1 + 1e-6 for place in places)
    assert len(axis.labels) <= 15


@given(st.integers(0, 4_000 * DAY_MS))
def test_times_have_a_handful_of_labels(length_ms: int) -> None:
    axis = time_axis(START, START + length_ms)
    assert len(axis.labels) <= 13
    assert all(0 <= axis.place(at_ms) <= 1 for at_ms, _ in axis.labels)

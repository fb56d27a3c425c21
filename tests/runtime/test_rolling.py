"""Smoothings are those of pandas, whose numbers `ta` gives."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from runtime import rolling

NUMBER = st.floats(-1e6, 1e6) | st.sampled_from([0.0, 1.0, float("nan")])
# With exactly 1/2, pandas takes a row after a gap for more than it does with weights just beside it.
WEIGHTS = st.sampled_from([1, 1 / 3, 2 / 15, 1 / 14, 2 / 201, 0.3])


@given(st.lists(NUMBER, max_size=60), WEIGHTS, st.integers(0, 20))
def test_columns_with_gaps_are_smoothed_as_pandas_does_it(numbers: list[float], weight: float, full: int) -> None:
    values = np.array(numbers, dtype=np.float64)
    theirs = pd.Series(values).ewm(alpha=weight, min_periods=full, adjust=False).mean().to_numpy(np.float64)
    np.testing.assert_allclose(rolling.faded(values, weight, full), theirs, rtol=1e-12, atol=1e-9)


@given(st.lists(NUMBER, min_size=1, max_size=60), WEIGHTS, st.integers(0, 20), st.data())
def test_what_follows_changes_nothing(numbers: list[float], weight: float, full: int, data: st.DataObject) -> None:
    values = np.array(numbers, dtype=np.float64)
    rows = data.draw(st.integers(0, len(values)))
    early, late = rolling.faded(values[:rows], weight, full), rolling.faded(values, weight, full)
    assert np.array_equal(early, late[:rows], equal_nan=True)

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from runtime import rolling

NUMBER = st.floats(-1e6, 1e6) | st.sampled_from([0.0, 1.0, float("nan")])


@given(
    st.lists(NUMBER, max_size=60), st.sampled_from([1, 1 / 2, 1 / 3, 2 / 15, 1 / 14, 2 / 201, 0.3]), st.integers(0, 20)
)
def test_short_columns_are_smoothed_as_pandas_does_it_to_the_last_bit(
    numbers: list[float], weight: float, full: int
) -> None:
    values = np.array(numbers, dtype=np.float64)
    theirs = pd.Series(values).ewm(alpha=weight, min_periods=full, adjust=False).mean().to_numpy(np.float64)
    assert np.array_equal(rolling.faded(values, weight, full), theirs, equal_nan=True)


def test_a_long_column_is_smoothed_as_a_short_one() -> None:
    values = np.random.default_rng(1).normal(size=rolling.MANY)
    short = rolling.faded(values[:-1], 1 / 14, 14)
    assert np.array_equal(rolling.faded(values, 1 / 14, 14)[:-1], short, equal_nan=True)

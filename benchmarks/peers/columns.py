"""The indicators of the rule as columns, by TA-Lib, which stands in the environment of each peer that asks for them."""

from typing import NamedTuple

import numpy as np
import talib
from protocol import FAST, LENGTH, SLOW


class Columns(NamedTuple):
    """One value for each candle, NaN where it is unknown."""

    fast: np.ndarray
    slow: np.ndarray
    strength: np.ndarray
    range: np.ndarray


def columns(high: np.ndarray, low: np.ndarray, close: np.ndarray) -> Columns:
    """Compute all of them from the candles."""
    return Columns(
        talib.SMA(close, FAST),
        talib.SMA(close, SLOW),
        talib.ADX(high, low, close, LENGTH),
        talib.ATR(high, low, close, LENGTH),
    )


def columns_of(frame) -> Columns:
    """Compute them from a frame of candles."""
    return columns(*(frame[name].to_numpy() for name in ("high", "low", "close")))

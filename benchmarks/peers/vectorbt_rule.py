"""The rule of `rules/engines/crossing.yaml` in vectorbt: one column for each set of values, all of them at once."""

from functools import partial

import numpy as np
import pandas as pd
import talib
import vectorbt as vbt
from numba import njit
from protocol import CAPITAL, FEE, LARGEST, LENGTH, RISK, SLIPPAGE
from sets import Set


@njit
def follow(c, high, ranges, stops, trails, level):  # type: ignore[no-untyped-def]
    """How far the stop is below the best price so far, as a ratio; it never goes back."""
    best = max(high[c.init_i], c.curr_price)
    if c.i == c.init_i + 1:
        level[c.col] = c.init_price - stops[c.col] * ranges[c.init_i - 1]
    level[c.col] = max(level[c.col], best - trails[c.col] * ranges[c.i - 1])
    return max(0.0, 1.0 - level[c.col] / c.curr_price), True


def portfolio(frame: pd.DataFrame, sets: list[Set]) -> vbt.Portfolio:
    """Run the rule with each set over the candles; signals count at the next open."""
    high, low, close = (frame[name].to_numpy() for name in ("high", "low", "close"))
    averages = {window: talib.SMA(close, window) for one in sets for window in (one.fast, one.slow)}
    strength, ranges = talib.ADX(high, low, close, LENGTH), talib.ATR(high, low, close, LENGTH)
    stops, trails = (np.array([getattr(one, name) for one in sets]) for name in ("stop", "trail"))
    rising = [(close > averages[one.slow]) & (averages[one.fast] > averages[one.slow]) for one in sets]
    strong = np.column_stack([strength > one.strong for one in sets])
    leaves = [close < averages[one.slow] for one in sets]
    share = np.minimum(RISK * close[:, None] / (stops * ranges[:, None]), LARGEST)
    wide = partial(pd.DataFrame, index=frame.index)
    return vbt.Portfolio.from_signals(
        wide(dict.fromkeys(range(len(sets)), frame["close"])),
        entries=wide(_later(np.column_stack(rising) & strong, False)),
        exits=wide(_later(np.column_stack(leaves), False)),
        open=frame["open"],
        high=frame["high"],
        low=frame["low"],
        price=frame["open"],
        size=wide(_later(share, np.nan)),
        size_type="percent",
        sl_stop=0.5,
        sl_trail=True,
        adjust_sl_func_nb=follow,
        adjust_sl_args=(high, ranges, stops, trails, np.zeros(len(sets))),
        stop_entry_price="fillprice",
        init_cash=CAPITAL,
        fees=FEE,
        slippage=SLIPPAGE,
        freq="1h",
    )


def _later(columns: np.ndarray, first: object) -> np.ndarray:
    """Move everything by a row."""
    return np.vstack((np.full((1, columns.shape[1]), first), columns[:-1]))

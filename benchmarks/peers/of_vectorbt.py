"""vectorbt: signals to a portfolio in compiled columns of floats; a compiled callback moves its stop."""

import numpy as np
import pandas as pd
import vectorbt as vbt
from columns import columns
from numba import njit
from protocol import CAPITAL, FEE, LARGEST, RISK, SLIPPAGE, STOP, STRONG, TRAIL, Run, candles, measure


@njit
def follow(c, high, ranges, level):  # type: ignore[no-untyped-def]
    """How far the stop is below the best price so far, as a ratio; it never goes back."""
    best = max(high[c.init_i], c.curr_price)
    if c.i == c.init_i + 1:
        level[c.col] = c.init_price - STOP * ranges[c.init_i - 1]
    level[c.col] = max(level[c.col], best - TRAIL * ranges[c.i - 1])
    return max(0.0, 1.0 - level[c.col] / c.curr_price), True


def run() -> Run:
    frame = pd.read_parquet(candles()).set_index("timestamp")
    high, low, close = (frame[name].to_numpy() for name in ("high", "low", "close"))
    fast, slow, strength, ranges = columns(high, low, close)
    entries = pd.Series((close > slow) & (fast > slow) & (strength > STRONG), frame.index)
    share = pd.Series(np.minimum(RISK * close / (STOP * ranges), LARGEST), frame.index)
    portfolio = vbt.Portfolio.from_signals(
        frame["close"],
        entries=entries.shift(1, fill_value=False),
        exits=pd.Series(close < slow, frame.index).shift(1, fill_value=False),
        open=frame["open"],
        high=frame["high"],
        low=frame["low"],
        price=frame["open"],
        size=share.shift(1),
        size_type="percent",
        sl_stop=0.5,
        sl_trail=True,
        adjust_sl_func_nb=follow,
        adjust_sl_args=(high, ranges, np.zeros(1)),
        stop_entry_price="fillprice",
        init_cash=CAPITAL,
        fees=FEE,
        slippage=SLIPPAGE,
        freq="1h",
    )
    records = portfolio.trades.records
    times = frame.index.as_unit("ms").asi8
    closed = records[records["status"] == 1]
    trades = list(zip(times[closed["entry_idx"]].tolist(), times[closed["exit_idx"]].tolist(), strict=True))
    return Run(trades, float(portfolio.final_value()), -100 * float(portfolio.max_drawdown()))


measure("vectorbt", run)

"""vectorbt: signals to a portfolio in compiled columns of floats; a compiled callback moves its stop."""

import pandas as pd
from protocol import Run, candles, measure
from sets import Set
from vectorbt_rule import portfolio


def run() -> Run:
    frame = pd.read_parquet(candles()).set_index("timestamp")
    found = portfolio(frame, [Set()])
    records = found.trades.records
    times = frame.index.as_unit("ms").asi8
    closed = records[records["status"] == 1]
    trades = list(zip(times[closed["entry_idx"]].tolist(), times[closed["exit_idx"]].tolist(), strict=True))
    return Run(trades, float(found.final_value().iloc[0]), -100 * float(found.max_drawdown().iloc[0]))


measure("vectorbt", run)

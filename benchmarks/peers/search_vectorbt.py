"""A search with vectorbt: many sets at once, as columns beside each other, so many as memory takes."""

import numpy as np
import pandas as pd
from protocol import candles
from sets import Set, measure_search
from vectorbt_rule import portfolio

AT_ONCE = 50


def search(sets: list[Set]) -> list[int]:
    frame = pd.read_parquet(candles()).set_index("timestamp")
    trades: list[int] = []
    for first in range(0, len(sets), AT_ONCE):
        some = sets[first : first + AT_ONCE]
        found = portfolio(frame, some)
        # What a search looks at; nothing is worked out before it is asked for.
        found.total_return(), found.max_drawdown(), found.sharpe_ratio()
        records = found.trades.records
        trades += np.bincount(records["col"][records["status"] == 1], minlength=len(some)).tolist()
    return trades


measure_search("vectorbt", search)

"""The rule of `rules/engines/crossing.yaml` as a freqtrade strategy."""

import sys
from pathlib import Path
from typing import ClassVar

import pandas as pd
from freqtrade.strategy import IStrategy, stoploss_from_absolute, timeframe_to_prev_date

sys.path.insert(0, str(Path(__file__).parents[1]))
from columns import columns_of
from protocol import SLOW, STOP, STRONG, TRAIL, share

HOUR = pd.Timedelta(hours=1)


class Crossing(IStrategy):
    """Enter on the signal of a candle; the stop starts below the entry and follows the best price."""

    INTERFACE_VERSION = 3
    timeframe = "1h"
    stoploss = -0.99
    minimal_roi: ClassVar = {"0": 100}
    use_custom_stoploss = True
    process_only_new_candles = True
    startup_candle_count = SLOW

    def populate_indicators(self, dataframe, metadata):
        for name, column in columns_of(dataframe)._asdict().items():
            dataframe[name] = column
        self.rows = dataframe.set_index("date")[["close", "range"]].to_dict("index")
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        rising = (dataframe["close"] > dataframe["slow"]) & (dataframe["fast"] > dataframe["slow"])
        dataframe.loc[rising & (dataframe["strength"] > STRONG), "enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        dataframe.loc[dataframe["close"] < dataframe["slow"], "exit_long"] = 1
        return dataframe

    def before(self, at):
        """The candle that had closed at a moment."""
        return self.rows[timeframe_to_prev_date(self.timeframe, at) - HOUR]

    def custom_stake_amount(self, pair, current_time, current_rate, proposed_stake, **_):
        row = self.before(current_time)
        return self.wallets.get_total_stake_amount() * share(row["close"], row["range"])

    def custom_stoploss(self, pair, trade, current_time, current_rate, current_profit, after_fill, **_):
        opened = self.before(trade.open_date_utc)["range"]
        stop = trade.open_rate - STOP * opened
        if current_time > trade.open_date_utc:
            stop = max(stop, trade.max_rate - TRAIL * self.before(current_time)["range"])
        return stoploss_from_absolute(stop, current_rate, is_short=False)

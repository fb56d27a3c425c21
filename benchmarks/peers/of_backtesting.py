"""backtesting.py: one bar after another through a strategy, in floats."""

import pandas as pd
from backtesting import Strategy
from backtesting.lib import FractionalBacktest
from columns import columns
from protocol import CAPITAL, FEE, SLIPPAGE, STOP, STRONG, TRAIL, Run, candles, measure, share


class Crossing(Strategy):
    """The rule of `rules/engines/crossing.yaml`."""

    def init(self) -> None:
        high, low, close = (series.astype(float) for series in (self.data.High, self.data.Low, self.data.Close))
        computed = columns(high, low, close)
        self.fast, self.slow, self.strength, self.range = (self.I(lambda each=each: each) for each in computed)
        self.best = 0.0

    def next(self) -> None:
        close, range_ = self.data.Close[-1], self.range[-1]
        if self.position:
            self.best = max(self.best, self.data.High[-1])
            if close < self.slow[-1]:
                self.position.close()
            else:
                trade = self.trades[0]
                trade.sl = max(trade.sl, self.best - TRAIL * range_)
        elif close > self.slow[-1] and self.fast[-1] > self.slow[-1] and self.strength[-1] > STRONG:
            self.best = 0.0
            self.buy(size=share(close, range_), sl=close - STOP * range_)


def run() -> Run:
    frame = pd.read_parquet(candles())
    frame.columns = frame.columns.str.capitalize()
    frame = frame.set_index(frame.pop("Timestamp").dt.tz_localize(None))
    test = FractionalBacktest(frame, Crossing, cash=CAPITAL, commission=FEE, spread=SLIPPAGE, fractional_unit=1e-3)
    stats = test.run()
    trades = stats["_trades"]
    entries, exits = (trades[name].astype("datetime64[ms]").astype("int64") for name in ("EntryTime", "ExitTime"))
    return Run(
        list(zip(entries.tolist(), exits.tolist(), strict=True)), stats["Equity Final [$]"], -stats["Max. Drawdown [%]"]
    )


measure("backtesting", run)

"""backtrader: one bar after another through a strategy and a broker, in floats."""

from calendar import timegm

import backtrader as bt
import pandas as pd
from columns import columns_of
from protocol import CAPITAL, FEE, SLIPPAGE, STOP, STRONG, TRAIL, Run, candles, measure, share


class Crossing(bt.Strategy):
    """The rule of `rules/engines/crossing.yaml`; the indicators are computed beforehand, which is faster."""

    params = (("columns", ()),)

    def __init__(self) -> None:
        self.fast, self.slow, self.strength, self.range = self.p.columns
        self.protective = None
        self.distance = self.best = self.at = 0.0
        self.deals = []

    def notify_order(self, order) -> None:
        if order.status == order.Completed and order.isbuy():
            self.at = order.executed.price - self.distance
            self.best = self.data.high[0]
            self.protective = self.sell(exectype=bt.Order.Stop, price=self.at, size=order.executed.size)

    def notify_trade(self, trade) -> None:
        if trade.isclosed:
            self.protective = None
            self.deals.append(tuple(timegm(bt.num2date(at).timetuple()) * 1000 for at in (trade.dtopen, trade.dtclose)))

    def next(self) -> None:
        bar, close = len(self) - 1, self.data.close[0]
        if self.position:
            self.best = max(self.best, self.data.high[0])
            if close < self.slow[bar]:
                self.cancel(self.protective)
                self.close()
            elif (stop := self.best - TRAIL * self.range[bar]) > self.at:
                self.at = stop
                self.cancel(self.protective)
                self.protective = self.sell(exectype=bt.Order.Stop, price=stop, size=self.position.size)
        elif close > self.slow[bar] and self.fast[bar] > self.slow[bar] and self.strength[bar] > STRONG:
            self.distance = STOP * self.range[bar]
            self.buy(size=round(self.broker.getvalue() * share(close, self.range[bar]) / close, 3))


def run() -> Run:
    frame = pd.read_parquet(candles()).set_index("timestamp").tz_localize(None)
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(bt.feeds.PandasData(dataname=frame, openinterest=None))
    cerebro.addstrategy(Crossing, columns=columns_of(frame))
    cerebro.addanalyzer(bt.analyzers.DrawDown)
    cerebro.broker.setcash(CAPITAL)
    # An order that waits for its check can't be taken back: the stop of an entry would stay when it is moved at once.
    cerebro.broker.set_checksubmit(False)
    cerebro.broker.setcommission(FEE)
    cerebro.broker.set_slippage_perc(SLIPPAGE)
    (strategy,) = cerebro.run()
    drawdown = strategy.analyzers.drawdown.get_analysis()["max"]["drawdown"]
    return Run(strategy.deals, cerebro.broker.getvalue(), drawdown)


measure("backtrader", run)

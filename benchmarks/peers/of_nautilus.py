"""NautilusTrader: events through its compiled engine and matching; a market order fills at the close it was sent at."""

from decimal import Decimal

import pandas as pd
from columns import columns_of
from nautilus_trader.backtest.config import BacktestEngineConfig
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.config import LoggingConfig
from nautilus_trader.model.currencies import USDT
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import CryptoPerpetual
from nautilus_trader.model.objects import Money
from nautilus_trader.persistence.wranglers import BarDataWrangler
from nautilus_trader.test_kit.providers import TestInstrumentProvider
from nautilus_trader.trading.strategy import Strategy
from protocol import CAPITAL, FEE, SLIPPAGE, STOP, STRONG, TRAIL, Run, candles, measure, share

VENUE = Venue("BINANCE")
HOUR_MS = 3_600_000


def perpetual() -> CryptoPerpetual:
    """A perpetual with our fee; there is no slippage in parts of the price, so the fee carries it."""
    plain = CryptoPerpetual.to_dict(TestInstrumentProvider.btcusdt_perp_binance())
    instrument_id = InstrumentId(Symbol("BTCUSDT-PERP"), VENUE)
    cost = str(Decimal(str(FEE)) + Decimal(str(SLIPPAGE)))
    names = {"id": str(instrument_id), "taker_fee": cost, "maker_fee": cost, "price_precision": 2}
    return CryptoPerpetual.from_dict(plain | names | {"price_increment": "0.01"})


class Crossing(Strategy):
    """The rule of `rules/engines/crossing.yaml`; the indicators are computed beforehand, which is faster."""

    def __init__(self, instrument, bar_type, columns) -> None:
        super().__init__()
        self.instrument, self.bar_type = instrument, bar_type
        self.fast, self.slow, self.strength, self.range = columns
        self.bar, self.best, self.distance = -1, 0.0, 0.0
        self.protective = None
        self.equity, self.peak, self.drawdown = CAPITAL, CAPITAL, 0.0
        self.deals = []

    def on_start(self) -> None:
        self.subscribe_bars(self.bar_type)

    def on_bar(self, bar) -> None:
        self.bar += 1
        close, high = bar.close.as_double(), bar.high.as_double()
        held = self.portfolio.is_net_long(self.instrument.id)
        self.value()
        if held:
            self.best = max(self.best, high)
            if close < self.slow[self.bar]:
                self.cancel_all_orders(self.instrument.id)
                self.close_all_positions(self.instrument.id)
            else:
                self.tighten(self.best - TRAIL * self.range[self.bar])
        elif close > self.slow[self.bar] < self.fast[self.bar] and self.strength[self.bar] > STRONG:
            self.enter(close)

    def value(self) -> None:
        money = self.portfolio.account(VENUE).balance_total(USDT).as_double()
        unrealised = self.portfolio.unrealized_pnl(self.instrument.id)
        self.equity = money + (unrealised.as_double() if unrealised is not None else 0.0)
        self.peak = max(self.peak, self.equity)
        self.drawdown = max(self.drawdown, 1 - self.equity / self.peak)

    def enter(self, close: float) -> None:
        self.distance = STOP * self.range[self.bar]
        quantity = self.instrument.make_qty(self.equity * share(close, self.range[self.bar]) / close)
        self.submit_order(self.order_factory.market(self.instrument.id, OrderSide.BUY, quantity))

    def on_position_opened(self, event) -> None:
        self.best = 0.0
        trigger = self.instrument.make_price(event.avg_px_open - self.distance)
        side, quantity = OrderSide.SELL, event.quantity
        self.protective = self.order_factory.stop_market(self.instrument.id, side, quantity, trigger, reduce_only=True)
        self.submit_order(self.protective)

    def tighten(self, stop: float) -> None:
        if self.protective.is_open and stop > self.protective.trigger_price.as_double():
            self.modify_order(self.protective, trigger_price=self.instrument.make_price(stop))

    def on_position_closed(self, event) -> None:
        self.cancel_all_orders(self.instrument.id)
        self.deals.append((event.ts_opened // 1_000_000, (event.ts_closed - 1) // 1_000_000 // HOUR_MS * HOUR_MS))


def run() -> Run:
    frame = pd.read_parquet(candles()).set_index("timestamp")
    instrument = perpetual()
    bar_type = BarType.from_str(f"{instrument.id}-1-HOUR-LAST-EXTERNAL")
    frame.index = frame.index + pd.Timedelta(hours=1)
    engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))
    engine.add_venue(VENUE, OmsType.NETTING, AccountType.MARGIN, [Money(CAPITAL, USDT)], base_currency=USDT)
    engine.add_instrument(instrument)
    engine.add_data(BarDataWrangler(bar_type, instrument).process(frame))
    strategy = Crossing(instrument, bar_type, columns_of(frame))
    engine.add_strategy(strategy)
    engine.run()
    result = Run(strategy.deals, strategy.equity, 100 * strategy.drawdown)
    engine.dispose()
    return result


measure("nautilus_trader", run)

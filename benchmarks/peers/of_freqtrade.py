"""freqtrade: its back-test over signals in columns, with callbacks for the stop and the stake; it knows no slippage."""

import logging
import tempfile
from pathlib import Path

import pandas as pd
from freqtrade.data.metrics import calculate_max_drawdown
from freqtrade.enums import RunMode
from freqtrade.exchange import Exchange
from freqtrade.optimize.backtesting import Backtesting
from protocol import CAPITAL, FEE, SLIPPAGE, Run, candles, measure

PAIR = "BTC/USDT"
MARKET = {
    "id": "BTCUSDT",
    "symbol": PAIR,
    "base": "BTC",
    "quote": "USDT",
    "spot": True,
    "type": "spot",
    "active": True,
    "contractSize": None,
    "precision": {"amount": 0.001, "price": 0.01},
    "limits": {"amount": {"min": 0.001, "max": None}, "cost": {"min": 5, "max": None}, "leverage": {}, "price": {}},
    "info": {},
}


def settings(folder: Path) -> dict:
    """A configuration that needs neither a network nor an account; the fee carries the slippage."""
    return {
        "runmode": RunMode.BACKTEST,
        "dry_run": True,
        "dry_run_wallet": CAPITAL,
        "stake_currency": "USDT",
        "stake_amount": "unlimited",
        "max_open_trades": 1,
        "tradable_balance_ratio": 1.0,
        "trading_mode": "spot",
        "margin_mode": "",
        "timeframe": "1h",
        "fee": FEE + SLIPPAGE,
        "exchange": {"name": "bybit", "pair_whitelist": [PAIR], "pair_blacklist": []},
        "pairlists": [{"method": "StaticPairList"}],
        "entry_pricing": {"price_side": "same", "use_order_book": False},
        "exit_pricing": {"price_side": "same", "use_order_book": False},
        "strategy": "Crossing",
        "strategy_path": str(Path(__file__).parent / "freqtrade_strategy"),
        "user_data_dir": folder,
        "datadir": folder,
        "dataformat_ohlcv": "feather",
        "dataformat_trades": "feather",
        "candle_type_def": "spot",
        "internals": {},
        "original_config": {},
    }


def run() -> Run:
    with tempfile.TemporaryDirectory() as folder:
        config = settings(Path(folder))
        exchange = Exchange(config, validate=False)
        exchange._markets = {PAIR: MARKET}
        exchange.validate_required_startup_candles = lambda *_: 1
        backtesting = Backtesting(config, exchange)
        strategy = backtesting.strategylist[0]
        backtesting._set_strategy(strategy)
        frame = pd.read_parquet(candles()).rename(columns={"timestamp": "date"})
        frame["date"] = frame["date"].dt.as_unit("ns")
        processed = strategy.advise_all_indicators({PAIR: frame})
        times = processed[PAIR]["date"]
        answer = backtesting.backtest(processed, times.iloc[0].to_pydatetime(), times.iloc[-1].to_pydatetime())
        trades = answer["results"]
        backtesting.cleanup()
    entries, exits = (trades[name].dt.as_unit("ms").astype("int64") for name in ("open_date", "close_date"))
    drawdown = calculate_max_drawdown(trades, value_col="profit_abs", starting_balance=CAPITAL)
    return Run(
        list(zip(entries.tolist(), exits.tolist(), strict=True)),
        answer["final_balance"],
        100 * drawdown.relative_account_drawdown,
    )


logging.disable(logging.WARNING)
measure("freqtrade", run)

"""A working folder and a market made for load: each candle says by its height how many orders it is worth."""

import json
import shutil
from pathlib import Path

import numpy as np
import polars as pl

from adapters.cli.places import packaged_rules
from runtime.market_data import SYNTHETIC_LABEL

SYMBOLS = (
    "BTCUSDT",
    "ETHUSDT",
    "SOLUSDT",
    "XRPUSDT",
    "BNBUSDT",
    "DOGEUSDT",
    "ADAUSDT",
    "TRXUSDT",
    "AVAXUSDT",
    "LINKUSDT",
)
BOOKS = 10
BURST_RULES = 10
STEADY_ORDERS = BOOKS * len(SYMBOLS)
"""Orders of an ordinary moment: each book buys each coin once."""
FIRST_MOMENTS = 5
"""After so many ordinary moments comes the one of the burst."""
BURST_ORDERS = STEADY_ORDERS * BURST_RULES
CASH = "1000000"
LOW, QUIET, STEADY, BURSTING = 9.99, 10.02, 10.2, 10.6
DAY_MS = 86_400_000
FIRST_MS = 1_609_459_200_000
WARM_UP = 48
FROM_DAY = "2021-02-18"
"""The day at which the warm-up ends."""
KEPT_RULES = ("breakers.yaml", "envelope.yaml", "lifecycle.yaml", "pre-trade.yaml")
BOOK = """book: {name}
about: Buy a little of every coin whose candle asks for it.
machine: core
account: {account}
market: spot
symbols: [{symbols}]
timeframe: 1d
weights: {{ {weights} }}

triggers:
  at_once:
    in: DEPLOYING
    when: holdings.value >= 0 USDT
    then: balanced()

entries:
  steady:
    in: MAINTAINING
    each: symbol
    when: [high > low * 1.01, high < low * 1.04]
    then: purchase(amount=10 USDT, urgency=urgent)
"""
SHARES = """book: shares
about: The same for each.
shares: {{ {shares} }}
change_after: 1d
"""
BURST_RULE = """  burst_{number}:
    in: MAINTAINING
    each: symbol
    when: high > low * 1.05
    then: purchase(amount=10 USDT, urgency=urgent)
"""


def write_market(folder: Path, moments: int) -> None:
    """Write candles that ask for an order each, and one that asks for more when everything is warm."""
    (folder / "candles" / "spot" / "1d").mkdir(parents=True)
    (folder / SYNTHETIC_LABEL).write_text("Made for a load test; nothing here was recorded from an exchange.\n")
    count = WARM_UP + moments + 3
    times = pl.Series("timestamp", FIRST_MS + np.arange(count, dtype=np.int64) * DAY_MS).cast(pl.Datetime("ms"))
    for symbol in SYMBOLS:
        price = 10.0 + 0.01 * (np.arange(count + 1) % 2)
        high = np.full(count, QUIET)
        high[WARM_UP:] = STEADY
        high[WARM_UP + FIRST_MOMENTS] = BURSTING
        table = pl.DataFrame(
            {
                "timestamp": times.dt.replace_time_zone("UTC"),
                "open": price[:-1],
                "high": high,
                "low": np.full(count, LOW),
                "close": price[1:],
                "volume": np.full(count, 1e6),
            }
        )
        table.write_parquet(folder / "candles" / "spot" / "1d" / f"{symbol}.parquet")


def write_desk(folder: Path, http: str) -> None:
    """Write rules, configuration and wallets."""
    (folder / "rules" / "engines").mkdir(parents=True)
    (folder / "rules" / "governance").mkdir()
    for name in KEPT_RULES:
        shutil.copy(packaged_rules() / "governance" / name, folder / "rules" / "governance" / name)
    envelope = folder / "rules" / "governance" / "envelope.yaml"
    envelope.write_text(envelope.read_text().replace("orders_per_hour: 60", "orders_per_hour: 1000000"))
    # A day of this market is a second, and accounts are looked at each minute.
    lifecycle = folder / "rules" / "governance" / "lifecycle.yaml"
    lifecycle.write_text(lifecycle.read_text().replace("look_every: 1m", "look_every: 60d"))
    for number in range(BOOKS):
        (folder / "rules" / "engines" / f"load-{number}.yaml").write_text(book(number))
    shares = ", ".join(f"load-{number}: {100 // BOOKS}%" for number in range(BOOKS))
    (folder / "rules" / "governance" / "shares.yaml").write_text(SHARES.format(shares=shares))
    names = ", ".join(f"load-{number}" for number in range(BOOKS))
    (folder / "eternal.yaml").write_text(
        f"mode: local\nexchange: {http}\nbooks: [{names}]\nrules: rules\nkeys: exchange-keys.json\nmain: LOAD-0\n"
    )
    accounts = {f"LOAD-{number}": {"USDT": CASH} for number in range(BOOKS)}
    (folder / "accounts.json").write_text(json.dumps(accounts))


def book(number: int) -> str:
    """Write one of the books."""
    weights = ", ".join(f"{symbol}: 1/{len(SYMBOLS)}" for symbol in SYMBOLS)
    head = BOOK.format(name=f"load-{number}", account=f"LOAD-{number}", symbols=", ".join(SYMBOLS), weights=weights)
    return head + "".join(BURST_RULE.format(number=one) for one in range(1, BURST_RULES + 1))

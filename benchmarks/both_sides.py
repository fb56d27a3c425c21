"""Whether an engine that has stopped and its exchange say the same: orders, fills, money, positions."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from adapters.bybit.client import Client, Keys
from adapters.bybit.fields import decimal, rows, text
from adapters.bybit.hosts import Mode, hosts_of
from adapters.bybit.wallet import coins
from adapters.postgres.connection import connect
from adapters.postgres.server import PrivateServer
from benchmarks.levers import Levers, Plain

Held = dict[tuple[str, str], Decimal]
ZERO, DUST = Decimal(0), Decimal("0.000001")


def same_as_exchange(exchange: Levers, store: PrivateServer, keys: Path) -> Iterator[str]:
    """Yield where a stopped engine's books and the exchange's differ: orders, fills, money, positions."""
    asked, executions = exchange.pull("orders")["asked"], exchange.pull("state")["executions"]
    twice = [name for name, count in asked.items() if count > 1]
    if twice:
        yield f"orders that were asked for more than once: {twice[:5]}"
    with connect(store.start(), patient=True) as connection:
        orders = {row[0] for row in connection.execute("SELECT order_id FROM orders")}
        fills = [row[0] for row in connection.execute("SELECT execution_id FROM fills")]
        remembered = connection.execute("SELECT state FROM snapshots ORDER BY seq DESC LIMIT 1").fetchone()
    if unknown := asked.keys() - orders:
        yield f"orders at the exchange that the journal does not have: {sorted(unknown)[:5]}"
    if len(fills) != executions or len(set(fills)) != len(fills):
        yield f"{executions} executions at the exchange, {len(fills)} in the journal"
    assert remembered is not None
    ours, theirs = held_here(remembered[0]["portfolio"]["accounts"]), held_there(exchange.http, keys)
    for key in sorted(ours.keys() | theirs.keys()):
        if abs(ours.get(key, ZERO) - theirs.get(key, ZERO)) > DUST:
            yield f"{' '.join(key)}: the engine has {ours.get(key)}, the exchange {theirs.get(key)}"


def held_here(accounts: Plain) -> Held:
    """What the engine's books have: coins of wallets and quantities of perpetuals."""
    wallets = {
        (name, coin): Decimal(amount) for name, one in accounts.items() for coin, amount in one["wallet"].items()
    }
    perpetuals = {
        (name, position["symbol"]): Decimal(position["quantity"])
        for name, one in accounts.items()
        for position in one["positions"]
        if position["market"] == "linear"
    }
    return wallets | perpetuals


def held_there(http: str, keys: Path) -> Held:
    """The same at the exchange, each account asked with its own key."""
    held: Held = {}
    hosts = hosts_of(Mode.LOCAL, http)
    for member in json.loads(keys.read_text()):
        client, name = Client(hosts, Keys(member["key"], member["secret"])), member["name"]
        for row in rows(client.call("get_positions", category="linear", settleCoin="USDT").result, "list"):
            size = decimal(row, "size")
            held[name, text(row, "symbol")] = size if text(row, "side") == "Buy" else -size
        wallet = rows(client.call("get_wallet_balance", accountType="UNIFIED").result, "list")[0]
        held |= {(name, coin): amount for coin, amount in coins(wallet).items()}
        client.close()
    return held

"""What a soak has to have shown: nothing grows, nothing is doubled, and both sides have the same."""

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from statistics import linear_regression, median
from typing import TYPE_CHECKING, Any

from adapters.bybit.client import Client, Keys
from adapters.bybit.fields import decimal, rows, text
from adapters.bybit.hosts import Mode, hosts_of
from adapters.bybit.wallet import coins
from adapters.postgres.connection import connect

if TYPE_CHECKING:
    from benchmarks.soak import Soak

Plain = dict[str, Any]
Held = dict[tuple[str, str], Decimal]
MOST_MIB_AN_HOUR = 12.0
SWAY = 1
"""A question that is under way at the moment of a sample has a connection of its own."""
ZERO, DUST = Decimal(0), Decimal("0.000001")


def what_grew(samples: Sequence[Plain]) -> Iterator[str]:
    """Yield what grew after the first quarter, which belongs to warming up."""
    later = samples[len(samples) // 4 :]
    if len(later) < 3:
        yield f"expected at least four samples, found {len(samples)}"
        return
    slope = memory_slope(later, "engine")
    if slope > MOST_MIB_AN_HOUR:
        yield f"the engine's memory grows by {slope:.1f} MiB an hour, expected at most {MOST_MIB_AN_HOUR:g}"
    for name in ("engine", "exchange"):
        for what in ("descriptors", "threads"):
            values = [one[name][what] for one in later]
            third = len(values) // 3
            before, after = median(values[:third]), median(values[-third:])
            if after > before + SWAY:
                yield f"the {name} had {before:g} {what}, and {after:g} at the end"


def summary(samples: Sequence[Plain]) -> Iterator[str]:
    """Yield what was seen, in a few lines."""
    first, last, later = samples[0], samples[-1], samples[len(samples) // 4 :]
    size = (
        f"database {first['database_mib']:g} to {last['database_mib']:g} MiB, {last['connections']} connections to it"
    )
    yield f"{last['minute']:.0f} minutes, {last['moments']} hours of the market, {last['entries']} entries, {size}."
    for name in ("engine", "exchange"):
        memory, share = [one[name]["memory_mib"] for one in later], median(one[name]["core_share"] for one in later)
        held = ", ".join(f"{what} {span([one[name][what] for one in later])}" for what in ("descriptors", "threads"))
        yield (
            f"{name} after the first quarter: memory {memory[0]:.0f} to {memory[-1]:.0f} MiB "
            f"({memory_slope(later, name):+.1f} MiB an hour), {held}; {share:.0%} of a core."
        )


def span(values: Sequence[int]) -> str:
    """The least and the most."""
    return f"{min(values)} to {max(values)}"


def memory_slope(samples: Sequence[Plain], name: str) -> float:
    """MiB an hour by which the memory of a process grows."""
    hours = [one["minute"] / 60 for one in samples]
    return linear_regression(hours, [one[name]["memory_mib"] for one in samples]).slope


def told_wrong(samples: Sequence[Plain]) -> Iterator[str]:
    """Yield what logs, feed and outbox tell of trouble."""
    if samples[-1]["log_errors"]:
        yield f"{samples[-1]['log_errors']} lines of the logs tell of errors"
    unwell = [one["minute"] for one in samples if one["feed"] != "well"]
    if unwell:
        yield f"the feed was not well at the minutes {unwell}"


def same_as_exchange(soak: "Soak") -> Iterator[str]:
    """Yield where a stopped engine's books and the exchange's differ: orders, fills, money, positions."""
    there = soak.exchange.pull("orders")
    twice = [name for name, count in there["asked"].items() if count > 1]
    if twice:
        yield f"orders that were asked for more than once: {twice[:5]}"
    with connect(soak.store.start(), patient=True) as connection:
        orders = {row[0] for row in connection.execute("SELECT order_id FROM orders")}
        fills = [row[0] for row in connection.execute("SELECT execution_id FROM fills")]
        remembered = connection.execute("SELECT state FROM snapshots ORDER BY seq DESC LIMIT 1").fetchone()
    if unknown := set(there["asked"]) - orders:
        yield f"orders at the exchange that the journal does not have: {sorted(unknown)[:5]}"
    if len(fills) != there["executions"] or len(set(fills)) != len(fills):
        yield f"{there['executions']} executions at the exchange, {len(fills)} in the journal"
    assert remembered is not None
    ours, theirs = held_here(remembered[0]["portfolio"]["accounts"]), held_there(soak)
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


def held_there(soak: "Soak") -> Held:
    """The same at the exchange, each account asked with its own key."""
    held: Held = {}
    hosts = hosts_of(Mode.LOCAL, soak.exchange.http)
    for member in json.loads((soak.folder / "desk" / "exchange-keys.json").read_text()):
        client, name = Client(hosts, Keys(member["key"], member["secret"])), member["name"]
        for row in rows(client.call("get_positions", category="linear", settleCoin="USDT").result, "list"):
            size = decimal(row, "size")
            held[name, text(row, "symbol")] = size if text(row, "side") == "Buy" else -size
        wallet = rows(client.call("get_wallet_balance", accountType="UNIFIED").result, "list")[0]
        held |= {(name, coin): amount for coin, amount in coins(wallet).items()}
        client.close()
    return held

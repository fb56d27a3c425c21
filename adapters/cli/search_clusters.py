"""The coins of a folder of market data in groups."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from adapters.cli.failure import ExitCode, Failure, near
from adapters.history.folder import CandleFolder
from adapters.report.sheet import Sheet
from adapters.report.words import money, percent
from adapters.simulated.instruments import load_instruments
from runtime.clusters import Cluster, clusters_of, coin_of
from runtime.instrument import Market

DAILY = "1d"


def clusters_in(data: Path, market: Market, to_ms: int | None) -> tuple[Cluster, ...]:
    """Group the coins of a folder that the simulated exchange trades on a market, by their days up to a moment."""
    folder = CandleFolder(data)
    coins = {}
    for traded, symbol in load_instruments():
        series = folder.candles(market, symbol, DAILY) if traded is market else None
        if series is not None:
            days = series.rows if to_ms is None else series.rows.filter(pl.col("close_ms") <= to_ms)
            coin = coin_of(symbol, days)
            if coin is not None:
                coins[symbol] = coin
    try:
        return clusters_of(coins)
    except ValueError as error:
        raise Failure(f"{error} Add market data to {data} with `eternal data download`.") from None


def cluster_of(data: Path, market: Market, name: str, to_ms: int | None) -> Cluster:
    """Give the group of a name; fails with what is near where there is none."""
    found = {cluster.name: cluster for cluster in clusters_in(data, market, to_ms)}
    if name not in found:
        raise Failure(f'Expected the name of a cluster, found "{name}". {near(name, found)}', ExitCode.USAGE)
    return found[name]


def sheet(clusters: Sequence[Cluster]) -> Sheet:
    """Write the groups as a table, each with its coins below it."""
    rows: list[tuple[str, ...]] = []
    for cluster in clusters:
        rows.append((cluster.name, "", percent(cluster.atr, 2), money(cluster.turnover)))
        rows += [("", coin.symbol, percent(coin.atr, 2), money(coin.turnover)) for coin in cluster.coins]
    columns = ("cluster", "coin", "average true range a day", "turnover a day in USDT")
    return Sheet("Clusters of coins (medians)", columns, tuple(rows), 2)


def plain(clusters: Sequence[Cluster]) -> list[dict[str, Any]]:
    """Give the groups as JSON-able data."""
    return [
        {
            "name": cluster.name,
            "atr": cluster.atr,
            "turnover": cluster.turnover,
            "coins": [{"symbol": c.symbol, "atr": c.atr, "turnover": c.turnover} for c in cluster.coins],
        }
        for cluster in clusters
    ]

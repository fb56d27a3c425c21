"""Coins in three groups, by how much they move and how much of them is traded."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

import numpy as np
import polars as pl
from numpy.typing import NDArray

from runtime.indicators import compute

NAMES = ("calm", "middle", "wild")
"""From the group that moves least to the one that moves most; rule files use the same names."""

ATR_WINDOW = 14
MOST_ROUNDS = 100

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Coin:
    """The medians of a coin's days: average true range as a ratio of the price, and turnover in USDT."""

    symbol: str
    atr: float
    turnover: float


@dataclass(frozen=True, slots=True)
class Cluster:
    """A group of coins, with the medians of its coins."""

    name: str
    coins: tuple[Coin, ...]

    @property
    def symbols(self) -> tuple[str, ...]:
        """Its coins, the one with the largest turnover first."""
        return tuple(coin.symbol for coin in self.coins)

    @property
    def atr(self) -> float:
        """The median of its coins' average true range, a ratio of the price."""
        return median(coin.atr for coin in self.coins)

    @property
    def turnover(self) -> float:
        """The median of its coins' turnover a day, in USDT."""
        return median(coin.turnover for coin in self.coins)


def coin_of(symbol: str, days: pl.DataFrame) -> Coin | None:
    """Measure a coin by its daily candles (`CANDLE_SCHEMA`); None where there are too few, or nothing was traded."""
    columns = {name: days[name].to_numpy() for name in ("high", "low", "close", "volume")}
    if days.height <= ATR_WINDOW:
        return None
    ranges = compute("atr", {"window": ATR_WINDOW}, {name: columns[name] for name in ("high", "low", "close")})
    atr = float(np.nanmedian(ranges[ATR_WINDOW:] / columns["close"][ATR_WINDOW:]))
    turnover = float(np.nanmedian(columns["close"] * columns["volume"]))
    return Coin(symbol, atr, turnover) if atr > 0 and turnover > 0 else None


def clusters_of(coins: Mapping[str, Coin]) -> tuple[Cluster, ...]:
    """Group at least three coins; the same coins give the same groups, in whatever order they come.

    k-means over the logarithms of both measures, each scaled to a deviation of one. It starts from the coins at the
    lowest, the middle and the highest average true range, so that nothing is left to chance.

    Raises ValueError with a sentence where there are fewer coins.
    """
    if len(coins) < len(NAMES):
        raise ValueError(f"Expected at least {len(NAMES)} coins with daily candles to group, found {len(coins)}.")
    ordered = sorted(coins.values(), key=lambda coin: (coin.atr, coin.symbol))
    points = _scaled(np.log([[coin.atr, coin.turnover] for coin in ordered]))
    groups = _settled(points, points[[0, (len(ordered) - 1) // 2, len(ordered) - 1]])
    found = [[coin for coin, group in zip(ordered, groups, strict=True) if group == number] for number in range(3)]
    found.sort(key=lambda group: median(coin.atr for coin in group))
    return tuple(
        Cluster(name, tuple(sorted(group, key=lambda coin: (-coin.turnover, coin.symbol))))
        for name, group in zip(NAMES, found, strict=True)
    )


def _scaled(points: Points) -> Points:
    deviations = np.std(points, axis=0)
    scaled: Points = (points - np.mean(points, axis=0)) / np.where(deviations > 0, deviations, 1.0)
    return scaled


def _settled(points: Points, centres: Points) -> list[int]:
    """Move each centre to the middle of the points nearest to it until nothing changes; no group is left empty."""
    groups = _nearest(points, centres)
    for _ in range(MOST_ROUNDS):
        moved = np.array([points[groups == number].mean(axis=0) for number in range(len(centres))])
        again = _nearest(points, moved)
        if np.array_equal(again, groups):
            break
        groups = again
    return [int(group) for group in groups]


def _nearest(points: Points, centres: Points) -> NDArray[np.int64]:
    distances = np.linalg.norm(points[:, None, :] - centres[None, :, :], axis=2)
    groups: NDArray[np.int64] = np.argmin(distances, axis=1)
    for number in range(len(centres)):
        if not (groups == number).any():
            crowded = np.bincount(groups, minlength=len(centres))[groups] > 1
            groups[np.argmin(np.where(crowded, distances[:, number], np.inf))] = number
    return groups

"""Other futures for recorded market data: the same past up to a moment, and something made up after it."""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum

import numpy as np
import polars as pl

from runtime.market_data import Key, MarketData

PRICES = ("open", "high", "low", "close")
BODY = (*PRICES, "volume")
OTHER_SCALE = 3.0
"""Prices are so many times what they were, volumes such a part of it: nothing that looks there can stay the same."""


class Future(StrEnum):
    """What became of everything after the moment."""

    CUT = "cut off"
    SHUFFLED = "shuffled"
    REPLACED = "other numbers"


def with_future(data: MarketData, at_ms: int, future: Future, seed: int = 1) -> MarketData:
    """Give the same data with another future: what closed or was observed by the moment stays to the last digit.

    The same seed gives the same future again.
    """
    candles = candles_with_future(data.candles, at_ms, future, seed)
    funding = _observed(data.funding, "rate", at_ms, future, seed)
    facts = _observed(data.facts, "value", at_ms, future, seed)
    return replace(data, candles=candles, funding=funding, facts=facts)


def candles_with_future(
    candles: Mapping[Key, pl.DataFrame], at_ms: int, future: Future, seed: int = 1
) -> dict[Key, pl.DataFrame]:
    """Give the same candles with another future."""
    return {key: _candles(rows, at_ms, future, seed) for key, rows in candles.items()}


def _candles(rows: pl.DataFrame, at_ms: int, future: Future, seed: int) -> pl.DataFrame:
    before, after = rows.filter(pl.col("close_ms") <= at_ms), rows.filter(pl.col("close_ms") > at_ms)
    match future:
        case Future.CUT:
            return before
        case Future.SHUFFLED:
            return pl.concat([before, after.with_columns(_shuffled(after, BODY, seed))])
        case Future.REPLACED:
            other = [pl.col(name) * OTHER_SCALE for name in PRICES]
            return pl.concat([before, after.with_columns(*other, pl.col("volume") / OTHER_SCALE)])


def _observed(
    frames: Mapping[str, pl.DataFrame], column: str, at_ms: int, future: Future, seed: int
) -> dict[str, pl.DataFrame]:
    return {name: _observation(rows, column, at_ms, future, seed) for name, rows in frames.items()}


def _observation(rows: pl.DataFrame, column: str, at_ms: int, future: Future, seed: int) -> pl.DataFrame:
    before, after = rows.filter(pl.col("at_ms") <= at_ms), rows.filter(pl.col("at_ms") > at_ms)
    match future:
        case Future.CUT:
            return before
        case Future.SHUFFLED:
            return pl.concat([before, after.with_columns(_shuffled(after, (column,), seed))])
        case Future.REPLACED:
            return pl.concat([before, after.with_columns(pl.col(column) * -OTHER_SCALE)])


def _shuffled(rows: pl.DataFrame, columns: tuple[str, ...], seed: int) -> list[pl.Series]:
    """Whole rows change places; their times stay."""
    order = np.random.Generator(np.random.PCG64([seed, rows.height])).permutation(rows.height)
    return [rows[name][order] for name in columns]

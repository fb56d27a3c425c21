"""Builds longer candles from shorter ones."""

import polars as pl

from runtime.market_data import CANDLE_SCHEMA
from runtime.timeframe import grid_start_ms, timeframe_ms


def divides(shorter: str, longer: str) -> bool:
    """Say whether whole candles of the shorter timeframe fill one of the longer."""
    return timeframe_ms(shorter) < timeframe_ms(longer) and timeframe_ms(longer) % timeframe_ms(shorter) == 0


def aggregate(candles: pl.DataFrame, shorter: str, longer: str) -> pl.DataFrame:
    """Return candles of the longer timeframe; a period with a missing candle is left out rather than guessed."""
    step, start = timeframe_ms(longer), grid_start_ms(longer)
    period = ((pl.col("open_ms") - start) // step * step + start).alias("open_ms")
    built = candles.group_by(period, maintain_order=True).agg(
        pl.col("open").first(),
        pl.col("high").max(),
        pl.col("low").min(),
        pl.col("close").last(),
        pl.col("volume").sum(),
        pl.len().alias("parts"),
    )
    whole = built.filter(pl.col("parts") == step // timeframe_ms(shorter))
    return whole.with_columns(close_ms=pl.col("open_ms") + step).select(CANDLE_SCHEMA.names()).sort("open_ms")

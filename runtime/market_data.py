"""What a back-test reads of the market: candles, funding rates and outside facts, with where they came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from runtime.instrument import Market

Key = tuple[Market, str, str]
"""Market, symbol and timeframe of one series of candles."""

SYNTHETIC_LABEL = "SYNTHETIC.txt"
"""A file of this name in a folder of market data says that all of it is made up."""

CANDLE_SCHEMA = pl.Schema(
    {
        "open_ms": pl.Int64,
        "close_ms": pl.Int64,
        "open": pl.Float64,
        "high": pl.Float64,
        "low": pl.Float64,
        "close": pl.Float64,
        "volume": pl.Float64,
    }
)
FUNDING_SCHEMA = pl.Schema({"at_ms": pl.Int64, "rate": pl.Float64})
FACT_SCHEMA = pl.Schema({"at_ms": pl.Int64, "value": pl.Float64})


class MarketDataError(Exception):
    """Market data can't be used; the message says what was expected, what was found, where, and what to do."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with one row of a file; rows count from 1, without the header.

    `at_ms` is None where no time is readable. A row that is left out takes no part in anything; one that is not is used
    and only said to be odd.
    """

    row: int
    at_ms: int | None
    reason: str
    left_out: bool = True
    file: str = ""


@dataclass(frozen=True)
class MarketData:
    """Everything that was read for a run.

    `candles` hold `CANDLE_SCHEMA`, sorted and unique by open time; `funding` (by symbol) holds `FUNDING_SCHEMA`, the
    rate as a ratio per settlement; `facts` (by name, such as `fear_greed`) hold `FACT_SCHEMA`. `notes` tell in plain
    words which venue supplied which span and what is missing.
    """

    candles: Mapping[Key, pl.DataFrame]
    funding: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    facts: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

"""One candle on the exchange's chart."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    """A candle, finished or not; prices in quote coin, volume in base coin."""

    open_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float


def joined(bars: Sequence[Bar], open_ms: int) -> Bar:
    """Make one candle of several that follow each other."""
    return Bar(
        open_ms,
        bars[0].open,
        max(bar.high for bar in bars),
        min(bar.low for bar in bars),
        bars[-1].close,
        sum(bar.volume for bar in bars),
    )

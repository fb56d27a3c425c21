"""What a market that happens elsewhere is followed by."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from runtime.events import Candle
from runtime.instrument import Market


class Prices(Protocol):
    """Answers of the market that is followed; each raises MarketDataError where there is none."""

    def now_ms(self) -> int:
        """Tell its time, in milliseconds UTC."""

    def candles_so_far(self, series: tuple[Market, str, str], after_ms: int, until_ms: int) -> Sequence[Candle]:
        """Give the candles that close after one moment and open before another, oldest first, the unfinished too."""

    def funding(self, symbol: str, from_ms: int, to_ms: int) -> Sequence[tuple[int, Decimal]]:
        """Give the rates settled from one moment on until before another, oldest first, as ratios."""


@dataclass(frozen=True, slots=True)
class Following:
    """A market that is followed by its candles of one `timeframe`.

    `keep` is given the whole state of the exchange, and `kept` is what it was given last, None at the first start.
    `tell` hears in a sentence that the market has gone silent, or is back.
    """

    prices: Prices
    timeframe: str
    keep: Callable[[Mapping[str, Any]], None]
    tell: Callable[[str], None]
    kept: Mapping[str, Any] | None = None

"""The faces that the outside world shows to the runtime."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from runtime.events import Candle, ExchangeEvent
from runtime.requests import Request


class CandleExchange(Protocol):
    """An exchange that lives in candles: it takes requests, and each candle's opening and course make things happen."""

    def submit(self, request: Request, at_ms: int) -> Sequence[ExchangeEvent]:
        """Take or refuse a request."""

    def open(self, candles: Sequence[Candle]) -> Sequence[ExchangeEvent]:
        """Trade at the first price of each candle; nothing else of the candle may be looked at."""

    def range(self, candles: Sequence[Candle]) -> Sequence[ExchangeEvent]:
        """Trade inside each candle, the worst case first."""

    def settle(self, symbol: str, rate: Decimal, at_ms: int) -> Sequence[ExchangeEvent]:
        """Pay and collect the funding of a perpetual."""

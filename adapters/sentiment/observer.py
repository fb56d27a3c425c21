"""Tells the engine how the crowd feels."""

from collections.abc import Callable
from decimal import Decimal

from adapters.sentiment.fear_greed import FearGreed
from runtime.events import FactObserved
from runtime.market_data import MarketDataError

FEAR_GREED = "fear_greed"
EVERY_MS = 900_000


class Observer:
    """Tells each day's Fear & Greed index once, as soon as it is there.

    What can't be had, or is of another day, is left out: the fact grows old, and rules stop believing it.
    """

    def __init__(self, source: FearGreed, put: Callable[[FactObserved], None]) -> None:
        self._source, self._put = source, put
        self._due_ms: int | None = None
        self._told_ms: int | None = None

    def ask(self, now_ms: int, local_ms: int) -> None:
        """Ask if it is time to, which may take seconds; `local_ms` is of a clock that never jumps."""
        if self._due_ms is not None and local_ms < self._due_ms:
            return
        self._due_ms = local_ms + EVERY_MS
        try:
            reading = self._source.newest(now_ms)
        except MarketDataError:
            return
        if reading.is_current(now_ms) and reading.at_ms != self._told_ms:
            self._told_ms = reading.at_ms
            # Exact, as a back-test has it: rules compare it with numbers that are.
            self._put(FactObserved(now_ms, FEAR_GREED, Decimal(repr(reading.value))))

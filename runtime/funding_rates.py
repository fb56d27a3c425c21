"""The funding rates that were settled lately."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice, takewhile
from typing import Any

KEPT_MS = 4 * 86_400_000


@dataclass(slots=True)
class FundingRates:
    """Settled rates by symbol and moment, the oldest first, for a few days; one that comes twice counts once."""

    _rates: dict[str, dict[int, Decimal]] = field(default_factory=dict)

    def settle(self, symbol: str, at_ms: int, rate: Decimal) -> None:
        """Take in a rate, a ratio of one interval, and forget the old ones."""
        rates = self._rates.setdefault(symbol, {})
        is_late = bool(rates) and at_ms < next(reversed(rates))
        rates[at_ms] = rate
        if is_late:
            rates = self._rates[symbol] = dict(sorted(rates.items()))
        for old in [moment for moment in rates if moment <= at_ms - KEPT_MS]:
            del rates[old]

    def mean(self, symbol: str, until_ms: int, span_ms: int, interval_ms: int) -> Decimal | None:
        """Give the mean over a span that ends at a moment, which is included; None unless every interval has one."""
        rates = [rate for at_ms, rate in self._rates.get(symbol, {}).items() if until_ms - span_ms < at_ms <= until_ms]
        if not rates or len(rates) * interval_ms < span_ms:
            return None
        return sum(rates, Decimal(0)) / len(rates)

    def last(self, symbol: str, count: int) -> list[tuple[int, Decimal]]:
        """Give up to so many of the newest settlements with their moments, the newest first."""
        return list(islice(reversed(self._rates.get(symbol, {}).items()), count))

    def negative_run(self, symbol: str) -> int:
        """Say how many of the newest settlements were negative in a row."""
        newest = reversed(self._rates.get(symbol, {}).values())
        return sum(1 for _ in takewhile(lambda rate: rate < 0, newest))

    def to_plain(self) -> list[list[Any]]:
        """Give them as JSON-able data."""
        return [
            [symbol, at_ms, str(rate)]
            for symbol, rates in sorted(self._rates.items())
            for at_ms, rate in sorted(rates.items())
        ]

    def restore(self, rows: Sequence[Sequence[Any]]) -> None:
        """Take back what `to_plain` gave."""
        self._rates = {}
        for symbol, at_ms, rate in rows:
            self._rates.setdefault(symbol, {})[at_ms] = Decimal(rate)

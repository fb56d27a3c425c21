"""What an observation was in the last twenty-four hours."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

DAY_MS = 86_400_000


@dataclass(slots=True)
class LastDay:
    """The values of one observation by symbol and moment, as far back as a day needs."""

    _values: dict[str, dict[int, Decimal]] = field(default_factory=dict)

    def see(self, symbol: str, at_ms: int, value: Decimal) -> None:
        """Take in a value and forget those of more than a day before it."""
        values = self._values.setdefault(symbol, {})
        values[at_ms] = value
        for old in [moment for moment in values if moment < at_ms - DAY_MS]:
            del values[old]

    def fall(self, symbol: str, now_ms: int) -> Decimal | None:
        """Give how far the newest value is below the highest of the last day, as a ratio; None when none is known.

        A symbol without values of its own has those of the whole market.
        """
        values = self._values.get(symbol) or self._values.get("", {})
        recent = {at_ms: value for at_ms, value in values.items() if now_ms - DAY_MS <= at_ms <= now_ms}
        highest = max(recent.values(), default=Decimal(0))
        return (highest - recent[max(recent)]) / highest if highest > 0 else None

    def to_plain(self) -> list[list[Any]]:
        """Give them as JSON-able data."""
        return [
            [symbol, at_ms, str(value)]
            for symbol, values in sorted(self._values.items())
            for at_ms, value in sorted(values.items())
        ]

    def restore(self, rows: Sequence[Sequence[Any]]) -> None:
        """Take back what `to_plain` gave."""
        self._values = {}
        for symbol, at_ms, value in rows:
            self._values.setdefault(symbol, {})[at_ms] = Decimal(value)

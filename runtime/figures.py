"""What is known about an engine as a part of the portfolio."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from runtime.decimals import optional_decimal, optional_plain


@dataclass(frozen=True, slots=True)
class Figures:
    """One engine at the last daily look: ratios of the portfolio, and the Sharpe ratio of 90 days.

    `paused` says that one of its books is paused, fenced or retired. None is unknown.
    """

    weight: Decimal | None = None
    target: Decimal | None = None
    sharpe: float | None = None
    paused: bool = False

    def to_plain(self) -> list[Any]:
        """Give them as plain data."""
        return [optional_plain(self.weight), optional_plain(self.target), self.sharpe, self.paused]

    @classmethod
    def from_plain(cls, data: Sequence[Any]) -> "Figures":
        """Read what `to_plain` wrote."""
        return cls(optional_decimal(data[0]), optional_decimal(data[1]), data[2], data[3])

"""Funding that is settled on the way of a leap: when, and nearly how much."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runtime.feed import Source

Turns = NDArray[np.int64]
Floats = NDArray[np.float64]
# An account has room for as much as this, in parts of what it holds, before its bounds are found again.
MOST_PAID = 0.01


@dataclass(frozen=True, slots=True)
class Settled:
    """Settlements of one perpetual that can be foreseen, up to `end`; `per_unit` is what each pays for a coin held."""

    symbol: str
    end: int
    turns: Turns
    per_unit: Floats

    def paid(self, quantity: float, first: int, end: int) -> Floats:
        """Give what has been received at each turn for a position."""
        received: Floats = np.zeros(end - first)
        inside = self.turns < end
        np.add.at(received, self.turns[inside] - first, quantity * self.per_unit[inside])
        return received.cumsum()


class Settlements:
    """All settlements of one perpetual over the turns of a run."""

    def __init__(self, symbol: str, turns: Turns, rates: Floats, marks: Floats, finest: Source | None) -> None:
        self.symbol, self.turns = symbol, turns
        self._rates, self._marks = rates, marks
        self._closes = None if finest is None else np.array(finest.closes) >= 0

    def between(self, first: int, end: int, *, only_before: bool) -> Settled:
        """Give those from a turn on, before another; `only_before` ends before the first of them.

        It ends as well where they come to too much, and where no candle has just closed that says at which price.
        """
        low, high = (int(place) for place in self.turns.searchsorted((first, end)))
        turns, rates = self.turns[low:high], self._rates[low:high]
        if len(turns):
            stops = np.abs(rates).cumsum() > MOST_PAID
            stops |= only_before if self._closes is None else only_before | ~self._closes[turns]
            if stops.any():
                end = int(turns[stops.argmax()])
                turns, rates = turns[turns < end], rates[: int(turns.searchsorted(end))]
        return Settled(self.symbol, end, turns, -rates * self._marks[turns])

"""The funding rates that were settled, told before the candles of their moment."""

from collections.abc import Callable, Sequence

from adapters.bybit.client import NOT_ANSWERED
from adapters.bybit.history import History
from adapters.bybit.quotes import Quotes
from runtime.events import FactObserved

HOUR_MS = 3_600_000
KNOWN_MS = 4 * 86_400_000
RATE = "funding.rate"


class Settlements:
    """Asks for the rates of perpetuals when they have been settled, and at first for those of the last days."""

    def __init__(
        self,
        history: History,
        symbols: Sequence[str],
        quotes: Quotes,
        put: Callable[[FactObserved], None],
        after_ms: int,
    ) -> None:
        self._history, self._quotes, self._put = history, quotes, put
        self._told_ms = dict.fromkeys(symbols, max(0, after_ms - KNOWN_MS))
        self._due_ms = dict.fromkeys(symbols, 0)
        self._every_ms = dict.fromkeys(symbols, HOUR_MS)

    def at(self, moment: int) -> None:
        """Tell the rates that were settled until a moment; one that can't be had is asked for at the next moment."""
        for symbol, told_ms in self._told_ms.items():
            if moment < self._due_ms[symbol]:
                continue
            try:
                found = self._history.funding(symbol, told_ms, moment)
            except NOT_ANSWERED:
                continue
            for at_ms, rate in found:
                self._put(FactObserved(at_ms, RATE, rate, symbol))
                self._every_ms[symbol] = at_ms - self._told_ms[symbol]
                self._told_ms[symbol] = at_ms
            # A rate that was due and isn't there yet is asked for again at the next moment.
            if found or not self._due_ms[symbol]:
                self._due_ms[symbol] = self._next_ms(symbol, moment)

    def _next_ms(self, symbol: str, moment: int) -> int:
        """When to ask again: a settlement's interval after the last one, or earlier where one is announced.

        What is announced may lie behind one that is still to be told: quotes are ahead of candles that come late.
        """
        full_hour = (moment // HOUR_MS + 1) * HOUR_MS
        awaited = (self._told_ms[symbol] + self._every_ms[symbol], self._quotes.next_funding_ms(symbol) or 0)
        return min((at_ms for at_ms in awaited if at_ms > moment), default=full_hour)

"""What coins earn at Earn, told before the candles of a moment."""

from collections.abc import Callable, Sequence

from adapters.bybit.client import NOT_ANSWERED
from adapters.bybit.line import Line
from adapters.bybit.savings import Product, Tell, product_of
from runtime.events import FactObserved

YIELD = "earn.yield"
EVERY_MS = 900_000


class Yields:
    """Asks for the rates of the coins that may be lent, at most every quarter of an hour of the exchange's time.

    What is told is the lowest of them. Where one can't be had nothing is told, so that what was told before grows old,
    and people hear of it once.
    """

    def __init__(self, line: Line, coins: Sequence[str], put: Callable[[FactObserved], None], tell: Tell) -> None:
        self._line, self._coins, self._put, self._tell = line, tuple(dict.fromkeys(coins)), put, tell
        self._due_ms = 0
        self._is_missing = False

    def at(self, moment: int) -> None:
        """Ask if it is time to."""
        if not self._coins or moment < self._due_ms:
            return
        self._due_ms = moment + EVERY_MS
        try:
            products = [product_of(self._line, coin) for coin in self._coins]
        except NOT_ANSWERED as problem:
            self._miss(f"What coins earn at Earn can't be had, so nothing is lent: {problem}")
            return
        offered = [product for product in products if product is not None and product.available]
        if len(offered) < len(self._coins):
            self._miss(f"Earn has no flexible savings in {', '.join(self._lacking(offered))}, so nothing is lent.")
            return
        self._is_missing = False
        self._put(FactObserved(moment, YIELD, min(product.rate for product in offered)))

    def _lacking(self, offered: Sequence[Product]) -> list[str]:
        return [coin for coin in self._coins if coin not in {product.coin for product in offered}]

    def _miss(self, text: str) -> None:
        if not self._is_missing:
            self._is_missing = True
            self._tell("P3", text)

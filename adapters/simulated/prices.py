"""The last price of each symbol."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from adapters.simulated.precision import exact
from runtime.instrument import Market


class Prices:
    """Last prices by market and symbol; they are also the marks of perpetuals."""

    def __init__(self, prices: Mapping[tuple[Market, str], float] | None = None) -> None:
        # Kept as they come, since nearly all of them are never asked for.
        self.latest: dict[tuple[Market, str], float] = dict(prices or {})

    def find(self, market: Market, symbol: str) -> Decimal | None:
        """Give the last price in quote coin; None before the first candle."""
        price = self.latest.get((market, symbol))
        return None if price is None else exact(price)

    def last(self, market: Market, symbol: str) -> Decimal:
        """Give the last price in quote coin; raises LookupError before the first candle."""
        price = self.find(market, symbol)
        if price is None:
            raise LookupError(
                f"Expected a price of {symbol} ({market}), found none; give the exchange a candle of it first."
            )
        return price

    def to_plain(self) -> list[list[Any]]:
        """Give them as JSON-able values."""
        return [[str(market), symbol, float(price)] for (market, symbol), price in self.latest.items()]

    @classmethod
    def from_plain(cls, plain: Iterable[Iterable[Any]]) -> "Prices":
        """Build them from what to_plain gave."""
        return cls({(Market(market), symbol): price for market, symbol, price in plain})

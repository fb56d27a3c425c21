"""The last known prices, kept as they come and made exact only when somebody asks."""

from collections.abc import Mapping
from decimal import Decimal
from math import isfinite

from runtime.decimals import ONE, plain
from runtime.instrument import Instrument, Market

Key = tuple[Market, str]


class Marks:
    """Prices of instruments, and through them of coins, in units of `money`."""

    def __init__(self, instruments: Mapping[Key, Instrument], money: str) -> None:
        self.money = money
        self._prices: dict[Key, Decimal | float] = {}
        self._by_coin = _sources(instruments, money)

    def store(self, key: Key, price: Decimal | float) -> None:
        """Keep a price as it came: hundreds of thousands come in a run, and few are ever asked for."""
        self._prices[key] = price

    def price(self, key: Key) -> Decimal | None:
        """Give the last price of an instrument, or None when there is none or it is no price at all."""
        price = self._prices.get(key)
        if isinstance(price, float):
            if not (isfinite(price) and price > 0):
                return None
            price = self._prices[key] = Decimal(repr(price))
        return price

    def coin(self, coin: str) -> Decimal | None:
        """Give the price of a coin in money, from its spot symbol or else its perpetual; None when unknown."""
        if coin == self.money:
            return ONE
        for key in self._by_coin.get(coin, ()):
            price = self.price(key)
            if price is not None:
                return price
        return None

    def source(self, coin: str) -> Key | None:
        """Give the instrument whose price a coin has now; None where it has none."""
        return next((key for key in self._by_coin.get(coin, ()) if self.price(key) is not None), None)

    def better_sources(self, key: Key) -> tuple[Key, ...]:
        """Give the instruments that would price the same coin in an instrument's place if they had a price."""
        lists = (keys for keys in self._by_coin.values() if key in keys)
        return next((keys[: keys.index(key)] for keys in lists), ())

    def can_price(self, coin: str) -> bool:
        """Say whether any instrument prices this coin; a coin without one is worth nothing here."""
        return coin == self.money or coin in self._by_coin

    def to_plain(self) -> list[list[str]]:
        """Give the known prices as JSON-able data."""
        known = ((key, self.price(key)) for key in list(self._prices))
        return [[key[0].value, key[1], plain(price)] for key, price in known if price is not None]


def _sources(instruments: Mapping[Key, Instrument], money: str) -> dict[str, tuple[Key, ...]]:
    sources: dict[str, tuple[Key, ...]] = {}
    for market in (Market.SPOT, Market.LINEAR):
        for key, instrument in instruments.items():
            if key[0] is market and instrument.quote == money:
                sources[instrument.base] = (*sources.get(instrument.base, ()), key)
    return sources

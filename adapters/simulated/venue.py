"""What all parts of the exchange share."""

from collections.abc import Mapping
from dataclasses import dataclass

from adapters.simulated.accounts import Accounts
from adapters.simulated.book import OrderBook
from adapters.simulated.prices import Prices
from adapters.simulated.settings import ExchangeSettings
from runtime.instrument import Instrument, Market


@dataclass(frozen=True, slots=True)
class Venue:
    """The instruments and settings, which stay, and the accounts, open orders and prices, which change."""

    instruments: Mapping[tuple[Market, str], Instrument]
    settings: ExchangeSettings
    accounts: Accounts
    book: OrderBook
    prices: Prices

    def perpetual(self, symbol: str) -> Instrument:
        """Give the perpetual of a symbol that is known to exist."""
        return self.instruments[Market.LINEAR, symbol]

"""Where the price of an instrument stands, and where it was in the last day."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from adapters.served.bar import Bar
from adapters.served.figure import figure
from adapters.served.quotes import quotes
from adapters.simulated.precision import ZERO, exact
from runtime.instrument import Instrument, Market

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Ticker:
    """The last price, the hours of the day before it, and the funding rate that was last settled (a ratio)."""

    instrument: Instrument
    last: Decimal
    day: tuple[Bar, ...]
    rate: Decimal
    at_ms: int

    @property
    def volume(self) -> Decimal:
        """What was traded in a day, in base coin."""
        return sum((exact(bar.volume) for bar in self.day), ZERO)

    def spot_row(self) -> dict[str, Any]:
        """Write it for the spot stream, which has no bid and ask."""
        lows, highs = [exact(bar.low) for bar in self.day], [exact(bar.high) for bar in self.day]
        before = exact(self.day[0].open) if self.day else self.last
        turnover = sum((exact(bar.volume) * exact(bar.close) for bar in self.day), ZERO)
        change = ((self.last - before) / before).quantize(Decimal("0.0001"))
        return {
            "symbol": self.instrument.symbol,
            "lastPrice": figure(self.last),
            "highPrice24h": figure(max([*highs, self.last])),
            "lowPrice24h": figure(min([*lows, self.last])),
            "prevPrice24h": figure(before),
            "volume24h": figure(self.volume),
            "turnover24h": figure(turnover),
            "price24hPcnt": figure(change),
            "usdIndexPrice": figure(self.last),
        }

    def row(self) -> dict[str, Any]:
        """Write it for REST, and for the stream of perpetuals."""
        row = self.spot_row() | self._best()
        if self.instrument.market is Market.SPOT:
            return row
        del row["usdIndexPrice"]
        interval_ms = self.instrument.funding_interval_ms
        hour_ago = self.day[-2].open if len(self.day) > 1 else float(self.last)
        empty = ("basisRate", "basis", "basisRateYear", "deliveryFeeRate", "predictedDeliveryPrice")
        return row | {
            "indexPrice": figure(self.last),
            "markPrice": figure(self.last),
            "prevPrice1h": figure(exact(hour_ago)),
            "openInterest": figure(self.volume),
            "openInterestValue": figure(self.volume * self.last),
            "fundingRate": figure(self.rate),
            "nextFundingTime": str(self.at_ms - self.at_ms % interval_ms + interval_ms),
            "fundingIntervalHour": str(interval_ms // HOUR_MS),
            "fundingCap": "0.005",
            "deliveryTime": "0",
            "preOpenPrice": "",
            "preQty": "",
            "curPreListingPhase": "",
            **dict.fromkeys(empty, ""),
        }

    def _best(self) -> dict[str, str]:
        book = quotes(self.instrument, self.last, self.volume)
        (bid, bid_size), (ask, ask_size) = book.bids[0], book.asks[0]
        return {
            "bid1Price": figure(bid),
            "bid1Size": figure(bid_size),
            "ask1Price": figure(ask),
            "ask1Size": figure(ask_size),
        }

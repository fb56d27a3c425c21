"""The facts of the moment: the latest prices and outside observations, each with the time at which it was true."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from runtime.events import Candle, FactObserved
from runtime.funding_rates import FundingRates
from runtime.instrument import Market
from runtime.last_day import LastDay

CONFIRMING_GAP = 0.05
INFINITE = float("inf")
FUNDING_RATE = "funding.rate"
INSURANCE_FUND = "insurance.fund"
Value = Decimal | float | bool | str | int | None


@dataclass(slots=True)
class Quote:
    """The last price of one symbol on one market, when it was seen, and how far it jumped from the one before.

    `exact` is the price as a decimal, once somebody has asked for it.
    """

    price: float
    at_ms: int
    jump: float | None = None
    exact: Decimal | None = None


@dataclass(slots=True)
class Moment:
    """The time of the event being processed, in milliseconds UTC; the only clock that a decision can see."""

    now_ms: int = 0


@dataclass(slots=True)
class Board:
    """Latest prices and observations; a name that was never observed is unknown."""

    moment: Moment = field(default_factory=Moment)
    quotes: dict[tuple[Market, str], Quote] = field(default_factory=dict)
    observations: dict[tuple[str, str], FactObserved] = field(default_factory=dict)
    rates: FundingRates = field(default_factory=FundingRates)
    insurance: LastDay = field(default_factory=LastDay)

    def see_candle(self, candle: Candle) -> None:
        """Take a candle's close as the latest price unless a later or finer candle has told already."""
        key = (candle.market, candle.symbol)
        quote = self.quotes.get(key)
        if quote is None:
            self.quotes[key] = Quote(candle.close, candle.close_ms)
        elif candle.open_ms >= quote.at_ms:
            quote.jump = abs(candle.open / quote.price - 1)
            quote.price, quote.at_ms, quote.exact = candle.close, candle.close_ms, None

    def observe(self, fact: FactObserved) -> None:
        """Remember an outside observation; the newest one counts."""
        self.observations[fact.name, fact.symbol] = fact
        if fact.name == FUNDING_RATE and isinstance(fact.value, Decimal):
            self.rates.settle(fact.symbol, fact.at_ms, fact.value)
        if fact.name == INSURANCE_FUND and isinstance(fact.value, Decimal):
            self.insurance.see(fact.symbol, fact.at_ms, fact.value)

    def observed(self, name: str, symbol: str) -> Value:
        """The latest value of an observation, for the symbol or for the whole market."""
        fact = self.observations.get((name, symbol)) or self.observations.get((name, ""))
        return None if fact is None else fact.value

    def observed_ms(self, name: str, symbol: str) -> int | None:
        """When the latest value of an observation was true."""
        fact = self.observations.get((name, symbol)) or self.observations.get((name, ""))
        return None if fact is None else fact.at_ms

    def price(self, market: Market, symbol: str) -> Decimal | None:
        """The latest price as a decimal, or None when there is none."""
        quote = self.quotes.get((market, symbol))
        if quote is None:
            return None
        if quote.exact is None:
            quote.exact = Decimal(repr(quote.price))
        return quote.exact

    def confirmed(self, market: Market, symbol: str) -> bool | None:
        """Whether another market agrees with the latest price within 5 %; None when there is no fresh second source."""
        mine = self.quotes.get((market, symbol))
        other = self.quotes.get((Market.LINEAR if market is Market.SPOT else Market.SPOT, symbol))
        if mine is None or other is None or other.at_ms < mine.at_ms:
            return None
        return abs(other.price / mine.price - 1) <= CONFIRMING_GAP

    def to_plain(self) -> dict[str, Any]:
        """Prices and observations as plain data."""
        return {
            "now_ms": self.moment.now_ms,
            "quotes": [[m.value, s, q.price, q.at_ms, q.jump] for (m, s), q in sorted(self.quotes.items())],
            "observations": [
                [f.name, f.symbol, type(f.value).__name__, str(f.value), f.at_ms]
                for _, f in sorted(self.observations.items())
            ],
            "rates": self.rates.to_plain(),
            "insurance": self.insurance.to_plain(),
        }

    def restore(self, plain: Mapping[str, Any]) -> None:
        """Take back what `to_plain` gave."""
        self.moment.now_ms = plain["now_ms"]
        self.quotes = {(Market(m), s): Quote(price, at_ms, jump) for m, s, price, at_ms, jump in plain["quotes"]}
        self.observations = {
            (name, symbol): FactObserved(at_ms, name, VALUE_READERS[kind](text), symbol)
            for name, symbol, kind, text, at_ms in plain["observations"]
        }
        self.rates.restore(plain["rates"])
        self.insurance.restore(plain["insurance"])


VALUE_READERS: Mapping[str, Callable[[str], Decimal | float | bool | str]] = {
    "Decimal": Decimal,
    "float": float,
    "bool": lambda text: text == "True",
    "str": str,
    "int": Decimal,
}


def unusable(candle: Candle) -> str | None:
    """Say why a candle can't be traded on, or None when it can."""
    low, high = candle.low, candle.high
    if 0 < low <= candle.open <= high < INFINITE and low <= candle.close <= high and candle.volume >= 0:
        return None
    if not low > 0:
        return f"the low is {low}; a price is above zero"
    if not high < INFINITE:
        return f"the high is {high}; a price is a finite number"
    if not low <= high:
        return f"the high {high} is below the low {low}"
    if not candle.volume >= 0 and low <= candle.open <= high and low <= candle.close <= high:
        return f"the volume is {candle.volume}; it is never negative"
    return f"open {candle.open} or close {candle.close} is outside {low} to {high}"

"""What history has observed: outside facts and funding settlements, in the order in which they became known."""

from dataclasses import dataclass
from decimal import Decimal

from runtime.events import FactObserved
from runtime.market_data import MarketData


@dataclass(frozen=True, slots=True)
class Observation:
    """An outside fact or a funding settlement that history has at one moment."""

    at_ms: int
    name: str
    symbol: str
    value: Decimal

    @property
    def fact(self) -> FactObserved:
        """The event by which the engine learns of it."""
        return FactObserved(self.at_ms, self.name, self.value, self.symbol)


def observations_of(data: MarketData, from_ms: int, to_ms: int) -> list[Observation]:
    """Funding rates and outside facts of the span in order of time, then of name and symbol."""
    funding = [
        Observation(at_ms, "funding.rate", symbol, Decimal(repr(rate)))
        for symbol, frame in data.funding.items()
        for at_ms, rate in frame.select("at_ms", "rate").iter_rows()
    ]
    facts = [
        Observation(at_ms, name, "", Decimal(repr(value)))
        for name, frame in data.facts.items()
        for at_ms, value in frame.select("at_ms", "value").iter_rows()
    ]
    span = (seen for seen in funding + facts if from_ms <= seen.at_ms <= to_ms)
    return sorted(span, key=lambda seen: (seen.at_ms, seen.name, seen.symbol))

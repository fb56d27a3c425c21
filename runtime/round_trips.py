"""What counts as one trade to whoever reads a report: a trade, or both legs of a pair together."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from runtime.instrument import Market
from runtime.trades import Trade

QUOTE_COIN = "USDT"
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """Closed trades that were held together, from the first entry to the last exit; money in quote coin.

    A pair holds a coin on one market and is short of it on another; it is worth what one side of it was.
    """

    legs: tuple[Trade, ...]

    @property
    def entry_ms(self) -> int:
        """Give when the first leg was opened."""
        return min(leg.entry_ms for leg in self.legs)

    @property
    def exit_ms(self) -> int:
        """Give when the last leg was closed."""
        return max(leg.exit_ms for leg in self.legs)

    @property
    def duration_ms(self) -> int:
        """Give how long it was held."""
        return self.exit_ms - self.entry_ms

    @property
    def net(self) -> Decimal:
        """Give the profit after fees and funding."""
        return sum((leg.net for leg in self.legs), _ZERO)

    @property
    def net_return(self) -> Decimal:
        """Give the profit after fees and funding as a ratio of what the larger side was worth at its entry."""
        sides: dict[Market, Decimal] = {}
        for leg in self.legs:
            sides[leg.market] = sides.get(leg.market, _ZERO) + leg.entry_value
        return self.net / max(sides.values())

    @property
    def is_pair(self) -> bool:
        """Say whether more than one market took part."""
        return len({leg.market for leg in self.legs}) > 1


def round_trips(trades: Iterable[Trade]) -> list[RoundTrip]:
    """Put the legs of pairs together, in the order of the last exits; all other trades stay alone.

    Legs of a pair are trades of one book in one coin on two markets, at times that overlap.
    """
    groups: dict[tuple[str, str], list[Trade]] = {}
    for trade in trades:
        groups.setdefault((trade.book, coin_of(trade)), []).append(trade)
    trips = [trip for group in groups.values() for trip in _of_coin(group)]
    return sorted(trips, key=lambda trip: trip.exit_ms)


def together(trades: Iterable[Trade]) -> Iterator[tuple[Trade, ...]]:
    """Group trades whose spans overlap; one that opens when the others have closed begins another group."""
    held: list[Trade] = []
    for trade in sorted(trades, key=lambda trade: trade.entry_ms):
        if held and trade.entry_ms >= max(each.exit_ms for each in held):
            yield tuple(held)
            held = []
        held.append(trade)
    if held:
        yield tuple(held)


def coin_of(trade: Trade) -> str:
    """Name the coin that was traded, whatever market it was on."""
    return trade.symbol.removesuffix(QUOTE_COIN)


def _of_coin(trades: list[Trade]) -> Iterator[RoundTrip]:
    """One book's round trips in one coin."""
    if len({trade.market for trade in trades}) == 1:
        yield from (RoundTrip((trade,)) for trade in trades)
        return
    for legs in together(trades):
        trip = RoundTrip(legs)
        yield from (trip,) if trip.is_pair else (RoundTrip((leg,)) for leg in legs)

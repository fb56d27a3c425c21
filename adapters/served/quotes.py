"""The order book that the exchange shows: made around the last price, since candles have none."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from adapters.simulated.precision import ZERO
from runtime.instrument import Instrument

LEVELS = 50
# All levels together reach this far from the last price, and hold this part of an hour's average volume.
REACH = Decimal("0.01")
VOLUME_SHARE = Decimal("0.1")
HOURS = 24

Level = tuple[Decimal, Decimal]


@dataclass(frozen=True, slots=True)
class Quotes:
    """Bids and asks, each the best first, as price and size in base coin."""

    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


def quotes(instrument: Instrument, last: Decimal, day_volume: Decimal) -> Quotes:
    """Make a book one tick around the last price, where a limit order at the price itself would rest."""
    tick = instrument.price_step
    gap = max((last * REACH / LEVELS / tick).to_integral_value(ROUND_CEILING), Decimal(1)) * tick
    size = max(instrument.quantity_down(day_volume / HOURS * VOLUME_SHARE / LEVELS), instrument.minimum_quantity)
    low, high = instrument.price_down(last), instrument.price_up(last)
    bids = tuple((low - tick - gap * level, size) for level in range(LEVELS))
    asks = tuple((high + tick + gap * level, size) for level in range(LEVELS))
    return Quotes(tuple(level for level in bids if level[0] > ZERO), asks)

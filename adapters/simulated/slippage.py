"""How much worse than the candle's price a taker is served."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Protocol

from adapters.simulated.precision import ONE, ZERO, average_price
from runtime.instrument import Instrument
from runtime.requests import Side

RATIO_STEP = Decimal("1E-8")


class Slippage(Protocol):
    """A model of the liquidity that a taker finds.

    Quantities and volumes are in base coin, results are ratios of the price.
    """

    def ratio(self, quantity: Decimal, volume: Decimal, /) -> Decimal:
        """Say how much worse the average price is for this quantity in a candle of this volume."""
        ...

    def largest(self, ratio: Decimal, volume: Decimal, /) -> Decimal | None:
        """Say which quantity is served at no more than this ratio; None where any quantity is."""
        ...


@dataclass(frozen=True, slots=True)
class FixedSlippage:
    """The same ratio for everyone."""

    fixed: Decimal

    def ratio(self, _quantity: Decimal, _volume: Decimal, /) -> Decimal:
        """Say the fixed ratio."""
        return self.fixed

    def largest(self, ratio: Decimal, _volume: Decimal, /) -> Decimal | None:
        """Say all or nothing."""
        return None if self.fixed <= ratio else ZERO


@dataclass(frozen=True, slots=True)
class BookDepthSlippage:
    """A ratio that grows in proportion to the part of the candle's volume taken.

    `touch` is paid by the smallest order; `depth` is added for an order as large as the whole volume.
    """

    touch: Decimal
    depth: Decimal

    def ratio(self, quantity: Decimal, volume: Decimal, /) -> Decimal:
        """Say the touch and the part of the depth that this quantity uses up; without volume, all of it."""
        part = quantity / volume if volume > ZERO else ONE
        return (self.touch + self.depth * part).quantize(RATIO_STEP, ROUND_CEILING)

    def largest(self, ratio: Decimal, volume: Decimal, /) -> Decimal | None:
        """Say how deep the book may be taken until its average is this much worse."""
        return max((ratio - self.touch) / self.depth * volume, ZERO)


def slipped(instrument: Instrument, side: Side, price: Decimal, ratio: Decimal) -> Decimal:
    """Worsen a price for a taker by a ratio.

    The result may lie outside the candle's range: the range was made by others, and the worse case is assumed.
    """
    return average_price(instrument, side, price * (ONE + ratio if side is Side.BUY else ONE - ratio))

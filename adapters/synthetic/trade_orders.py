"""What the same trades could have come to in another order, drawn with a seed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PERCENTILES = (5, 50, 95)
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Spread:
    """The value that 5, 50 and 95 of 100 draws do not exceed."""

    low: float
    middle: float
    high: float

    @classmethod
    def of(cls, values: Floats) -> "Spread":
        """Give the spread of values."""
        return cls(*(float(value) for value in np.percentile(values, PERCENTILES)))


@dataclass(frozen=True, slots=True)
class Drawn:
    """Final returns and largest drawdowns (ratios) over many draws."""

    trades: int
    draws: int
    total_return: Spread
    largest_drawdown: Spread


def shuffled(returns: Sequence[float], draws: int, seed: int) -> Drawn:
    """Play the same trades in other orders: the return stays, the drawdown doesn't.

    `returns` are what each trade did to the portfolio, as ratios of it.
    """
    random = np.random.Generator(np.random.PCG64([seed, 1]))
    every = np.tile(np.array(returns, dtype=np.float64), (draws, 1))
    return _drawn(random.permuted(every, axis=1))


def drawn_again(returns: Sequence[float], draws: int, seed: int) -> Drawn:
    """Draw as many trades as there were from those that there were, each as often as it comes."""
    random = np.random.Generator(np.random.PCG64([seed, 2]))
    known = np.array(returns, dtype=np.float64)
    places = random.integers(0, len(known), (draws, len(known)))
    return _drawn(known[places])


def _drawn(returns: Floats) -> Drawn:
    draws, trades = returns.shape
    curves = np.cumprod(np.maximum(1 + returns, 0.0), axis=1)
    curves = np.concatenate([np.ones((draws, 1)), curves], axis=1)
    highest = np.maximum.accumulate(curves, axis=1)
    falls: Floats = (1 - curves / highest).max(axis=1)
    final = np.asarray(curves[:, -1] - 1, dtype=np.float64)
    return Drawn(trades, draws, Spread.of(final), Spread.of(falls))

"""How often results of one size came: bars of equal width with a border at nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

SIDES = 15
_CUT = 98


@dataclass(frozen=True, slots=True)
class Bar:
    """How many ratios lie from `start` on and below `end`."""

    start: float
    end: float
    count: int


def histogram(ratios: Sequence[float]) -> tuple[Bar, ...]:
    """Return bars on both sides of nothing; the two outer ones also hold the few that are far beyond."""
    if not ratios:
        return ()
    known = np.asarray(ratios)
    reach = float(np.percentile(np.abs(known), _CUT)) or float(np.abs(known).max()) or 1.0
    edges = np.linspace(-reach, reach, 2 * SIDES + 1)
    edges[SIDES] = 0.0
    counts, _ = np.histogram(np.clip(known, -reach, np.nextafter(reach, 0)), edges)
    bars = [Bar(float(a), float(b), int(n)) for a, b, n in zip(edges, edges[1:], counts, strict=False)]
    used = [index for index, bar in enumerate(bars) if bar.count]
    return tuple(bars[used[0] : used[-1] + 1])

"""What books did with the money that they had: their equity as if no other book had brought any or taken it away."""

from collections.abc import Collection, Iterable
from decimal import Decimal

from runtime.metrics import Curve
from runtime.run import EquityPoint

_ZERO = Decimal(0)


def own_curve(points: Iterable[EquityPoint], books: Collection[str], start_ms: int) -> Curve:
    """Return the first equity of some books together, growing as their equity did between transfers.

    From one point to the next it changes by what was earned, as a ratio of what was there: money that came or left in
    between is neither profit nor loss. Transfers among the books are nothing at all. Where nothing was there, nothing
    can be earned.
    """
    value, curve, before = 0.0, list[tuple[int, float]](), None
    for point in points:
        known = [book for book in books if book in point.by_book]
        if not known:
            continue
        equity = sum((point.by_book[book] for book in known), _ZERO)
        moved = sum((point.moved.get(book, _ZERO) for book in known), _ZERO)
        if before is None:
            value = float(equity - moved)
            curve.append((start_ms, value))
        else:
            value *= _growth(equity, moved, *before)
        curve.append((point.at_ms, value))
        before = (equity, moved)
    return Curve.of(curve)


def _growth(equity: Decimal, moved: Decimal, equity_before: Decimal, moved_before: Decimal) -> float:
    if equity_before <= 0:
        return 1.0
    return float(max(equity - (moved - moved_before), _ZERO) / equity_before)

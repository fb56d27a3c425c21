"""Numbers and conditions of which only bounds are known, for many turns at once; the bounds are never too narrow."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from types import MappingProxyType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from rules.language.evaluate import Value

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Item = TypeVar("Item", bound=np.generic)
# A rule calculates with decimals or with floats in another order: so much, relative to the operands, may lie between.
SLACK = 1e-12
YES: Mask = np.ones(1, dtype=bool)
NO: Mask = np.zeros(1, dtype=bool)
EVERYWHERE: Floats = np.full(1, np.inf)


@dataclass(frozen=True, slots=True)
class Truth:
    """At each turn, whether a condition may be true, may be false, may be unknown; one turn may stand for all."""

    true: Mask
    false: Mask
    unknown: Mask

    @property
    def known(self) -> Mask:
        """Whether it may be true or false."""
        return self.true | self.false

    def at(self, places: NDArray[np.int64]) -> "Truth":
        """Give it at some of the turns."""
        return Truth(_taken(self.true, places), _taken(self.false, places), _taken(self.unknown, places))


@dataclass(frozen=True, slots=True)
class Interval:
    """At each turn, bounds of a number where it may be `known`, and whether it may be unknown; one may stand for all.

    The bounds are part of it. What may not be known has any bounds.
    """

    low: Floats
    high: Floats
    known: Mask
    unknown: Mask

    def at(self, places: NDArray[np.int64]) -> "Interval":
        """Give it at some of the turns."""
        low, high = _taken(self.low, places), _taken(self.high, places)
        return Interval(low, high, _taken(self.known, places), _taken(self.unknown, places))

    def __neg__(self) -> "Interval":
        return Interval(-self.high, -self.low, self.known, self.unknown)

    def __add__(self, other: "Interval") -> "Interval":
        size = _size(self) + _size(other)
        return _both(self, other, self.low + other.low, self.high + other.high, size)

    def __sub__(self, other: "Interval") -> "Interval":
        return self + -other

    def __mul__(self, other: "Interval") -> "Interval":
        return _cornered(np.multiply, self, other)

    def __truediv__(self, other: "Interval") -> "Interval":
        """What may be divided by zero may be unknown, and may be anything."""
        with np.errstate(all="ignore"):
            quotient = _cornered(np.divide, self, other)
        by_zero = (other.low <= 0) & (other.high >= 0)
        low, high = np.where(by_zero, -np.inf, quotient.low), np.where(by_zero, np.inf, quotient.high)
        return Interval(low, high, quotient.known, quotient.unknown | by_zero)


ANY_TRUTH = Truth(YES, YES, YES)
ANYTHING = Interval(-EVERYWHERE, EVERYWHERE, YES, YES)


# ── what is known for certain ───────────────────────────────────────────────────────────────────────────────────────


def truth_of(value: Value) -> Truth:
    """Give a condition that is the same at all turns."""
    return truths([value])


def truths(values: Iterable[Value]) -> Truth:
    """Give conditions turn by turn."""
    codes = np.array([2 if value is None else bool(value) for value in values], dtype=np.int64)
    return Truth(codes == 1, codes == 0, codes == 2)


def number_of(value: Value) -> Interval:
    """Give a number that is the same at all turns."""
    if value is None or isinstance(value, str):
        return numbers([None])
    near = float(value)
    return _around(np.full(1, near), np.full(1, 0.0 if near == value else SLACK))


def numbers(values: Sequence[Value]) -> Interval:
    """Give numbers turn by turn; decimals that no float is equal to get bounds around them."""
    exact = [None if value is None or isinstance(value, str) else value for value in values]
    near = np.array([np.nan if value is None else float(value) for value in exact])
    same = np.array([value is None or value == floated for value, floated in zip(exact, near.tolist(), strict=True)])
    return _around(near, np.where(same, 0.0, SLACK))


def floats(values: Floats, slack: float = 0.0) -> Interval:
    """Give floats turn by turn, NaN for unknown; with slack where they are only near what a rule sees."""
    return _around(values, np.full(1, slack))


def _around(values: Floats, slack: Floats) -> Interval:
    known = np.isfinite(values)
    width = np.abs(values) * slack
    return Interval(values - width, values + width, known, ~known)


# ── calculations ────────────────────────────────────────────────────────────────────────────────────────────────────


def absolute(number: Interval) -> Interval:
    """Take the sign away."""
    near, far = np.minimum(np.abs(number.low), np.abs(number.high)), _size(number)
    low = np.where((number.low <= 0) & (number.high >= 0), 0.0, near)
    return Interval(low, far, number.known, number.unknown)


def smallest(several: Sequence[Interval]) -> Interval:
    """Give the smallest; unknown when one of them is."""
    return _extreme(np.minimum, several)


def largest(several: Sequence[Interval]) -> Interval:
    """Give the largest; unknown when one of them is."""
    return _extreme(np.maximum, several)


def total(several: Sequence[Interval]) -> Interval:
    """Give the sum; unknown when one of them is."""
    return reduce(Interval.__add__, several, number_of(Decimal(0)))


Calculation = Callable[[Sequence[Interval]], Interval]
CALCULATE: Mapping[str, Callable[[Interval, Interval], Interval]] = MappingProxyType(
    {"+": Interval.__add__, "-": Interval.__sub__, "*": Interval.__mul__, "/": Interval.__truediv__}
)
FUNCTIONS: Mapping[str, Calculation] = MappingProxyType(
    {"abs": lambda parts: absolute(parts[0]), "max": largest, "min": smallest}
)


def choice(condition: Truth, then: Interval, otherwise: Interval) -> Interval:
    """Give the one or the other."""
    first, second = condition.true & then.known, condition.false & otherwise.known
    low = np.minimum(np.where(first, then.low, np.inf), np.where(second, otherwise.low, np.inf))
    high = np.maximum(np.where(first, then.high, -np.inf), np.where(second, otherwise.high, -np.inf))
    unknown = condition.unknown | (condition.true & then.unknown) | (condition.false & otherwise.unknown)
    return Interval(low, high, first | second, unknown)


def _extreme(better: Callable[[Floats, Floats], Floats], several: Sequence[Interval]) -> Interval:
    return Interval(
        reduce(better, (one.low for one in several)),
        reduce(better, (one.high for one in several)),
        reduce(np.logical_and, (one.known for one in several)),
        reduce(np.logical_or, (one.unknown for one in several)),
    )


def _cornered(calculate: Callable[[Floats, Floats], Floats], one: Interval, other: Interval) -> Interval:
    with np.errstate(all="ignore"):
        corners = [calculate(left, right) for left in (one.low, one.high) for right in (other.low, other.high)]
    low, high = reduce(np.minimum, corners), reduce(np.maximum, corners)
    return _both(one, other, low, high, np.maximum(np.abs(low), np.abs(high)))


def _both(one: Interval, other: Interval, low: Floats, high: Floats, size: Floats) -> Interval:
    """What two numbers come to: a little wider, and anything where floats can't say."""
    with np.errstate(all="ignore"):
        lower, upper = low - SLACK * size, high + SLACK * size
    endless = ~(np.isfinite(lower) & np.isfinite(upper))
    known = one.known & other.known
    unknown = one.unknown | other.unknown | (known & endless)
    return Interval(np.where(endless, -np.inf, lower), np.where(endless, np.inf, upper), known, unknown)


def _size(number: Interval) -> Floats:
    return np.maximum(np.abs(number.low), np.abs(number.high))


def _taken(column: NDArray[Item], places: NDArray[np.int64]) -> NDArray[Item]:
    return column if len(column) == 1 else column[places]


# ── conditions ──────────────────────────────────────────────────────────────────────────────────────────────────────


def compare(operator: str, one: Interval, other: Interval) -> Truth:
    """Compare two numbers; unknown when one of them is."""
    known, unknown = one.known & other.known, one.unknown | other.unknown
    if operator in ("<", "<="):
        return compare(">" if operator == "<" else ">=", other, one)
    if operator == ">":
        return Truth(known & (one.high > other.low), known & (one.low <= other.high), unknown)
    if operator == ">=":
        return Truth(known & (one.high >= other.low), known & (one.low < other.high), unknown)
    same = (one.high >= other.low) & (one.low <= other.high)
    single = same & (one.low == one.high) & (other.low == other.high)
    yes, no = known & same, known & ~single
    return Truth(yes, no, unknown) if operator == "==" else Truth(no, yes, unknown)


def negation(condition: Truth) -> Truth:
    """Not: unknown stays unknown."""
    return Truth(condition.false, condition.true, condition.unknown)


def all_of(conditions: Sequence[Truth]) -> Truth:
    """And: false if any is false, else unknown if any is unknown."""
    unknown = reduce(np.logical_or, (one.unknown for one in conditions))
    not_false = reduce(np.logical_and, (one.true | one.unknown for one in conditions))
    true = reduce(np.logical_and, (one.true for one in conditions))
    return Truth(true, reduce(np.logical_or, (one.false for one in conditions)), unknown & not_false)


def any_of(conditions: Sequence[Truth]) -> Truth:
    """Or: true if any is true, else unknown if any is unknown."""
    return negation(all_of([negation(one) for one in conditions]))


def is_known(what: Truth | Interval) -> Truth:
    """Whether a value is known; itself never unknown."""
    return Truth(what.known, what.unknown, NO)

"""Calculations and comparisons as closures; whatever has no finite result is unknown (None)."""

import math
import operator
from collections.abc import Callable, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Any

Reader = Callable[[], Any]
Calculate = Callable[[Any, Any], Any]

INFINITE = math.inf
COMPARE: dict[str, Calculate] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_CALCULATE: dict[str, Calculate] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


def always(value: Any) -> Reader:
    """Read a value that never changes."""
    return lambda: value


def as_float(value: Any) -> float | None:
    """Give a decimal as float; unknown when it is too large for one."""
    if value is None:
        return None
    result = float(value)
    return result if -INFINITE < result < INFINITE else None


def floated(read: Reader) -> Reader:
    """Read an exact value as float."""
    return lambda: as_float(read())


def negative(read: Reader) -> Reader:
    """Change the sign."""

    def run() -> Any:
        value = read()
        return None if value is None else -value

    return run


def arithmetic(sign: str, left: Reader, right: Reader, exact: bool) -> Reader:
    """Calculate with two sides, both exact or both float."""
    if exact:
        return _guarded(_exact(sign), left, right)
    calculate = _quotient if sign == "/" else _CALCULATE[sign]

    def run() -> float | None:
        one = left()
        if one is None:
            return None
        other = right()
        if other is None:
            return None
        result = calculate(one, other)
        return result if -INFINITE < result < INFINITE else None

    return run


def _quotient(one: float, other: float) -> float:
    return one / other if other else INFINITE


def with_constant(sign: str, left: Reader, right: Any, exact: bool) -> Reader:
    """Calculate with a right side that never changes."""
    if right is None:
        return always(None)
    if exact or (sign == "/" and right == 0):
        return arithmetic(sign, left, always(right), exact)
    calculate = _CALCULATE[sign]

    def run() -> float | None:
        one = left()
        if one is None:
            return None
        result = calculate(one, right)
        return result if -INFINITE < result < INFINITE else None

    return run


def _exact(sign: str) -> Calculate:
    """Whole numbers of milliseconds are divided as decimals too."""
    if sign != "/":
        return _CALCULATE[sign]
    return lambda one, other: Decimal(one) / other


def _guarded(calculate: Calculate, left: Reader, right: Reader) -> Reader:
    def run() -> Any:
        one = left()
        if one is None:
            return None
        other = right()
        if other is None:
            return None
        try:
            return calculate(one, other)
        except ArithmeticError:
            return None

    return run


def compare(sign: str, left: Reader, right: Reader) -> Reader:
    """Compare two sides, both exact or both float."""
    test = COMPARE[sign]

    def run() -> bool | None:
        one = left()
        if one is None:
            return None
        other = right()
        return None if other is None else test(one, other)

    return run


def compare_constant(sign: str, left: Reader, right: Any) -> Reader:
    """Compare with a right side that never changes."""
    if right is None:
        return always(None)
    test = COMPARE[sign]

    def run() -> bool | None:
        one = left()
        return None if one is None else test(one, right)

    return run


def pointwise(function: str, readers: Sequence[Reader], exact: bool) -> Reader:
    """Call abs, min, max, sqrt, log, round, floor or ceil; unknown when an argument or the result is."""
    if function in ("min", "max"):
        return extreme(readers, function == "max")
    calculate = (EXACT if exact else FLOAT)[function]
    read = readers[0]

    def run() -> Any:
        value = read()
        if value is None:
            return None
        try:
            return calculate(value)
        except (ArithmeticError, ValueError):
            return None

    return run


def extreme(readers: Sequence[Reader], largest: bool) -> Reader:
    """Give the largest or smallest; unknown when one of them is, or when there are none."""
    every = tuple(readers)
    better = operator.gt if largest else operator.lt

    def run() -> Any:
        best = None
        for read in every:
            value = read()
            if value is None:
                return None
            if best is None or better(value, best):
                best = value
        return best

    return run


def total(readers: Sequence[Reader], exact: bool) -> Reader:
    """Give the sum; unknown when one of them is."""
    result = always(Decimal(0) if exact else 0.0)
    for read in readers:
        result = arithmetic("+", result, read, exact)
    return result


def _exact_root(value: Any) -> Decimal:
    return Decimal(value).sqrt()


def _exact_logarithm(value: Any) -> Decimal | None:
    return Decimal(value).ln() if value > 0 else None


def _whole(rounding: str) -> Callable[[Any], Decimal]:
    return lambda value: Decimal(value).to_integral_value(rounding)


EXACT: dict[str, Callable[[Any], Any]] = {
    "abs": abs,
    "sqrt": _exact_root,
    "log": _exact_logarithm,
    "round": _whole(ROUND_HALF_EVEN),
    "floor": _whole(ROUND_FLOOR),
    "ceil": _whole(ROUND_CEILING),
}
FLOAT: dict[str, Callable[[float], float]] = {
    "abs": abs,
    "sqrt": math.sqrt,
    "log": math.log,
    "round": lambda value: float(round(value)),
    "floor": lambda value: float(math.floor(value)),
    "ceil": lambda value: float(math.ceil(value)),
}

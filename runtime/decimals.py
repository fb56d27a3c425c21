"""Decimals that neither lose a digit in a sum nor show an exponent to anyone."""

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal

ZERO = Decimal(0)
ONE = Decimal(1)

# Sums and products of money fit: the longest product of a quantity, a price and a fee has fewer than 50 digits.
EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
# A size that had to be cut off anywhere is cut off downwards.
DOWNWARDS = Context(prec=60, rounding=ROUND_DOWN)

_FINEST = Decimal("1E-18")
_READABLE = Context(prec=8)


def share(amount: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """Give the part of an amount that belongs to `part` of `whole`, to 18 decimals; all of it when they are equal."""
    if part == whole:
        return amount
    return EXACT.quantize(EXACT.divide(EXACT.multiply(amount, part), whole), _FINEST)


def plain(value: Decimal) -> str:
    """Write every digit of a decimal, never with an exponent."""
    return format(value, "f")


def readable(value: Decimal) -> str:
    """Write at most eight significant digits of a decimal, without needless zeros."""
    text = format(_READABLE.plus(value), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(ratio: Decimal) -> str:
    """Write a ratio as a percentage: 0.015 is 1.5 %."""
    return f"{readable(ratio * 100)} %"


def optional_plain(value: Decimal | None) -> str | None:
    """Write a decimal that may be missing."""
    return None if value is None else plain(value)


def optional_decimal(text: str | None) -> Decimal | None:
    """Read a decimal that may be missing."""
    return None if text is None else Decimal(text)

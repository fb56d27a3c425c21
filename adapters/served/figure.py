"""Numbers as Bybit writes them: text, fixed point, and empty where there is none."""

from decimal import Decimal

from adapters.simulated.precision import ZERO


def figure(value: Decimal | None) -> str:
    """Write an exact number without exponent and without needless zeros; None as an empty text."""
    if value is None:
        return ""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def price_figure(value: float) -> str:
    """Write a candle's price or volume, digit for digit."""
    return figure(Decimal(repr(float(value))))


def positive_figure(value: Decimal | None) -> str:
    """Write a number above zero; anything else as an empty text."""
    return figure(value) if value is not None and value > ZERO else ""

"""How numbers and moments are written for people."""

from datetime import UTC, datetime
from decimal import Decimal

NOTHING = "–"


def percent(ratio: float | Decimal | None, digits: int = 1, *, signed: bool = False) -> str:
    """Write a ratio in per cent: 0.1234 is "12.3 %"."""
    if ratio is None:
        return NOTHING
    return f"{_near(float(ratio) * 100, digits):{'+' if signed else ''},.{digits}f} %"


def number(value: float | Decimal | None, digits: int = 2) -> str:
    """Write a plain number."""
    return NOTHING if value is None else f"{_near(float(value), digits):,.{digits}f}"


def money(amount: Decimal | float | None, *, signed: bool = False) -> str:
    """Write an amount of USDT with two decimals."""
    if amount is None:
        return NOTHING
    return f"{_near(float(amount), 2):{'+' if signed else ''},.2f}"


def price(value: Decimal | None) -> str:
    """Write a price with about six digits, whatever its size."""
    if value is None:
        return NOTHING
    digits = max(2, 5 - max(value.adjusted(), -6)) if value else 2
    return f"{value:,.{min(digits, 10) if abs(value) < 1000 else 2}f}"


def day(at_ms: int | None) -> str:
    """Write the day of a moment in UTC."""
    return NOTHING if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d")


def minute(at_ms: int | None) -> str:
    """Write a moment in UTC to the minute."""
    return NOTHING if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")


def days(count: float | None) -> str:
    """Write a number of days."""
    return NOTHING if count is None else f"{count:,.0f} d"


def hours(count: float | None) -> str:
    """Write how long something was held: hours up to two days, days beyond."""
    if count is None:
        return NOTHING
    return f"{count:.0f} h" if count < 48 else f"{count / 24:.1f} d"


def counted(count: int, noun: str) -> str:
    """Write a count with its noun: "1 trade", "2 trades"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _near(value: float, digits: int) -> float:
    """A value that rounds to nothing has no sign."""
    rounded = round(value, digits)
    return rounded if rounded else 0.0

"""Values as a person reads them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType

from rules.language.evaluate import Value
from rules.language.units import Unit

SIGNIFICANT_DIGITS = 6
UNKNOWN = "unknown"
_SPANS = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s"))
_SUFFIXES: Mapping[str, str] = MappingProxyType({Unit.RATIO: " %", Unit.MONEY: " USDT"})


def prose(value: Value, unit: str) -> str:
    """Write a value with its unit: 2.5 %, 500 USDT, 14 d, true, unknown."""
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if unit == Unit.DURATION:
        return _duration(int(value))
    if unit in (Unit.TIME_OF_DAY, Unit.TIMESTAMP):
        return _moment(int(value), unit)
    return number(value * 100 if unit == Unit.RATIO else value) + _SUFFIXES.get(unit, "")


def number(value: Decimal | float | int) -> str:
    """Write a number with six digits that matter; whole parts are never cut."""
    exact = Decimal(value) if not isinstance(value, float) else Decimal(repr(value))
    if not exact.is_finite():
        return UNKNOWN
    if exact.adjusted() >= 20:
        return f"{exact:.{SIGNIFICANT_DIGITS}g}"
    places = max(0, SIGNIFICANT_DIGITS - 1 - exact.adjusted()) if exact else 0
    text = f"{round(exact, places):f}" if places < 30 else "0"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _duration(milliseconds: int) -> str:
    """Write the two largest units that matter."""
    if milliseconds == 0:
        return "0 s"
    sign, rest, parts = ("-" if milliseconds < 0 else ""), abs(milliseconds), []
    for length, suffix in _SPANS:
        if rest >= length:
            parts.append(f"{rest // length} {suffix}")
            rest %= length
    return sign + (" ".join(parts[:2]) or f"{rest} ms")


def _moment(milliseconds: int, unit: str) -> str:
    if unit == Unit.TIME_OF_DAY:
        return f"{milliseconds // 3_600_000:02}:{milliseconds // 60_000 % 60:02}"
    from_epoch = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    return f"{from_epoch:%Y-%m-%d %H:%M} UTC"

"""Reading what an exchange wrote, field by field; whatever is not as documented is one typed error, for one message."""

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

Row = Mapping[str, object]

LONGEST_MESSAGE = 4_000_000
"""Characters; the largest order book is a tenth of this."""
LARGEST_EXPONENT = 24
NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]{1,4})?")
LATEST_MS = 32_503_680_000_000
"""The year 3000: a time beyond it is no time in milliseconds."""


class MalformedError(Exception):
    """A message can't be read; the text says which field, what was expected and what was found."""


def parse(text: str | bytes) -> Row:
    """Read one JSON object.

    Raises MalformedError for anything else: too long, nested too deep, NaN, a number of thousands of digits, no object.
    """
    if len(text) > LONGEST_MESSAGE:
        raise MalformedError(f"Expected a message of at most {LONGEST_MESSAGE} characters, found {len(text)}.")
    try:
        data = json.loads(text, parse_constant=_no_number)
    except RecursionError:
        raise MalformedError("Expected a flat message, found one nested deeper than any of the exchange's.") from None
    except ValueError as problem:
        raise MalformedError(f"Expected JSON, found {shown(text)} ({type(problem).__name__}).") from None
    return row(data, "the message")


def _no_number(name: str) -> float:
    raise ValueError(name)


def shown(value: object) -> str:
    """Give enough of a value to recognise it."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value if isinstance(value, str) else None
    return ascii(type(value).__name__ if text is None else text[:40])


def row(value: object, name: str) -> Row:
    """Expect an object."""
    if not isinstance(value, dict):
        raise MalformedError(f"{name}: expected an object, found {shown(value)}.")
    return value


def rows(data: Row, name: str) -> Sequence[Row]:
    """Expect a list of objects."""
    return [row(entry, name) for entry in items(data, name)]


def items(data: Row, name: str) -> Sequence[object]:
    """Expect a list."""
    value = data.get(name)
    if not isinstance(value, list):
        raise MalformedError(f"{name}: expected a list, found {shown(value)}.")
    return value


def text(data: Row, name: str) -> str:
    """Expect a text that says something."""
    value = data.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= 200:
        raise MalformedError(f"{name}: expected a text, found {shown(value)}.")
    return value


def optional_text(data: Row, name: str) -> str:
    """Expect a text, which may be empty or missing."""
    return text(data, name) if data.get(name) not in (None, "") else ""


def decimal_of(value: object, name: str) -> Decimal:
    """Expect a number written as text; one with a magnitude that no market knows is refused."""
    if not isinstance(value, str) or len(value) > 60:
        raise MalformedError(f"{name}: expected a number written as text, found {shown(value)}.")
    if not NUMBER.fullmatch(value):
        raise MalformedError(f"{name}: expected a number, found {shown(value)}.")
    number = Decimal(value)
    if abs(number.adjusted()) > LARGEST_EXPONENT:
        raise MalformedError(f"{name}: expected a number that a market can hold, found {shown(value)}.")
    return number


def decimal(data: Row, name: str) -> Decimal:
    """Expect a number in a field."""
    return decimal_of(data.get(name), name)


def optional_decimal(data: Row, name: str) -> Decimal | None:
    """Expect a number; None where the exchange writes nothing."""
    return None if data.get(name) in (None, "") else decimal(data, name)


def positive(data: Row, name: str) -> Decimal:
    """Expect a number above zero."""
    number = decimal(data, name)
    if not number > 0:
        raise MalformedError(f"{name}: expected a number above zero, found {number}.")
    return number


def price_or_none(data: Row, name: str) -> Decimal | None:
    """Expect a price; None where there is none, which the exchange writes as nothing or as zero."""
    number = optional_decimal(data, name)
    return number if number else None


def milliseconds_of(value: object, name: str) -> int:
    """Expect a moment in milliseconds UTC, as an integer or written as text."""
    number = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20 else value
    if not isinstance(number, int) or isinstance(number, bool) or not 0 < number < LATEST_MS:
        raise MalformedError(f"{name}: expected milliseconds UTC, found {shown(value)}.")
    return number


def milliseconds(data: Row, name: str) -> int:
    """Expect a moment in a field."""
    return milliseconds_of(data.get(name), name)


def flag(data: Row, name: str) -> bool:
    """Expect true or false."""
    value = data.get(name)
    if not isinstance(value, bool):
        raise MalformedError(f"{name}: expected true or false, found {shown(value)}.")
    return value

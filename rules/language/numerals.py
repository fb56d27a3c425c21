"""Numbers as they are written, with their units."""

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from rules.language.findings import SyntaxProblem, error
from rules.language.source import Place, Text
from rules.language.units import Kind, Unit

Scalar = Decimal | Fraction | int | bool | str
LiteralValue = Scalar | tuple["Literal", ...]

MONEY_COIN = "USDT"
MOST_DIGITS = 20
DURATIONS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_RATIO_SUFFIXES = {"%": Decimal("0.01"), "bps": Decimal("0.0001")}
_DURATION_WORDS = {
    "millisecond": "ms",
    "second": "s",
    "sec": "s",
    "minute": "m",
    "min": "m",
    "hour": "h",
    "hr": "h",
    "day": "d",
    "week": "w",
}
_NUMBER = re.compile(r"(?P<digits>[0-9_.]+)(?P<suffix>%|[A-Za-z_].*)?\Z")


@dataclass(frozen=True, slots=True)
class Literal:
    """A value with its kind, place and text.

    Numbers, ratios (2% is 0.02), money, prices and quantities are Decimal; a quotient a/b is a Fraction; durations and
    times of day are milliseconds; words and texts are str; lists are tuples of literals.
    """

    value: LiteralValue
    kind: Kind
    place: Place
    text: str


def read_number(source: Text, start: int, end: int) -> Literal:
    """Read one number token: `25`, `0.5`, `2%`, `5bps`, `14d`.

    Raises:
        SyntaxProblem: when the digits or the unit can't be read.
    """
    text = source.text[start:end]
    place = source.at(start, end)
    match = _NUMBER.match(text)
    digits, suffix = (match["digits"], match["suffix"] or "") if match else (text, "")
    value = _digits(digits, place)
    kind, scaled = _with_suffix(value, digits, suffix, place)
    return Literal(scaled, Kind(kind, series=True), place, text)


def _digits(digits: str, place: Place) -> Decimal:
    whole, point, part = digits.partition(".")
    if "_" in digits:
        raise _unreadable(place, digits, f"Write {digits.replace('_', '')}.")
    if "." in part:
        raise _unreadable(place, digits, "A number has one decimal point and no thousands separators.")
    if point and not part:
        raise _unreadable(place, digits, f"Write {whole}.0 or {whole}.")
    if len(whole) > 1 and whole.startswith("0"):
        raise _unreadable(place, digits, "Numbers don't begin with 0 and have no thousands separators.")
    if len(whole) > MOST_DIGITS or len(part) > MOST_DIGITS:
        sentence = f"A number has at most {MOST_DIGITS} digits before and after the decimal point."
        raise SyntaxProblem(error("R163", place, sentence))
    return Decimal(digits)


def _with_suffix(value: Decimal, digits: str, suffix: str, place: Place) -> tuple[Unit, Decimal | int]:
    if not suffix:
        return (Unit.NUMBER if "." in digits else Unit.COUNT), value
    if suffix in _RATIO_SUFFIXES:
        return Unit.RATIO, value * _RATIO_SUFFIXES[suffix]
    if suffix in DURATIONS_MS:
        milliseconds = value * DURATIONS_MS[suffix]
        if milliseconds != milliseconds.to_integral_value():
            raise _unreadable(place, digits + suffix, "A duration is a whole number of milliseconds.")
        return Unit.DURATION, int(milliseconds)
    raise _unreadable(place, digits + suffix, _suffix_hint(digits, suffix))


def _suffix_hint(digits: str, suffix: str) -> str:
    folded = suffix.lower()
    if re.fullmatch(r"e[0-9]*", folded):
        return "Write the number out, without an exponent."
    unit = _DURATION_WORDS.get(folded.removesuffix("s")) or (folded if folded in DURATIONS_MS else None)
    if unit:
        return f"Write `{digits}{unit}`."
    if suffix.isupper() and len(suffix) > 1:
        return f"Write `{digits} {suffix}`, with a space."
    if folded in ("pct", "percent"):
        return f"Write `{digits}%`."
    return "Units are `%`, `bps`, `ms`, `s`, `m`, `h`, `d`, `w`, or a coin after a space (`500 USDT`)."


def _unreadable(place: Place, text: str, suggestion: str) -> SyntaxProblem:
    return SyntaxProblem(error("R163", place, f"The number `{text[:40]}` can't be read.", suggestion))


def read_time_of_day(source: Text, start: int, end: int) -> Literal:
    """Read `08:00` as milliseconds after midnight UTC.

    Raises:
        SyntaxProblem: when the hour or the minute doesn't exist.
    """
    text = source.text[start:end]
    hours, minutes = (int(part) for part in text.split(":"))
    if hours > 23 or minutes > 59:
        sentence = f"`{text}` is not a time of day; they go from 00:00 to 23:59 UTC."
        raise SyntaxProblem(error("R163", source.at(start, end), sentence))
    milliseconds = hours * DURATIONS_MS["h"] + minutes * DURATIONS_MS["m"]
    return Literal(milliseconds, Kind(Unit.TIME_OF_DAY, series=True), source.at(start, end), text)


def with_coins(number: Literal, coin: str, per: str, place: Place, text: str) -> Literal:
    """Give a bare number its coin: `500 USDT` is money, `0.5 BTC` a quantity, `60000 USDT/BTC` a price.

    Raises:
        SyntaxProblem: when the number already has a unit, or prices and money aren't in USDT.
    """
    if number.kind.unit not in (Unit.COUNT, Unit.NUMBER):
        raise SyntaxProblem(error("R163", place, f"`{text}` has two units.", f"Write `{number.text}` or the coin."))
    if per and coin != MONEY_COIN:
        raise SyntaxProblem(error("R163", place, f"Prices are counted in {MONEY_COIN}, not {coin}."))
    unit = Unit.PRICE if per else Unit.MONEY if coin == MONEY_COIN else Unit.QUANTITY
    return Literal(number.value, Kind(unit, series=True), place, text)

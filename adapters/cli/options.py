"""What people write behind options, read with the grammar of the rule files where they share it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import wraps
from typing import Any

import typer

from adapters.cli.failure import near
from rules.language.findings import SyntaxProblem
from rules.language.literals import Literal, parse_literal
from rules.language.source import in_one_line
from rules.language.units import Unit
from runtime.instrument import Market
from runtime.timeframe import timeframe_ms

NEVER = "never"


@dataclass(frozen=True, slots=True)
class Share:
    """The share of the portfolio that a book gets, as a ratio."""

    book: str
    ratio: Decimal


def from_text(read: Callable[[str], Any]) -> Callable[[Any], Any]:
    """Let a reader pass on what is no text: Typer hands defaults to it as well."""

    @wraps(read)
    def reader(given: Any) -> Any:
        return read(given) if isinstance(given, str) else given

    return reader


@from_text
def moment(text: str) -> int:
    """Read a day or a moment in UTC as milliseconds: 2018-01-01, 2018-01-01T08:00."""
    try:
        if len(text) == len("2018-01-01"):
            return _ms(datetime.combine(date.fromisoformat(text), datetime.min.time()))
        return _ms(datetime.fromisoformat(text))
    except ValueError:
        raise typer.BadParameter(
            f'expected a day or a moment in UTC such as 2018-01-01 or 2018-01-01T08:00, found "{text}".'
        ) from None


def _ms(when: datetime) -> int:
    at_utc = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    return int(at_utc.timestamp() * 1000)


@from_text
def ratio(text: str) -> Decimal:
    """Read a ratio as rule files write it: 0.05%, 5bps, 1/3."""
    literal = _literal(text, "a ratio such as 0.05%, 5bps or 1/3")
    value = literal.value
    if isinstance(value, Fraction):
        return Decimal(value.numerator) / Decimal(value.denominator)
    if literal.kind.unit is Unit.RATIO and isinstance(value, Decimal):
        return value
    hint = f" Write {(value * 100).normalize():f}%." if isinstance(value, Decimal) else ""
    raise typer.BadParameter(f'expected a ratio such as 0.05%, 5bps or 1/3, found "{text}".{hint}')


@from_text
def share(text: str) -> Share:
    """Read the share of one book: core-hodl=60%."""
    name, equals, amount = text.partition("=")
    if not (name and equals and amount):
        raise typer.BadParameter(f'expected a book and its share such as core-hodl=60%, found "{text}".')
    part = ratio(amount)
    if not 0 < part <= 1:
        raise typer.BadParameter(f'expected a share over 0% and up to 100%, found "{text}".')
    return Share(name.strip(), part)


@from_text
def money(text: str) -> Decimal:
    """Read an amount of USDT above zero."""
    return _above_zero(text.removesuffix("USDT").strip(), text, "an amount of USDT above zero such as 100000")


@from_text
def multiple(text: str) -> Decimal:
    """Read a number that is not below zero."""
    amount = _decimal(text, "a number such as 1 or 2")
    if amount < 0:
        raise typer.BadParameter(f'expected a number such as 1 or 2, not below zero, found "{text}".')
    return amount


@from_text
def wait_ms(text: str) -> int | None:
    """Read a duration such as 7d in milliseconds, or `never` as None."""
    if text == NEVER:
        return None
    literal = _literal(text, "a duration such as 7d, or never")
    if literal.kind.unit is not Unit.DURATION or not isinstance(literal.value, int):
        raise typer.BadParameter(f'expected a duration such as 7d, or never, found "{text}".')
    return literal.value


@from_text
def market(text: str) -> Market:
    """Read the name of a market."""
    try:
        return Market(text)
    except ValueError:
        raise typer.BadParameter(f'expected spot or linear, found "{text}". {near(text, Market)}') from None


@from_text
def timeframe(text: str) -> str:
    """Read the length of candles."""
    try:
        timeframe_ms(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    return text


def _literal(text: str, wanted: str) -> Literal:
    try:
        return parse_literal(in_one_line(text))
    except SyntaxProblem as problem:
        finding = problem.finding
        raise typer.BadParameter(
            f'expected {wanted}, found "{text}". {finding.sentence} {finding.suggestion}'.rstrip()
        ) from None


def _above_zero(digits: str, text: str, wanted: str) -> Decimal:
    amount = _decimal(digits, wanted)
    if amount <= 0:
        raise typer.BadParameter(f'expected {wanted}, found "{text}".')
    return amount


def _decimal(text: str, wanted: str) -> Decimal:
    try:
        amount = Decimal(text.replace(",", ""))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or abs(amount.adjusted()) > 15:
        raise typer.BadParameter(f'expected {wanted}, found "{text}".')
    return amount

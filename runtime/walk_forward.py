"""Windows that walk through history: the best of each is proven on the time after it, which no search has seen."""

import re
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from runtime.metrics import Curve

_LENGTH = re.compile(r"([1-9][0-9]{0,3})(y|m|w|d)")


@dataclass(frozen=True, slots=True)
class Length:
    """A span of the calendar; a month after the 31st ends on the last day that there is."""

    months: int = 0
    days: int = 0

    def after(self, at_ms: int, times: int = 1) -> int:
        """Give the moment that is so many spans after another, in milliseconds UTC."""
        at = datetime.fromtimestamp(at_ms / 1000, UTC)
        year, month = divmod(at.year * 12 + at.month - 1 + self.months * times, 12)
        day = min(at.day, monthrange(year, month + 1)[1])
        moved = at.replace(year=year, month=month + 1, day=day) + timedelta(days=self.days * times)
        return int(moved.timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class Walk:
    """How long each search looks back, and how long its best is used after it."""

    inside: Length
    outside: Length


@dataclass(frozen=True, slots=True)
class Window:
    """One search and the time after it, in milliseconds; `number` counts from 1."""

    number: int
    from_ms: int
    until_ms: int
    to_ms: int


def walk_of(text: str) -> Walk:
    """Read `2y/6m`: years, months, weeks or days looked back, then those that are proven.

    Raises ValueError with a sentence for anything else.
    """
    parts = [_LENGTH.fullmatch(part.strip()) for part in text.split("/")]
    lengths = [_length(int(part[1]), part[2]) for part in parts if part is not None]
    if len(parts) != 2 or len(lengths) != 2:
        raise ValueError(f'expected two spans such as 2y/6m (y years, m months, w weeks, d days), found "{text}".')
    return Walk(lengths[0], lengths[1])


def windows(walk: Walk, from_ms: int, to_ms: int) -> list[Window]:
    """List the windows of a span; the last one is left out unless its time after the search is there in full."""
    return list(_windows(walk, from_ms, to_ms))


def joined(curves: Sequence[Curve], start: float) -> Curve:
    """Chain curves one after another, so that each begins with what the one before it ended with."""
    points: list[tuple[int, float]] = []
    for curve in curves:
        if not len(curve.values):
            continue
        factor = (points[-1][1] if points else start) / float(curve.values[0])
        pairs = zip(curve.at_ms.tolist(), curve.values.tolist(), strict=True)
        points += [(at_ms, value * factor) for at_ms, value in pairs]
    return Curve.of(points)


def _windows(walk: Walk, from_ms: int, to_ms: int) -> Iterator[Window]:
    number = 0
    while True:
        first = walk.outside.after(from_ms, number)
        until = walk.inside.after(first)
        end = walk.outside.after(until)
        if end > to_ms:
            return
        number += 1
        yield Window(number, first, until, end)


def _length(count: int, unit: str) -> Length:
    return Length(
        **{"y": {"months": 12 * count}, "m": {"months": count}, "w": {"days": 7 * count}}.get(unit, {"days": count})
    )

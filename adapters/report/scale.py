"""Where values and moments stand on a chart, and which of them get a label."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from math import ceil, floor, log10

_DAY_MS = 86_400_000
_FEW = 5
_SMALLEST = 1e-6  # what is smaller than this part of the highest value can't be seen
_LOGARITHMIC_FROM = 6.0  # a curve that grows more than this is only readable on a logarithmic scale


@dataclass(frozen=True)
class Axis:
    """Turns a value into a ratio of the axis (0 is its start, 1 its end), with labels at some values."""

    place: Callable[[float], float]
    labels: tuple[tuple[float, str], ...]


def value_axis(lowest: float, highest: float, write: Callable[[float], str]) -> Axis:
    """Return an axis for values, logarithmic where they span a wide range above zero."""
    if lowest > 0 and highest / lowest > _LOGARITHMIC_FROM:
        return _logarithmic(lowest, highest, write)
    span = max(highest - lowest, _SMALLEST * max(1.0, abs(highest)))
    room = 0.04 * span
    low, high = lowest - (room if lowest else 0.0), max(highest, lowest + span) + (room if highest else 0.0)
    step = _round_step((high - low) / _FEW)
    marks = [step * count for count in range(ceil(low / step), floor(high / step) + 1)]
    return Axis(lambda value: (value - low) / (high - low), tuple((mark, write(mark)) for mark in marks))


def _logarithmic(lowest: float, highest: float, write: Callable[[float], str]) -> Axis:
    low, high = log10(max(lowest, highest * _SMALLEST)) - 0.03, log10(highest) + 0.03
    heads = (1, 2, 5) if high - low < 2 else (1, 3) if high - low < 4 else (1,)
    marks = [head * 10.0**power for power, head in product(range(floor(low), ceil(high) + 1), heads)]
    shown = tuple((mark, write(mark)) for mark in marks if low <= log10(mark) <= high)
    return Axis(lambda value: (log10(max(value, 10**low)) - low) / (high - low), shown)


def _round_step(rough: float) -> float:
    power = 10.0 ** floor(log10(rough))
    return next(head * power for head in (1, 2, 5, 10) if head * power >= rough * 0.999)


def time_axis(first_ms: int, last_ms: int) -> Axis:
    """Return an axis for moments, with labels at years, quarters, months or days, whatever gives a handful."""
    length = max(last_ms - first_ms, 1)
    return Axis(lambda at_ms: (at_ms - first_ms) / length, tuple(_dates(first_ms, last_ms)))


def _dates(first_ms: int, last_ms: int) -> list[tuple[float, str]]:
    days = (last_ms - first_ms) / _DAY_MS
    if days < 45:
        step = max(1, round(days / _FEW)) * _DAY_MS
        starts = range(ceil(first_ms / _DAY_MS) * _DAY_MS, last_ms + 1, step)
        return [(at_ms, _moment(at_ms).strftime("%d %b")) for at_ms in starts]
    months, form = (12, "%Y") if days > 900 else (3, "%b %Y") if days > 300 else (1, "%b")
    year, last = _moment(first_ms).year, _moment(last_ms).year
    starts_of = [datetime(one, month, 1, tzinfo=UTC) for one in range(year, last + 1) for month in range(1, 13, months)]
    shown = [(start.timestamp() * 1000, start.strftime(form)) for start in starts_of]
    return [(at_ms, text) for at_ms, text in shown if first_ms <= at_ms <= last_ms]


def _moment(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)

"""The way of a price through one candle, and longer ways that are made up from words."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from zlib import crc32

RANGE = 0.004
WOBBLE = 0.0015
USUAL_TURNOVER = 1_000_000_000.0
_TOKEN = re.compile(r"(?P<sign>[+-])?(?P<number>\d+(?:\.\d+)?)(?P<percent>%)?(?:x(?P<times>\d+))?")
_GAP = re.compile(r"_(?:x(?P<times>\d+))?")


@dataclass(frozen=True, slots=True)
class Course:
    """Open, high, low and close in quote coin, volume in base coin; `seen` is false for a candle that never came."""

    open: float
    high: float
    low: float
    close: float
    volume: float
    seen: bool = True

    def with_volume(self, volume: float) -> "Course":
        """The same with another volume."""
        return replace(self, volume=volume)

    def scaled(self, factor: float) -> "Course":
        """The same course at another price level, with as much money changing hands."""
        prices = (self.open * factor, self.high * factor, self.low * factor, self.close * factor)
        return Course(*prices, self.volume / factor, self.seen)


def straight(start: float, end: float, volume: float | None = None) -> Course:
    """From one price to the other without a detour."""
    return Course(start, max(start, end), min(start, end), end, usual_volume(end) if volume is None else volume)


def still(price: float, volume: float | None = None) -> Course:
    """No movement at all."""
    return straight(price, price, volume)


def usual_volume(price: float) -> float:
    """A volume that no order of a scenario runs dry, in base coin."""
    return USUAL_TURNOVER / price


def drifting(symbol: str, start: float | None, end: float | None, ratio: float, count: int) -> list[Course]:
    """So many candles that rise or fall by a ratio each, from a price or to one, with ranges as a market has them.

    A small wobble, its own for each symbol, keeps two symbols from moving in step.
    """
    factor = 1 + ratio
    first = start if start is not None else _told(end) / factor**count
    closes = [first * factor ** (place + 1) * (1 + _wobble(symbol, place, count)) for place in range(count)]
    return ranging(first, closes)


def going(symbol: str, start: float, end: float, count: int) -> list[Course]:
    """So many candles from one price to another, by equal ratios."""
    return drifting(symbol, start, None, (end / start) ** (1 / count) - 1, count)


def zigzag(price: float, ratio: float, count: int) -> list[Course]:
    """Up, back, down and back by a ratio, a candle for each, ending at the price."""
    way = (0.0, -ratio, 0.0, ratio)
    return ranging(price, [price * (1 + way[(count - place - 1) % 4]) for place in range(count)])


def ranging(first: float, closes: Sequence[float]) -> list[Course]:
    """Candles that open where the last one closed and reach a little beyond both ends."""
    courses, last = [], first
    for close in closes:
        high, low = max(last, close) * (1 + RANGE), min(last, close) * (1 - RANGE)
        courses.append(Course(last, high, low, close, usual_volume(close)))
        last = close
    return courses


def shorthand(words: str, last: float | None) -> list[Course]:
    """Read a shorthand: `60000 +1%x5 -3% +200 0x10 _` is a start, five rises, a fall, one by 200, ten still, a gap."""
    courses: list[Course] = []
    for word in words.split():
        for course in _read(word, last):
            courses.append(course)
            last = course.close
    return courses


def _read(word: str, last: float | None) -> Iterator[Course]:
    gap = _GAP.fullmatch(word)
    if gap:
        for _ in range(int(gap["times"] or 1)):
            yield replace(still(_known(word, last)), seen=False)
        return
    token = _TOKEN.fullmatch(word)
    assert token, f'"{word}" is not part of a series: write 60000, +1%x5, -3%, +200, 0x10 or _.'
    for _ in range(int(token["times"] or 1)):
        close = _next(token, last)
        yield straight(close if last is None else last, close)
        last = close


def _next(token: re.Match[str], last: float | None) -> float:
    amount = float(token["number"])
    signed = -amount if token["sign"] == "-" else amount
    if token["percent"]:
        return _known(token[0], last) * (1 + signed / 100)
    if token["sign"] or (not amount and token["times"]):
        return _known(token[0], last) + signed
    return amount


def _known(word: str, last: float | None) -> float:
    assert last is not None, f'"{word}" needs a price before it: begin the series with one.'
    return last


def _told(price: float | None) -> float:
    assert price is not None, "a drift starts at a price or ends at one"
    return price


def _wobble(symbol: str, place: int, count: int) -> float:
    """Between plus and minus WOBBLE, evenly spread; nothing at the last candle, which ends where it was told to."""
    if place == count - 1:
        return 0.0
    stride = 0.3 + crc32(symbol.encode()) % 1000 / 2500
    return (2 * ((place + 1) * stride % 1) - 1) * WOBBLE

"""What a step may tell: symbols, numbers with units, lengths of time, states; each kind with its form and its value."""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from rules.language.phases import Account
from runtime.instrument import Market
from runtime.phases import Verdict

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
_SPANS_MS = {
    "second": 1_000,
    "minute": 60_000,
    "hour": HOUR_MS,
    "day": DAY_MS,
    "week": 7 * DAY_MS,
    "s": 1_000,
    "m": 60_000,
    "h": HOUR_MS,
    "d": DAY_MS,
    "w": 7 * DAY_MS,
}
_COUNTS = {"once": 1, "twice": 2, "no": 0, "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "nothing": 0}
_NUMBER = r"[-+]?\d[\d,]*(?:\.\d+)?"
NEAR = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of thing that a step tells: its form, how it is read, and what to say about it."""

    pattern: str
    read: Callable[[str], Any]
    about: str


@dataclass(frozen=True, slots=True)
class Bound:
    """How a number that was seen has to stand to one that was told."""

    words: str

    def holds(self, seen: Decimal, told: Decimal) -> bool:
        """Whether it does; `about` means within one percent."""
        if self.words == "about":
            return abs(seen - told) <= abs(told) * NEAR
        return _BOUNDS[self.words](seen, told)


_BOUNDS: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    "": operator.eq,
    "at least": operator.ge,
    "at most": operator.le,
    "more than": operator.gt,
    "less than": operator.lt,
    "under": operator.lt,
    "over": operator.gt,
}


def number(text: str) -> Decimal:
    """Read a number; thousands may be marked by commas."""
    return Decimal(text.replace(",", ""))


def ratio(text: str) -> Decimal:
    """Read a percentage as a ratio."""
    return number(text.removesuffix("%").strip()) / 100


def span_ms(text: str) -> int:
    """Read a length of time in milliseconds."""
    parts = re.findall(r"(\d+|an?|one|two|three) ?([a-z]+)", text)
    return sum((_COUNTS[count] if count in _COUNTS else int(count)) * _SPANS_MS[_unit(unit)] for count, unit in parts)


def _unit(word: str) -> str:
    return word if word in _SPANS_MS else word.removesuffix("s")


def count(text: str) -> int:
    """Read a number of times."""
    word = text.removesuffix(" times").removesuffix(" time")
    return _COUNTS[word] if word in _COUNTS else int(word)


def moment_ms(text: str) -> int:
    """Read a date, at 00:00 UTC where it has no time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class Series:
    """Whose candles are meant; of all markets where none is named."""

    symbol: str
    market: Market | None
    timeframe: str


TIMEFRAMES = {"daily": "1d", "hourly": "1h"}


def series(text: str) -> Series:
    """Read `BTCUSDT spot daily candles`."""
    symbol, *market, timeframe, _ = text.split()
    return Series(symbol, Market(market[0]) if market else None, TIMEFRAMES[timeframe])


_UNITS = "(?:second|minute|hour|day|week)s?|[smhdw]"
KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "Symbol": Kind(r"[A-Z0-9]{2,20}USDT", str, "what is traded: BTCUSDT"),
        "Coin": Kind(r"[A-Z][A-Z0-9]{1,9}", str, "a coin: BTC, ETH, USDT"),
        "Book": Kind(
            r'"[a-z][a-z0-9-]*"|[a-z][a-z0-9]*(?:-[a-z0-9]+)+',
            lambda text: text.strip('"'),
            'the name of a book: trend-1, core-hodl, "tactical"',
        ),
        "Market": Kind(r"spot|linear", Market, "spot, or linear for USDT perpetuals"),
        "State": Kind(r"[A-Z][A-Z_]+", str, "a state of the machine: SCANNING"),
        "Level": Kind(r"NORMAL|CAUTION|WARNING|ALERT|EMERGENCY", str, "a level of the breaker: NORMAL, CAUTION …"),
        "Levels": Kind(
            r"(?:CAUTION|WARNING|ALERT|EMERGENCY)(?:(?:, | and )(?:WARNING|ALERT|EMERGENCY))*",
            lambda text: tuple(re.findall(r"[A-Z]+", text)),
            "levels of the breaker: CAUTION, WARNING and ALERT",
        ),
        "Verdict": Kind(r"passed|failed|not measured", Verdict, "passed, failed or not measured"),
        "Account": Kind(r"live|demo", Account, "a live or a demo account"),
        "Method": Kind(r"grid|random|bayesian", str, "how a search chooses: grid, random or bayesian"),
        "Windows": Kind(r"\d+[dwmy]/\d+[dwmy]", str, "the time searched and the time of the proof: 2m/1m"),
        "Cluster": Kind(r"calm|middle|wild", str, "a group of coins: calm, middle or wild"),
        "Severity": Kind(r"P[0-3]", str, "how loud a notice is, from P0 (wake up) to P3"),
        "Side": Kind(r"long|short", str, "long or short"),
        "Dealt": Kind(r"bought|sold", lambda text: {"bought": "buy", "sold": "sell"}[text], "bought or sold"),
        "Command": Kind(r"pauses|resumes|flattens", str, "pauses, resumes or flattens"),
        "Timeframe": Kind(r"daily|hourly", TIMEFRAMES.__getitem__, "daily or hourly"),
        "Series": Kind(
            r"[A-Z0-9]{2,20}USDT(?: spot| linear)? (?:daily|hourly) candles",
            series,
            "whose candles: BTCUSDT daily candles, BTCUSDT spot hourly candles",
        ),
        "Trend": Kind(r"rising|falling", lambda text: -1 if text == "falling" else 1, "rising or falling"),
        "Move": Kind(r"rises|falls", lambda text: -1 if text == "falls" else 1, "rises or falls"),
        "Mode": Kind(r"live|shadow|off", str, "live, shadow or off"),
        "Name": Kind(r"[a-z]\w*(?:\.\w+)*", str, "a name in a rule file: strength, entries.long"),
        "File": Kind(r"[\w-]+\.yaml", str, "the name of a rule file: core-hodl.yaml"),
        "Number": Kind(_NUMBER, number, "a number: 60000, 60,000, 0.5"),
        "Percent": Kind(rf"{_NUMBER} ?%", ratio, "a percentage: 0.5%"),
        "Whole": Kind(r"\d+|no|an?|one|two|three", count, "a whole number: 14, no, two"),
        "Times": Kind(r"once|twice|\d+ times?", count, "once, twice, 3 times"),
        "Span": Kind(
            rf"(?:\d+|an?|one|two|three) ?(?:{_UNITS})(?: \d+ ?(?:{_UNITS}))*", span_ms, "3 weeks, a day, 1 d 4 h"
        ),
        "Date": Kind(r"\d{4}-\d\d-\d\d(?: \d\d:\d\d)?", moment_ms, "a moment in UTC: 2024-03-30, 2024-03-30 12:00"),
        "Literal": Kind(r"\S(?:.*\S)?", str, "a value as a rule file writes it: 30, 2%, 500 USDT, 14d, yes"),
        "Bound": Kind(
            r"about |at least |at most |more than |less than |under |over |",
            lambda text: Bound(text.strip()),
            "nothing (exactly), about (within 1 %), at least, at most, more than, less than, under, over",
        ),
        "Quoted": Kind(r'"[^"]*"', lambda text: text[1:-1], 'words in double quotes: "strength > strong"'),
        "Text": Kind(r".+?", str, "any words"),
    }
)

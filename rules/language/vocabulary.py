"""Which names an expression may use."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from rules.language.indicators import INDICATORS, Indicator
from rules.language.numerals import Literal
from rules.language.units import Kind, Unit

if TYPE_CHECKING:
    from rules.language.typed import Typed

SCOPES_WITH_SYMBOL = frozenset({"symbol", "market"})

PERPETUAL = "perp"
"""Stands where a symbol can, in a book of two markets: the own symbol's perpetual, as in `perp.close`."""

COLUMNS: Mapping[str, Kind] = MappingProxyType(
    {
        "open": Kind(Unit.PRICE, exact=False, series=True),
        "high": Kind(Unit.PRICE, exact=False, series=True),
        "low": Kind(Unit.PRICE, exact=False, series=True),
        "close": Kind(Unit.PRICE, exact=False, series=True),
        "volume": Kind(Unit.QUANTITY, exact=False, series=True),
    }
)

TIMEFRAMES_MS: Mapping[str, int] = MappingProxyType(
    {
        "1m": 60_000,
        "3m": 180_000,
        "5m": 300_000,
        "15m": 900_000,
        "30m": 1_800_000,
        "1h": 3_600_000,
        "2h": 7_200_000,
        "4h": 14_400_000,
        "6h": 21_600_000,
        "8h": 28_800_000,
        "12h": 43_200_000,
        "1d": 86_400_000,
        "1w": 604_800_000,
    }
)

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

CALENDAR: Mapping[str, Kind] = MappingProxyType(
    {
        "weekday": Kind(Unit.ENUM, WEEKDAYS),
        "hour": Kind(Unit.COUNT),
        "day_of_month": Kind(Unit.COUNT),
        "month": Kind(Unit.COUNT),
        "time_of_day": Kind(Unit.TIME_OF_DAY),
        "quarter_end": Kind(Unit.BOOL),
        "now": Kind(Unit.TIMESTAMP),
    }
)


@dataclass(frozen=True, slots=True)
class FactDeclaration:
    """A fact that the runtime supplies; `scope` is symbol, market (both kept per symbol), book, portfolio or order.

    One that `needs_weights` means nothing in a book that gives its coins none.
    """

    name: str
    kind: Kind
    about: str
    scope: str = "book"
    has_age: bool = False
    needs_weights: bool = False


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The facts, symbols, coins and words that exist for one book; `words` lists the members of each enumeration."""

    facts: Mapping[str, FactDeclaration] = field(default_factory=dict)
    symbols: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def with_perpetual(vocabulary: Vocabulary) -> Vocabulary:
    """Let candles of a symbol's perpetual be asked for beside those of the coin itself."""
    return replace(vocabulary, symbols=(*vocabulary.symbols, PERPETUAL))


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression can see: the vocabulary, the book's params and named facts, and its candles' timeframe.

    `own_symbol` is False where there is no symbol of one's own, so that candle data must name one; `indicators`
    are the declared ones.
    """

    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    params: Mapping[str, Literal] = field(default_factory=dict)
    facts: Mapping[str, "Typed"] = field(default_factory=dict)
    timeframe: str = ""
    own_symbol: bool = True
    indicators: Mapping[str, Indicator] = field(default_factory=lambda: INDICATORS)

    def names(self) -> list[str]:
        """List every name that stands for a value."""
        return [*self.params, *self.facts, *self.vocabulary.facts, *COLUMNS, *CALENDAR]

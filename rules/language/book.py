"""A book as it is in force: resolved, typed, frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

from rules.language.numerals import LiteralValue
from rules.language.source import Place
from rules.language.typed import Typed
from rules.language.units import Kind


class Mode(StrEnum):
    """Live rules act; shadow ones are evaluated and recorded, and move nothing; off ones are not looked at."""

    LIVE = "live"
    SHADOW = "shadow"
    OFF = "off"

    def under(self, other: "Mode") -> "Mode":
        """Give the mode of a rule in a book of another mode: the one that does less."""
        order = (Mode.LIVE, Mode.SHADOW, Mode.OFF)
        return max(self, other, key=order.index)


@dataclass(frozen=True, slots=True)
class Param:
    """A named value.

    `origin` is the file that set it; `low` and `high` bound the values that make sense. Values are as in Literal:
    decimals, fractions (1/3), milliseconds, words.
    """

    name: str
    kind: Kind
    value: LiteralValue
    place: Place
    origin: str
    text: str = ""
    low: LiteralValue | None = None
    high: LiteralValue | None = None
    about: str = ""


@dataclass(frozen=True, slots=True)
class Searched:
    """The values of a param that a search may try, as they are written; those of a cluster of coins take their place.

    `values` is empty where only coins of some clusters are searched.
    """

    name: str
    values: tuple[str, ...]
    by_cluster: Mapping[str, tuple[str, ...]]
    place: Place

    def within(self, cluster: str) -> tuple[str, ...]:
        """Give the values to try for the coins of a cluster, or for any coins where none is named."""
        return self.by_cluster.get(cluster, self.values)


@dataclass(frozen=True, slots=True)
class Rule:
    """In one of the states, when the condition has held for so long, the trigger is fired with the arguments.

    With `each_symbol` the condition is asked for each symbol; the trigger is fired once, with those for which it held.
    From `expires_ms` on (UTC) the rule no longer counts.
    """

    id: str
    section: str
    states: tuple[str, ...]
    each_symbol: bool
    when: Typed
    held_for_ms: int
    trigger: str
    arguments: Mapping[str, Typed]
    why: str
    mode: Mode
    expires_ms: int | None
    place: Place
    when_texts: tuple[str, ...] = ()
    then_text: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """One line of what is in force: where it stands in the book, the value as written, and the place that set it."""

    path: str
    value: str
    origin: Place

    def __str__(self) -> str:
        return f"{self.path}: {self.value}  ({self.origin.file}:{self.origin.line})"


@dataclass(frozen=True, slots=True)
class Book:
    """What one machine does on one account; `version` is 12 hexadecimal characters over the resolved content.

    `hedged_on` is the second market of a book that trades two, else empty. What `search` may try decides nothing, so
    it is no part of the version, and neither is `adopt`: whether what is open goes by a changed file at once. `lends`
    are the symbols whose coins may be lent out.
    """

    name: str
    about: str
    machine: str
    account: str
    market: str
    symbols: tuple[str, ...]
    timeframe: str
    directional: bool
    params: Mapping[str, Param]
    facts: Mapping[str, Typed]
    weights: Mapping[str, Fraction]
    rules: tuple[Rule, ...]
    file: str
    version: str
    mode: Mode = Mode.LIVE
    extends: str = ""
    settings: tuple[Setting, ...] = field(default=(), repr=False)
    hedged_on: str = ""
    search: Mapping[str, Searched] = field(default_factory=dict)
    lends: tuple[str, ...] = ()
    adopt: bool = False

    @property
    def markets(self) -> tuple[str, ...]:
        """Where it trades: one market, or spot and the perpetuals that hedge it."""
        return (self.market, self.hedged_on) if self.hedged_on else (self.market,)


def in_force(book: Book) -> tuple[Setting, ...]:
    """List everything a book says after its parents have been taken in, with the place of each value."""
    return book.settings

"""How the portfolio is shared out among the engines, resolved and typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from rules.language.source import Place
from rules.language.typed import Typed

OTHERWISE = "otherwise"
Shares = Mapping[str, Fraction]
"""Ratios of the portfolio, or of an engine, by name."""


@dataclass(frozen=True, slots=True)
class ShareCondition:
    """The shares of all engines while a condition holds."""

    name: str
    when: Typed
    shares: Shares
    place: Place


@dataclass(frozen=True, slots=True)
class Cut:
    """What becomes of an engine's excess: who gets which part, and whether coins are sold when its cash isn't enough.

    The parts add up to 1.
    """

    to: Shares
    sells: bool = False


@dataclass(frozen=True, slots=True)
class Harvest:
    """When an engine has outgrown its share, and what is done about it.

    `when` is asked for each engine; less than `at_least`, a ratio of the portfolio, is not moved.
    """

    when: Typed
    at_least: Fraction
    cuts: Mapping[str, Cut]
    place: Place


@dataclass(frozen=True, slots=True)
class Deposits:
    """Money from outside is split while `when` holds (None: always); less than `at_least`, in USDT, is not moved."""

    when: Typed | None
    at_least: Fraction
    place: Place


@dataclass(frozen=True, slots=True)
class Watch:
    """A review of an engine opens when one condition holds and ends when the other does; `alert` is P0 to P3."""

    when: Typed
    until: Typed
    alert: str
    halves_share: bool
    place: Place


@dataclass(frozen=True, slots=True)
class Sharing:
    """The whole book of shares.

    `base` are the shares while no condition holds, by engine: a book, or a name under `inside` that stands for several
    books with a part each. A change of condition counts after `change_after_ms`. `dates` are moments in milliseconds.
    """

    base: Shares
    inside: Mapping[str, Shares] = field(default_factory=dict)
    alternatives: tuple[frozenset[str], ...] = ()
    conditions: tuple[ShareCondition, ...] = ()
    change_after_ms: int = 0
    harvest: Harvest | None = None
    deposits: Deposits | None = None
    watch: Watch | None = None
    dates: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    file: str = ""
    version: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The shares that can be in force, by the name of their condition."""
        return (*(condition.name for condition in self.conditions), OTHERWISE)

    def shares(self, condition: str) -> Shares:
        """Give the shares under a condition, those of the base for any other name."""
        return next((one.shares for one in self.conditions if one.name == condition), self.base)

    def members(self, engine: str) -> Shares:
        """Give the books of an engine, each with its part of it."""
        return self.inside.get(engine, {engine: Fraction(1)})

    @property
    def by_book(self) -> dict[str, Fraction]:
        """The base share of each book."""
        return {
            book: share * part for engine, share in self.base.items() for book, part in self.members(engine).items()
        }


def spread(shares: Shares, groups: Sequence[frozenset[str]]) -> dict[str, Fraction]:
    """Give the alternatives of a named book its share, where they have none of their own."""
    whole = dict(shares)
    for name, share in shares.items():
        for group in groups:
            if name in group:
                whole.update({other: share for other in sorted(group) if other not in shares and other not in whole})
    return whole


def together(shares: Shares, groups: Sequence[frozenset[str]]) -> Fraction:
    """Add shares up, of each group of alternatives the largest only."""
    grouped = {name for group in groups for name in group}
    alone = sum((share for name, share in shares.items() if name not in grouped), Fraction(0))
    return alone + sum((max((shares.get(name, Fraction(0)) for name in group)) for group in groups), Fraction(0))

"""The phases in which an account grows, with the gates between them, resolved and typed."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from rules.language.source import Place
from rules.language.typed import Typed


class Account(StrEnum):
    """Whose money a phase trades with."""

    DEMO = "demo"
    LIVE = "live"


class ResultOf(StrEnum):
    """What counts as one result: a closed trade, all legs in one coin at one time, or all trades of a book at one time.

    Trades are of one time where the spans in which they were held overlap, directly or through others.
    """

    TRADE = "trade"
    COIN = "coin"
    DEPLOYMENT = "deployment"


@dataclass(frozen=True, slots=True)
class EngineOfBooks:
    """An engine as phases speak of it: its books, and what is one result of theirs."""

    name: str
    books: tuple[str, ...]
    result: ResultOf


@dataclass(frozen=True, slots=True)
class Gate:
    """A condition over measured facts; unknown is not passed."""

    name: str
    condition: Typed
    place: Place


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase: which engines trade with how much of whose money, and the gates to leave it.

    Capital is in quote coin; None where there is no bound.
    """

    name: str
    about: str
    account: Account
    engines: tuple[str, ...]
    capital_from: Decimal | None
    capital_to: Decimal | None
    gates: tuple[Gate, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Phases:
    """All phases in order, and the engines that they speak of; `version` is that of the content."""

    phases: tuple[Phase, ...]
    engines: Mapping[str, EngineOfBooks]
    file: str
    version: str = ""

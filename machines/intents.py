"""What a machine wants done; the runtime reviews each one before any order exists."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Direction(StrEnum):
    """Which way a position earns."""

    LONG = "long"
    SHORT = "short"


class Urgency(StrEnum):
    """Urgent crosses the spread at once; normal is a market order with a cap; patient waits as a maker."""

    URGENT = "urgent"
    NORMAL = "normal"
    PATIENT = "patient"


@dataclass(frozen=True, slots=True)
class Enter:
    """Open a position so that the loss at the stop is `risk` of the account.

    `risk` is a ratio; `stop_distance` is in quote coin per base coin; `leverage` and `largest` bound the notional as
    multiples of the account's equity (whole account, one symbol).
    """

    symbol: str
    direction: Direction
    risk: Decimal
    stop_distance: Decimal
    largest: Decimal
    leverage: Decimal


@dataclass(frozen=True, slots=True)
class Leave:
    """Close the whole position in a symbol."""

    symbol: str
    urgency: Urgency
    label: str


@dataclass(frozen=True, slots=True)
class Buy:
    """Buy a coin for an amount of quote coin."""

    symbol: str
    amount: Decimal
    urgency: Urgency


@dataclass(frozen=True, slots=True)
class Sell:
    """Sell a coin for an amount of quote coin, or all of it when `amount` is None."""

    symbol: str
    amount: Decimal | None
    urgency: Urgency


@dataclass(frozen=True, slots=True)
class OpenPair:
    """Buy a coin and sell as much of its perpetual; `amount` is what each leg shall be worth, in quote coin.

    `leverage` is what the exchange asks margin by for the perpetual. The legs protect each other, so there is no stop.
    """

    symbol: str
    amount: Decimal
    leverage: Decimal


@dataclass(frozen=True, slots=True)
class ClosePair:
    """Sell a part of a coin and buy back as much of its perpetual; `part` is a ratio, 1 closes whatever is held."""

    symbol: str
    part: Decimal
    urgency: Urgency
    label: str


@dataclass(frozen=True, slots=True)
class EvenPair:
    """Make the larger leg of a pair as small as the other; what is too small to be a pair is closed."""

    symbol: str
    urgency: Urgency


@dataclass(frozen=True, slots=True)
class MoveStop:
    """Move the protective stop to this distance behind a price, in quote coin; it only ever tightens.

    With `anchor` it is put there even where that is further away: until the fill its place was only a guess.
    """

    symbol: str
    behind: Decimal
    distance: Decimal
    anchor: bool = False


@dataclass(frozen=True, slots=True)
class CancelOpen:
    """Take back every open order of a symbol."""

    symbol: str


@dataclass(frozen=True, slots=True)
class Alert:
    """Tell the operator; `severity` is P0 to P3."""

    severity: str
    text: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """Hand an amount of quote coin to another sub-account of the same owner."""

    to: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Lend:
    """Lend a coin out for interest, for an amount of quote coin; until it is back it can't be sold."""

    symbol: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class TakeBack:
    """Take back everything of a coin that is lent out."""

    symbol: str


PairIntent = OpenPair | ClosePair | EvenPair
Intent = Enter | Leave | Buy | Sell | PairIntent | MoveStop | CancelOpen | Alert | Transfer | Lend | TakeBack

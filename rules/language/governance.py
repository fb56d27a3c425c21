"""What stands above the engines: the breaker ladder, pre-trade checks, hard limits and shares, resolved and typed."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from rules.language.book import Mode
from rules.language.source import Place
from rules.language.typed import Typed

ONE = Decimal(1)
ZERO = Decimal(0)


class Close(StrEnum):
    """Which positions a breaker level closes."""

    NOTHING = "nothing"
    DIRECTIONAL = "directional"
    EVERYTHING = "everything"


@dataclass(frozen=True, slots=True)
class Level:
    """One level of the ladder: from which measure on it holds, and what it does.

    `at`, the factors for new sizes and stop distances, and `spot_to_cash` (the part of the spot holdings that is sold)
    are ratios.
    """

    name: str
    at: Decimal
    place: Place
    new_size: Decimal = ONE
    new_stop_distance: Decimal = ONE
    entries: bool = True
    close: Close = Close.NOTHING
    spot_to_cash: Decimal = ZERO
    until_acknowledged: bool = False
    hourly_report: bool = False
    alert: str = "P1"


@dataclass(frozen=True, slots=True)
class AfterAcknowledgement:
    """Sizes begin at `size` of the normal ones and double every so often; with `restarts` any level begins it anew."""

    size: Decimal
    doubles_every_ms: int
    restarts: bool


@dataclass(frozen=True, slots=True)
class Ladder:
    """Levels in rising order; one is left when the measure has been `clear_by` below it for `keep_for_ms`."""

    on: Typed
    clear_by: Decimal
    keep_for_ms: int
    levels: tuple[Level, ...]
    after_acknowledgement: AfterAcknowledgement | None
    file: str
    version: str


class CapBy(StrEnum):
    """What a cap bounds: the whole position, or the one order."""

    POSITION = "position"
    ORDER = "order"


@dataclass(frozen=True, slots=True)
class Check:
    """A question asked before an order.

    It is about orders for which `condition` holds and `unless` doesn't (None: all of them). Exactly one of `refuse_if`
    (true or false), `scale` (ratio) and `cap` (money) is its answer.
    """

    name: str
    condition: Typed | None
    unless: Typed | None
    refuse_if: Typed | None
    scale: Typed | None
    cap: Typed | None
    cap_by: CapBy
    why: str
    mode: Mode
    place: Place


@dataclass(frozen=True, slots=True)
class Envelope:
    """Hard limits: sizes and turnover as ratios of the portfolio, leverage as a multiple of the account."""

    largest_order: Decimal = ONE
    leverage: Decimal = ONE
    orders_per_hour: int = 60
    turnover_per_day: Decimal = ONE
    slippage_cap: Decimal = Decimal("0.005")
    patience_ms: int = 300_000
    file: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """How long the engine waits, in milliseconds: for the exchange when it is away, during an emergency halt, and
    between two looks at an account.
    """

    pause_after_ms: int = 30_000
    alert_after_ms: int = 1_800_000
    cancels_within_ms: int = 10_000
    retry_after_ms: int = 10_000
    remind_every_ms: int = 900_000
    look_every_ms: int = 60_000
    file: str = ""
    version: str = ""

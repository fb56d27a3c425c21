"""What a back-test leaves behind: enough to report it, to explain every order of it, and to repeat it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from rules.language.evaluate import Value
from rules.language.explain import Explained
from runtime.doubt import HeldDoubt
from runtime.events import Fill, FundingPayment
from runtime.found import Found
from runtime.phases import GateResult
from runtime.trades import Trade
from runtime.upkeep import Upkeep


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What was asked for: the same settings over the same files and data give the same run, byte for byte."""

    books: tuple[str, ...]
    shares: Mapping[str, Decimal]
    capital: Decimal
    from_ms: int
    to_ms: int
    rules_version: str
    data: str
    slippage: Decimal
    volume_share: Decimal
    acknowledge_after_ms: int | None
    costs: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class EquityPoint:
    """The portfolio at one moment; money in USDT, drawdown as a ratio below the highest equity (deposits taken out).

    `moved` is what transfers from other books have brought to each book so far, below zero where they took more.
    """

    at_ms: int
    total: Decimal
    by_book: Mapping[str, Decimal]
    exposure: Decimal
    drawdown: Decimal
    level: str
    moved: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """One order: what was asked, which decision asked for it, and how it ended.

    `decision` is 0 where no rule asked for it; `follows` is the order of which it is the rest, if it is one.
    """

    order_id: str
    decision: int
    at_ms: int
    book: str
    rule: str
    symbol: str
    market: str
    side: str
    asked: str
    limits: tuple[str, ...]
    ended: str
    ended_ms: int | None
    filled: Decimal
    average_price: Decimal | None
    fees: Decimal
    follows: str = ""


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """One firing of one rule: the state before and after, the values it saw, and what came of each intent."""

    number: int
    at_ms: int
    book: str
    symbol: str
    rule: str
    place: str
    version: str
    why: str
    before: str
    after: str
    trigger: str
    arguments: Mapping[str, str]
    trace: Explained | None
    outcomes: tuple[str, ...]
    order_ids: tuple[str, ...]
    refused: bool
    repeated: int = 0


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence for the person who reads the journal; `severity` is P0 to P3."""

    at_ms: int
    severity: str
    book: str
    text: str


@dataclass(frozen=True, slots=True)
class LevelChange:
    """A breaker level was entered or left."""

    at_ms: int
    before: str
    after: str
    drawdown: Decimal
    reason: str


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a coin: the moment at which its candle closed, and its prices in quote coin."""

    close_ms: int
    open: float
    high: float
    low: float
    close: float


@dataclass(frozen=True, slots=True)
class TransferRecord:
    """Money that went from one sub-account to another, the rule that asked for it, and how it ended.

    `ended_ms` is None while it is under way; `book`, `rule` and `why` are empty where no rule asked for it.
    """

    transfer_id: str
    at_ms: int
    source: str
    destination: str
    coin: str
    amount: Decimal
    book: str
    rule: str
    why: str
    ended: str
    ended_ms: int | None


@dataclass(frozen=True, slots=True)
class Interest:
    """Interest for coins that were lent out; `value` is what it was worth when it was paid, in quote coin."""

    at_ms: int
    account: str
    coin: str
    amount: Decimal
    value: Decimal


@dataclass(frozen=True)
class RunResult:
    """Everything a run produced, in the order in which it happened.

    `interest` is what lent coins earned. `days` are those of the coins that were traded, `thresholds` the drawdowns at
    which the breaker's levels begin, `phase_facts` what the run says of each engine, `gates` those between phases that
    such facts decide, `doubts` what makes it worth less than it looks; None where nothing was looked for. `found`
    has the searches that chose values.
    """

    settings: RunSettings
    data_notes: tuple[str, ...]
    equity: tuple[EquityPoint, ...]
    orders: tuple[OrderRecord, ...]
    fills: tuple[Fill, ...]
    trades: tuple[Trade, ...]
    funding: tuple[FundingPayment, ...]
    decisions: Sequence[DecisionRecord]
    levels: tuple[LevelChange, ...]
    notes: tuple[Note, ...]
    days: Mapping[str, tuple[Day, ...]] = field(default_factory=dict)
    weights: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    slippage_paid: Decimal = Decimal(0)
    candles: int = 0
    upkeep: tuple[Upkeep, ...] = ()
    transfers: tuple[TransferRecord, ...] = ()
    thresholds: Mapping[str, Decimal] = field(default_factory=dict)
    phase_facts: Mapping[str, Value] = field(default_factory=dict)
    gates: tuple[GateResult, ...] = ()
    doubts: tuple[HeldDoubt, ...] | None = None
    found: Mapping[str, Found] = field(default_factory=dict)
    interest: tuple[Interest, ...] = ()

    @property
    def closes(self) -> dict[str, tuple[tuple[int, float], ...]]:
        """The daily closes of each coin, with their moments."""
        return {symbol: tuple((day.close_ms, day.close) for day in days) for symbol, days in self.days.items()}

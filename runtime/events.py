"""What can happen: every input of the engine is one of these, and nothing else moves it."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from runtime.instrument import Market
from runtime.requests import Side


@dataclass(frozen=True, slots=True)
class Candle:
    """One finished candle; prices in quote coin, volume in base coin, times in milliseconds UTC."""

    market: Market
    symbol: str
    timeframe: str
    open_ms: int
    close_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float


@dataclass(frozen=True, slots=True)
class CandleClose:
    """All candles that closed at one moment, of any symbol and timeframe."""

    at_ms: int
    candles: tuple[Candle, ...]


@dataclass(frozen=True, slots=True)
class OrderAccepted:
    """The exchange has taken an order or a change of one."""

    at_ms: int
    order_id: str


@dataclass(frozen=True, slots=True)
class OrderRejected:
    """The exchange has refused an order; `code` is its own number, `reason` its own words.

    `retry_at_ms` is set where the refusal is for now only: when the exchange would take it again.
    """

    at_ms: int
    order_id: str
    code: int
    reason: str
    retry_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class OrderUnknown:
    """Nobody knows whether the exchange took a request: its answer was lost, or means nothing.

    `order_id` is that of the order, or what a refusal of the request would name (`stop:ACCOUNT:SYMBOL`).
    """

    at_ms: int
    order_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class LookedUp:
    """One look-up of an order has ended; whatever it found came before, as the events that it is.

    `found` says that the exchange knows the order; `complete`, that open orders, history and executions all answered.
    """

    at_ms: int
    order_id: str
    found: bool
    complete: bool


@dataclass(frozen=True, slots=True)
class OrderCancelled:
    """What was left of an order is gone: cancelled, expired, or out of liquidity."""

    at_ms: int
    order_id: str
    reason: str


class FillKind(StrEnum):
    """What made a fill happen."""

    TRADE = "trade"
    STOP = "stop"
    LIQUIDATION = "liquidation"


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution. It counts once, by its execution id.

    `fee` is positive when paid and is in `fee_coin`. `order_id` of an attached stop is that of the order which carried
    it. `done` says that nothing of the order is left.
    """

    at_ms: int
    execution_id: str
    order_id: str
    account: str
    market: Market
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_coin: str
    maker: bool
    kind: FillKind
    done: bool


@dataclass(frozen=True, slots=True)
class FundingPayment:
    """One settlement of a perpetual; `amount` in quote coin is positive when received."""

    at_ms: int
    settlement_id: str
    account: str
    symbol: str
    rate: Decimal
    quantity: Decimal
    mark: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class CashFlow:
    """Money that came to or left an account from outside trading; positive came in.

    `transfer_id` names the transfer between own accounts of which it is one half; empty for a deposit or withdrawal.
    """

    at_ms: int
    flow_id: str
    account: str
    coin: str
    amount: Decimal
    transfer_id: str = ""


@dataclass(frozen=True, slots=True)
class EarnMoved:
    """Coins of an account are lent out, or (below zero) back and free again. It counts once, by its order."""

    at_ms: int
    order_id: str
    account: str
    coin: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class InterestPaid:
    """Interest for coins that are lent out has come into an account, in the coin. It counts once, by its payment id."""

    at_ms: int
    payment_id: str
    account: str
    coin: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class StopPlaced:
    """The protective stop of a position now stands at this price on the exchange."""

    at_ms: int
    account: str
    symbol: str
    price: Decimal


@dataclass(frozen=True, slots=True)
class StopGone:
    """A position is still open, and its protective stop no longer stands on the exchange."""

    at_ms: int
    account: str
    symbol: str


@dataclass(frozen=True, slots=True)
class SeenPosition:
    """A position as the exchange shows it; `quantity` is negative for a short, prices are in quote coin."""

    market: Market
    symbol: str
    quantity: Decimal
    average_price: Decimal
    stop: Decimal | None
    leverage: Decimal
    liquidation_price: Decimal | None


@dataclass(frozen=True, slots=True)
class SeenOrder:
    """An open order as the exchange shows it; `order_id` is the engine's own id, empty where there is none."""

    order_id: str
    exchange_id: str
    market: Market
    symbol: str
    side: Side
    quantity: Decimal
    filled: Decimal
    price: Decimal | None
    reduce_only: bool


@dataclass(frozen=True, slots=True)
class AccountSeen:
    """One whole look at an account: coins by name, perpetual positions, open orders but for positions' stops.

    `complete` says that every page of every answer came; otherwise what is missing here may well exist. `lent` are the
    coins at Earn, which are not in the wallet; None where nobody has asked for them.
    """

    at_ms: int
    account: str
    wallet: tuple[tuple[str, Decimal], ...]
    positions: tuple[SeenPosition, ...]
    orders: tuple[SeenOrder, ...]
    complete: bool
    lent: tuple[tuple[str, Decimal], ...] | None = None


@dataclass(frozen=True, slots=True)
class ExchangeLost:
    """The exchange can't be reached."""

    at_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class ExchangeBack:
    """The exchange can be reached again."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class LeverageSet:
    """Leverage on the exchange is as asked; `changed` is false where it already was."""

    at_ms: int
    account: str
    symbol: str
    leverage: Decimal
    changed: bool


@dataclass(frozen=True, slots=True)
class FactObserved:
    """An outside observation, such as an index or the exchange's status; `symbol` is empty for the whole market."""

    at_ms: int
    name: str
    value: Decimal | float | bool | str
    symbol: str = ""


@dataclass(frozen=True, slots=True)
class OperatorCommand:
    """What a person asked for: `name` is one of the operator's commands, `book` is empty for all books.

    `source` is where it came from, such as telegram. Two commands with the same `command_id` are one. `confirmed` says
    that the person has seen what it leads to, where a command asks for that.
    """

    at_ms: int
    name: str
    actor: str
    reason: str
    book: str = ""
    source: str = ""
    command_id: str = ""
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Started:
    """A process has begun to run the engine: nothing is decided before every account is reconciled."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class RulesRead:
    """A process has read the rule files: `faulty` says of each book whose file can't be used why."""

    at_ms: int
    faulty: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RulesReloaded:
    """The rule files were read again: `rules` names those that passed every check, `problems` says why they didn't.

    Those that passed are in force from now on. `books` are those that are to run (none named: those that do), `candles`
    names what was fetched of series that nothing has looked at before. `at_start` says that a process has just begun:
    then more may change than while it runs. `command_id` is that of the command that asked for it.
    """

    at_ms: int
    rules: str
    problems: tuple[str, ...] = ()
    books: tuple[str, ...] = ()
    candles: str = ""
    at_start: bool = False
    actor: str = ""
    reason: str = ""
    command_id: str = ""


@dataclass(frozen=True, slots=True)
class Noticed:
    """The process around the engine has something to say to people; `severity` is P0 to P3."""

    at_ms: int
    severity: str
    text: str


@dataclass(frozen=True, slots=True)
class Timer:
    """Time has passed and nothing else happened."""

    at_ms: int


Event = (
    CandleClose
    | Started
    | RulesRead
    | RulesReloaded
    | Noticed
    | OrderUnknown
    | LookedUp
    | StopGone
    | AccountSeen
    | ExchangeLost
    | ExchangeBack
    | OrderAccepted
    | OrderRejected
    | OrderCancelled
    | Fill
    | FundingPayment
    | CashFlow
    | EarnMoved
    | InterestPaid
    | StopPlaced
    | LeverageSet
    | FactObserved
    | OperatorCommand
    | Timer
)
ExchangeEvent = (
    OrderAccepted
    | OrderUnknown
    | LookedUp
    | StopGone
    | AccountSeen
    | OrderRejected
    | OrderCancelled
    | Fill
    | FundingPayment
    | CashFlow
    | EarnMoved
    | InterestPaid
    | StopPlaced
    | LeverageSet
    | FactObserved
)

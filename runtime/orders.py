"""What planning gives and takes: the requests of one intent, their name, and what made them smaller."""

from dataclasses import dataclass
from decimal import Decimal

from runtime.decimals import ONE
from runtime.position import Position
from runtime.requests import Request
from runtime.reservations import Reservation


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit that made an order smaller; before and after are its notional in quote coin (for a stop: its price)."""

    name: str
    text: str
    before: Decimal
    after: Decimal


@dataclass(frozen=True, slots=True)
class Naming:
    """What an order's id is made of: see `order_id`; the leg is the symbol, attempts count from 1."""

    rule: str
    slot: str
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Checked:
    """What the pre-trade checks allow: a ratio of the size, and a largest notional in quote coin (None: no cap)."""

    scale: Decimal = ONE
    cap: Decimal | None = None


@dataclass(frozen=True, slots=True)
class AccountView:
    """What planning needs to know of one account and one symbol at one moment; money in quote coin.

    `available` is the quote coin and `free` the base coin that nothing has spoken for, `notional` the value of all
    perpetual positions and of the orders that would open more. `leverage` and `stop` are what the exchange has now.
    `open_orders` are the ids of the symbol's open orders. Without a bid or ask the reference price stands for it.
    """

    account: str
    equity: Decimal | None
    available: Decimal
    free: Decimal
    notional: Decimal | None
    position: Position
    leverage: Decimal | None = None
    stop: Decimal | None = None
    open_orders: tuple[str, ...] = ()
    bid: Decimal | None = None
    ask: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """Requests in the order in which to send them, what they will spend, and what made them smaller.

    There are no requests where everything is already as it was asked for.
    """

    requests: tuple[Request, ...]
    limits: tuple[Limit, ...] = ()
    reservation: Reservation | None = None


@dataclass(frozen=True, slots=True)
class Unplannable:
    """No order can do this, with the reason as a sentence."""

    reason: str
    limits: tuple[Limit, ...] = ()

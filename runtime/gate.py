"""The only answer to "is this allowed now?", asked when something is decided and again right before it is sent."""

from collections.abc import Iterator
from enum import StrEnum

from machines.lifecycle import State
from runtime.instrument import Market
from runtime.requests import (
    CancelOrder,
    ChangeStop,
    EarnOrder,
    LookAtAccount,
    LookUpEarn,
    LookUpOrder,
    MoveMoney,
    PlaceOrder,
    Request,
    SetLeverage,
    Side,
)
from runtime.status import Hold, Status


class Purpose(StrEnum):
    """What a request does to risk: adds some, takes some away, protects, moves money, or only asks."""

    ENTRY = "entry"
    REDUCE = "reduce-only"
    PROTECT = "protective"
    TRANSFER = "transfer"
    LOOK_UP = "look-up"


DECIDING = frozenset({State.RUNNING, State.PAUSED})
STATES = {
    State.STOPPED: "The engine has stopped.",
    State.STARTING: "The engine is starting and has not compared its books with the exchange yet.",
    State.STOPPING: "The engine is stopping.",
    State.EMERGENCY: "Trading is halted until the operator acknowledges.",
}
HOLDS = {
    Hold.PAUSED: "The book {} was paused by the operator.",
    Hold.FENCED: "The book {} is fenced off after an error until the operator lets it in again.",
    Hold.FAULTY: "The rule file of {} can't be used, so it opens nothing until the file is put right.",
    Hold.RETIRED: "The book {} is retired.",
}


def may(purpose: Purpose, status: Status, book: str = "", account: str = "") -> str | None:
    """Say why not, as a sentence, or None where it is allowed.

    What takes risk away or protects is always allowed, unless the exchange refuses the account's key.
    """
    return next(objections(purpose, status, book, account), None)


def objections(purpose: Purpose, status: Status, book: str = "", account: str = "") -> Iterator[str]:
    """Everything that stands against it, the weightiest first."""
    if account in status.revoked and purpose is not Purpose.LOOK_UP:
        yield f"The exchange refuses the key of {account}."
    if purpose is Purpose.ENTRY:
        yield from _against_entries(status, book)
    if purpose is Purpose.TRANSFER:
        yield from _against_transfers(status, book)


def decides(status: Status) -> bool:
    """Whether rules are asked at all; while the engine is paused they are, and only what opens risk is refused."""
    return status.lifecycle in DECIDING


def purpose_of(request: Request) -> Purpose:
    """What a request is for, by what it could do on the exchange, whoever asked for it."""
    match request:
        case PlaceOrder():
            return Purpose.REDUCE if _only_reduces(request) else Purpose.ENTRY
        case CancelOrder() | ChangeStop():
            return Purpose.PROTECT
        case SetLeverage():
            return Purpose.ENTRY
        case MoveMoney():
            return Purpose.TRANSFER
        case EarnOrder():
            return Purpose.REDUCE if request.protective else Purpose.ENTRY
        case LookUpOrder() | LookUpEarn() | LookAtAccount():
            return Purpose.LOOK_UP


def account_of(request: Request) -> str:
    """The account whose key a request needs."""
    return request.source if isinstance(request, MoveMoney) else request.account


def _only_reduces(order: PlaceOrder) -> bool:
    """Coins that are sold are owned: nothing is borrowed on spot."""
    return order.reduce_only or (order.market is Market.SPOT and order.side is Side.SELL)


def _against_entries(status: Status, book: str) -> Iterator[str]:
    if status.lifecycle in STATES:
        yield STATES[State(status.lifecycle)]
    elif status.lifecycle != State.RUNNING:
        yield from _against_going_on(status)
    if not status.entries_allowed and status.lifecycle != State.EMERGENCY:
        yield _breaker(status)
    yield from (HOLDS[why].format(book) for why in Hold if why in status.holds.get(book, ()))


def _against_going_on(status: Status) -> Iterator[str]:
    if status.exchange_away:
        yield "The exchange can't be reached."
    if status.paused or not status.exchange_away:
        yield "The engine was paused by the operator."


def _breaker(status: Status) -> str:
    if not status.drawdown_known:
        return "The drawdown is unknown, so the breaker lets no risk be opened."
    return f"The breaker is at {status.level}, which forbids entries."


def _against_transfers(status: Status, book: str) -> Iterator[str]:
    """Money may move while a person's pause lasts: that opens nothing."""
    if status.lifecycle in STATES:
        yield STATES[State(status.lifecycle)]
    elif status.exchange_away:
        yield "The exchange can't be reached."
    fences = (why for why in (Hold.FENCED, Hold.FAULTY) if why in status.holds.get(book, ()))
    yield from (HOLDS[why].format(book) for why in fences)

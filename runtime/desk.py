"""The orders that are under way: which decision each belongs to, how far it is filled, and how its life goes on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from machines.machine import Machine
from machines.order import ORDER
from machines.table import Firing, Snapshot
from runtime.events import Fill, FillKind
from runtime.requests import CancelOrder, PlaceOrder

ZERO = Decimal(0)
FOUND_NOWHERE = {"state": "REJECTED"}
LIVE = frozenset({"CREATED", "VALIDATED", "SUBMITTED", "ACKNOWLEDGED", "OPEN", "PARTIALLY_FILLED", "UNKNOWN"})


class Purpose(StrEnum):
    """What an order is for, as its machine sees it."""

    ENTRY = "entry"
    EXIT = "exit"


@dataclass(slots=True)
class Ticket:
    """One order under way; `filled` in base coin, `value` in quote coin, `patient_until_ms` for maker orders only.

    `giving_up` says that its cancellation was asked for, `send_at_ms` when it, or its cancellation, leaves after a
    refusal that was for then only; `tries` counts those. `never_placed` is an order that the exchange did not know.
    `cancel_ms` is when its cancellation was asked for, while nothing says that it failed.
    """

    request: PlaceOrder
    book: str
    symbol: str
    purpose: Purpose
    rule: str
    placed_ms: int
    attempt: int
    snapshot: Snapshot
    patient_until_ms: int | None = None
    giving_up: bool = False
    filled: Decimal = ZERO
    value: Decimal = ZERO
    tries: int = 0
    send_at_ms: int | None = None
    never_placed: bool = False
    cancel_ms: int | None = None

    @property
    def average_price(self) -> Decimal | None:
        """The average price of the fills so far."""
        return self.value / self.filled if self.filled else None

    @property
    def live(self) -> bool:
        """Whether more fills may come."""
        return self.snapshot.state in LIVE


class Desk:
    """All orders under way, each moved by the order machine; an ended one stays known for late fills of its stop.

    The live ones are kept apart as well, by book and by account too, because every decision asks for them.
    """

    def __init__(self) -> None:
        self._machine = Machine(ORDER, fast=True)
        self.tickets: dict[str, Ticket] = {}
        self._live: dict[str, Ticket] = {}
        self._of_book: dict[str, dict[str, Ticket]] = {}
        self._of_account: dict[str, dict[str, Ticket]] = {}
        self._failed_exits: dict[tuple[str, str], int] = {}

    def open(self, ticket: Ticket) -> None:
        """Take a new order: it is valid, and leaves at once or when its time comes."""
        self.tickets[ticket.request.order_id] = ticket
        self._remember(ticket)
        self.move(ticket, "validate", ticket.placed_ms)
        if ticket.send_at_ms is None:
            self.move(ticket, "submit", ticket.placed_ms)

    def fresh(self, now_ms: int) -> Snapshot:
        """The snapshot of an order that was just created."""
        return ORDER.begin(now_ms)

    def move(self, ticket: Ticket, trigger: str, now_ms: int) -> bool:
        """Move an order on; news that come twice or late change nothing. False where such news can't be."""
        firing = Firing(now_ms, (ticket.request.symbol,), FOUND_NOWHERE if trigger == "find" else {}, trigger)
        outcome = self._machine.attempt(ticket.snapshot, trigger, firing)
        if outcome is None:
            return False
        ticket.snapshot = outcome.after
        if not ticket.live:
            self._forget(ticket)
        return True

    def _remember(self, ticket: Ticket) -> None:
        for some in (self._live, *self._lists_of(ticket)):
            some[ticket.request.order_id] = ticket

    def _forget(self, ticket: Ticket) -> None:
        for some in (self._live, *self._lists_of(ticket)):
            some.pop(ticket.request.order_id, None)

    def _lists_of(self, ticket: Ticket) -> tuple[dict[str, Ticket], dict[str, Ticket]]:
        return (
            self._of_book.setdefault(ticket.book, {}),
            self._of_account.setdefault(ticket.request.account, {}),
        )

    def cancel(self, ticket: Ticket, now_ms: int) -> CancelOrder:
        """Ask for what is left of an order to be taken back."""
        ticket.giving_up, ticket.cancel_ms = True, now_ms
        request = ticket.request
        return CancelOrder(request.order_id, request.account, request.market, request.symbol)

    def fill(self, fill: Fill) -> Ticket | None:
        """Count a fill on its order; the fill of an attached stop belongs to no order's quantity."""
        ticket = self.tickets.get(fill.order_id) or self._opener(fill)
        if ticket is None or fill.kind is not FillKind.TRADE:
            return ticket
        ticket.filled += fill.quantity
        ticket.value += fill.quantity * fill.price
        self.move(ticket, "fill" if fill.done else "fill_part", fill.at_ms)
        return ticket

    def _opener(self, fill: Fill) -> Ticket | None:
        """Give the order that opened the position which a stop has closed under a name of the exchange's own.

        After a restart nobody outside remembers any more which order carried a stop.
        """
        key = (fill.account, fill.market, fill.symbol)
        for ticket in reversed(self.tickets.values()):
            one = ticket.request
            if (one.account, one.market, one.symbol) == key and one.side is not fill.side and ticket.filled:
                return None if fill.kind is FillKind.TRADE else ticket
        return None

    def live(self, book: str = "", symbol: str = "") -> Iterator[Ticket]:
        """The orders that may still fill, of one book and one symbol where given."""
        for ticket in tuple(self._of_book.get(book, {}).values() if book else self._live.values()):
            if symbol in ("", ticket.request.symbol):
                yield ticket

    def entries(self, account: str) -> Iterator[Ticket]:
        """The orders of an account that may still open something."""
        for ticket in tuple(self._of_account.get(account, {}).values()):
            if ticket.purpose is Purpose.ENTRY:
                yield ticket

    def failed_exits(self, book: str, symbol: str) -> int:
        """How many exits of a symbol have failed since the last one that was filled."""
        return self._failed_exits.get((book, symbol), 0)

    def count_exit(self, ticket: Ticket, *, failed: bool) -> None:
        """Remember that an exit has failed, or that one was filled."""
        key = (ticket.book, ticket.request.symbol)
        if failed:
            self._failed_exits[key] = self._failed_exits.get(key, 0) + 1
        else:
            self._failed_exits.pop(key, None)

    @property
    def idle(self) -> bool:
        """Whether no order may still fill."""
        return not self._live

    @property
    def ended(self) -> int:
        """How many orders are known that have ended."""
        return len(self.tickets) - len(self._live)

    def forget_ended(self, keep: frozenset[str]) -> None:
        """Drop ended orders, but for those which a position's stop still hangs on."""
        self.tickets = {name: t for name, t in self.tickets.items() if t.live or name in keep}

    def to_plain(self) -> dict[str, Any]:
        """All orders as plain data."""
        failed = [[book, symbol, count] for (book, symbol), count in sorted(self._failed_exits.items())]
        return {"tickets": [_plain(ticket) for ticket in self.tickets.values()], "failed_exits": failed}

    def restore(self, plain: Mapping[str, Any]) -> None:
        """Take back what `to_plain` gave."""
        self._failed_exits = {(book, symbol): count for book, symbol, count in plain["failed_exits"]}
        tickets = [_ticket(entry) for entry in plain["tickets"]]
        self.tickets = {ticket.request.order_id: ticket for ticket in tickets}
        self._live, self._of_book, self._of_account = {}, {}, {}
        for ticket in tickets:
            if ticket.live:
                self._remember(ticket)


def _plain(ticket: Ticket) -> dict[str, Any]:
    return {
        "request": ticket.request.to_plain(),
        "book": ticket.book,
        "symbol": ticket.symbol,
        "purpose": ticket.purpose.value,
        "rule": ticket.rule,
        "placed_ms": ticket.placed_ms,
        "attempt": ticket.attempt,
        "snapshot": ticket.snapshot.to_plain(),
        "patient_until_ms": ticket.patient_until_ms,
        "giving_up": ticket.giving_up,
        "filled": str(ticket.filled),
        "value": str(ticket.value),
        "tries": ticket.tries,
        "send_at_ms": ticket.send_at_ms,
        "never_placed": ticket.never_placed,
        "cancel_ms": ticket.cancel_ms,
    }


def _ticket(plain: Mapping[str, Any]) -> Ticket:
    return Ticket(
        PlaceOrder.from_plain(plain["request"]),
        plain["book"],
        plain["symbol"],
        Purpose(plain["purpose"]),
        plain["rule"],
        plain["placed_ms"],
        plain["attempt"],
        ORDER.restore(plain["snapshot"]),
        plain["patient_until_ms"],
        plain["giving_up"],
        Decimal(plain["filled"]),
        Decimal(plain["value"]),
        plain["tries"],
        plain["send_at_ms"],
        plain["never_placed"],
        plain.get("cancel_ms"),
    )

"""What became of an order, told to the machine that wanted it."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from runtime.answers import NOT_SENT
from runtime.decimals import readable
from runtime.desk import Purpose, Ticket
from runtime.draft import Draft
from runtime.events import Fill, FillKind, OrderAccepted, OrderCancelled, OrderRejected
from runtime.fences import Fences
from runtime.instrument import Market
from runtime.patience import Patience
from runtime.reaction import Reaction
from runtime.trader import Trader
from runtime.view import World

ZERO = Decimal(0)
SWEEP_ABOVE = 200
FILLED = "filled"
# "Too late to cancel" and "this id exists already" speak of a request; the order itself may be filled or still live.
ABOUT_THE_REQUEST = frozenset({110001, 170213, 110072, 170141})


class OrderNews:
    """Follows each order from its answer to its end, and says what that means for its machine."""

    def __init__(self, world: World, trader: Trader, patience: Patience, fences: Fences) -> None:
        self._world = world
        self._portfolio = world.portfolio
        self._desk = trader.desk
        self._trader = trader
        self._patience = patience
        self._fences = fences

    def accepted(self, event: OrderAccepted, draft: Draft) -> None:
        """An order stands on the exchange."""
        ticket = self._desk.tickets.get(event.order_id)
        if ticket is not None:
            self._move(ticket, "acknowledge", draft)
            self._move(ticket, "rest", draft)

    def rejected(self, event: OrderRejected, draft: Draft) -> Iterator[Reaction]:
        """An order was refused by the exchange: nothing of it will ever fill."""
        ticket = self._desk.tickets.get(event.order_id)
        if event.code in ABOUT_THE_REQUEST:
            return
        if self._trader.transfers.knows(event.order_id):
            yield from self._trader.transfers.rejected(event, draft)
            return
        if self._trader.earn.knows(event.order_id):
            self._trader.earn.rejected(event, draft)
            return
        if ticket is None:
            draft.tell("P2", "", f"The exchange refused {event.order_id}: {event.reason} ({event.code}).")
            return
        self._move(ticket, "reject", draft)
        self._portfolio.release(event.order_id)
        what = f"the order of {ticket.rule} for {ticket.request.symbol}"
        text = f"The exchange refused {what}: {event.reason} ({event.code})."
        if event.code == NOT_SENT:
            text = f"{what[0].upper()}{what[1:]} was not sent: {event.reason}."
        draft.tell("P1", ticket.book, text)
        yield from self._ended(ticket, event.reason, self._undone(ticket))

    def ended_without_a_fill(self, ticket: Ticket, trigger: str, reason: str, draft: Draft) -> Iterator[Reaction]:
        """An order has ended before the exchange had it: its machine may decide anew."""
        self._move(ticket, trigger, draft)
        self._portfolio.release(ticket.request.order_id)
        yield from self._ended(ticket, reason, self._undone(ticket))

    def hand_over(self, ticket: Ticket, again: Ticket) -> None:
        """The next attempt at an order may spend what the one before would have."""
        self._portfolio.hand_over(ticket.request.order_id, again.request.order_id)

    def cancelled(self, event: OrderCancelled, draft: Draft) -> Iterator[Reaction]:
        """What was left of an order is gone; the rest of one whose patience ended goes to the market."""
        ticket = self._desk.tickets.get(event.order_id)
        if ticket is None or not ticket.live:
            return
        self._move(ticket, "cancel", draft)
        self._portfolio.release(event.order_id)
        if self._patience.goes_on(ticket, draft):
            return
        yield from self._ended(ticket, event.reason, self._undone(ticket))

    def filled(self, event: Fill, draft: Draft) -> Iterator[Reaction]:
        """Count a fill once, in the portfolio, in the trades and on its order, and tell the machine what it means."""
        applied = self._portfolio.apply(event)
        if applied is None:
            return
        ticket = self._desk.fill(event)
        if ticket is None:
            draft.tell("P0", "", f"A fill belongs to no order of this engine: {event.order_id} in {event.account}.")
            return
        self._world.trades.record(applied, ticket.book, ticket.rule)
        self._check_filled(ticket, draft)
        if event.kind is not FillKind.TRADE:
            yield from self._stopped(ticket, event, draft)
        elif event.done:
            yield from self._ended(ticket, FILLED, ZERO)
        self._sweep()

    def _move(self, ticket: Ticket, trigger: str, draft: Draft) -> None:
        """Move an order on; what can't happen to it is a defect, and its book stops."""
        before = ticket.snapshot.state
        if not self._desk.move(ticket, trigger, draft.at_ms):
            text = f"{trigger!r} came for its order {ticket.request.order_id}, which is {before}; that can't be."
            self._fences.fence(ticket.book, text, draft)

    def _check_filled(self, ticket: Ticket, draft: Draft) -> None:
        """More than was asked for, or anything of an order that was refused, is a defect on one of the two sides."""
        request, asked = ticket.request, ticket.request.quantity
        if ticket.snapshot.state == "REJECTED" and not ticket.never_placed:
            text = f"its order {request.order_id} was refused, and is filled all the same."
            self._fences.fence(ticket.book, text, draft)
        elif asked is not None and ticket.filled > asked:
            text = f"its order {request.order_id} for {readable(asked)} was filled with {readable(ticket.filled)}."
            self._fences.fence(ticket.book, text, draft)

    def _stopped(self, ticket: Ticket, event: Fill, draft: Draft) -> Iterator[Reaction]:
        if event.kind is FillKind.LIQUIDATION:
            draft.tell("P0", ticket.book, f"The exchange liquidated {event.symbol} at {event.price}.")
        if self._portfolio.position(event.account, event.market, event.symbol).is_flat:
            key = (ticket.book, ticket.symbol)
            entries = [t for t in self._desk.live(ticket.book, event.symbol) if t.purpose is Purpose.ENTRY]
            self._trader.take_back(entries, draft)
            yield Reaction(key, "opened", {"price": event.price}, f"{event.kind} before the entry was complete")
            yield Reaction(key, "stopped", {"price": event.price}, f"{event.kind} at {event.price}")

    def _ended(self, ticket: Ticket, reason: str, left: Decimal) -> Iterator[Reaction]:
        """An entry has opened something or failed; an exit has closed everything or failed."""
        key, request = (ticket.book, ticket.symbol), ticket.request
        told: dict[str, Any] = {"symbol": request.symbol, "left": left}
        flat = not self._portfolio.holds(request.account, request.market, request.symbol)
        if ticket.purpose is Purpose.EXIT:
            self._desk.count_exit(ticket, failed=reason != FILLED)
            yield Reaction(key, "closed" if flat else "exit_failed", told, reason)
        elif ticket.average_price is not None:
            yield Reaction(key, "opened", {**told, "price": ticket.average_price}, reason)
            if flat and request.market is Market.LINEAR:
                yield Reaction(
                    key, "stopped", {"price": ticket.average_price}, "its stop was hit before this was known"
                )
        else:
            yield Reaction(key, "entry_failed", told, reason)

    def _undone(self, ticket: Ticket) -> Decimal:
        """What an order that has ended has not bought or sold, in quote coin."""
        request = ticket.request
        if request.quote_amount is not None:
            return max(ZERO, request.quote_amount - ticket.value)
        price = self._world.board.price(request.market, request.symbol) or ZERO
        return max(ZERO, (request.quantity or ZERO) - ticket.filled) * price

    def _sweep(self) -> None:
        """Forget orders that have ended, but for the last of a position, whose stop may still speak in their name."""
        if self._desk.ended > SWEEP_ABOVE:
            held = {
                (account, position.symbol)
                for account in self._portfolio.accounts
                for position in self._portfolio.positions(account)
                if position.market is Market.LINEAR
            }
            keep = frozenset(n for n, t in self._desk.tickets.items() if (t.request.account, t.request.symbol) in held)
            self._desk.forget_ended(keep)

"""What becomes of an order whose answer is no, not now, or missing."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from runtime.answers import Answer, classify
from runtime.desk import Purpose, Ticket
from runtime.draft import Draft
from runtime.events import LookedUp, OrderAccepted, OrderRejected, OrderUnknown
from runtime.fences import Fences
from runtime.lookups import Lookups, Verdict
from runtime.order_id import next_attempt
from runtime.order_news import OrderNews
from runtime.reaction import Reaction
from runtime.requests import LookAtAccount, LookUpOrder
from runtime.trader import Trader

SHORTEST_WAIT_MS = 1_000
SILENCE_MS = 30_000
CANCEL_SILENCE_MS = 10_000
TRIES = 3
PROTECTIVE_TRIES = 5
# The position is another than the books have.
NOTHING_TO_REDUCE = 110017
RESTING = frozenset({"OPEN", "PARTIALLY_FILLED"})
NEVER_PLACED = "the exchange never had it"


class OrderPath:
    """Looks for lost orders, never sends one twice, and tries again only what was refused for now."""

    def __init__(self, trader: Trader, news: OrderNews, fences: Fences, patience_ms: int) -> None:
        self.lookups = Lookups()
        self._trader = trader
        self._news = news
        self._desk = trader.desk
        self._fences = fences
        self._patience_ms = patience_ms

    # ── answers ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def accepted(self, event: OrderAccepted, draft: Draft) -> None:
        """The exchange has the order; a wish to cancel it that may have been lost is repeated."""
        if self._trader.earn.knows(event.order_id):
            self._trader.earn.accepted(event.order_id, draft.at_ms)
            return
        ticket = self._desk.tickets.get(event.order_id)
        if ticket is None:
            return
        if not ticket.live and ticket.never_placed and not ticket.giving_up:
            draft.tell(
                "P0", ticket.book, f"{self._named(ticket)} was given up as never placed and is there: it is cancelled."
            )
            draft.requests.append(self._desk.cancel(ticket, draft.at_ms))
            return
        was_unknown = ticket.snapshot.state == "UNKNOWN"
        self._news.accepted(event, draft)
        if was_unknown:
            self._settled(ticket, draft)

    def rejected(self, event: OrderRejected, draft: Draft) -> Iterator[Reaction]:
        """The exchange says no: for now, for good, to the key, or to something else about an order that it has."""
        answer = classify(event.code)
        if answer is Answer.AUTHENTICATION:
            self._fence(event, draft)
        ticket = self._desk.tickets.get(event.order_id)
        if ticket is None or not ticket.live:
            yield from self._news.rejected(event, draft)
        elif ticket.giving_up and ticket.snapshot.state in RESTING:
            self._cancel_refused(ticket, answer, event, draft)
        elif answer is Answer.EXISTS:
            self.lose(ticket, draft)
        elif not self._waits(ticket, answer, event, draft):
            self.lookups.end(event.order_id)
            if event.code == NOTHING_TO_REDUCE:
                draft.requests.append(LookAtAccount(ticket.request.account))
            yield from self._news.rejected(event, draft)

    def unknown(self, event: OrderUnknown, draft: Draft) -> None:
        """The answer to a request is lost: look, and ask for nothing a second time."""
        if self._trader.earn.knows(event.order_id):
            self._trader.earn.unknown(event, draft)
            return
        ticket = self._desk.tickets.get(event.order_id)
        if ticket is None:
            account = self._account(event.order_id)
            if account is not None:
                draft.requests.append(LookAtAccount(account))
        elif ticket.live and ticket.send_at_ms is None:
            draft.tell("P2", ticket.book, f"What became of {self._named(ticket)} is unknown: {event.reason}.")
            self.lose(ticket, draft)

    def looked_up(self, event: LookedUp, draft: Draft) -> Iterator[Reaction]:
        """A look-up has ended; what it found was taken in before."""
        if self._trader.earn.knows(event.order_id):
            self._trader.earn.looked_up(event, draft)
            return
        ticket = self._desk.tickets.get(event.order_id)
        verdict = self.lookups.answered(event.order_id, event.found, event.complete, event.at_ms)
        if ticket is None or verdict is Verdict.OPEN:
            return
        if verdict is Verdict.FOUND:
            self._news.accepted(OrderAccepted(event.at_ms, event.order_id), draft)
            self._settled(ticket, draft)
            return
        self.lookups.end(event.order_id)
        ticket.never_placed = True
        draft.tell("P1", ticket.book, f"{self._named(ticket)} was never placed, whatever became of its request.")
        # What was decided still holds, and its order never left: it leaves under the name of the next attempt.
        if ticket.giving_up or not self._try_again(ticket, "find", draft.at_ms, draft):
            yield from self._news.ended_without_a_fill(ticket, "find", NEVER_PLACED, draft)

    def lose(self, ticket: Ticket, draft: Draft) -> None:
        """Nobody knows how it stands with an order: look for it."""
        known = ticket.snapshot.state != "SUBMITTED"
        self._desk.move(ticket, "lose", draft.at_ms)
        ticket.cancel_ms = None
        self.lookups.begin(ticket.request.order_id, draft.at_ms, known)

    # ── time ────────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def idle(self) -> bool:
        """Whether no order is under way, so that time alone brings nothing."""
        return self._desk.idle and self.lookups.idle and self._trader.earn.idle

    def tick(self, draft: Draft) -> Iterator[Reaction]:
        """Do what is due: look-ups, alarms, new attempts and cancellations."""
        self._trader.earn.tick(draft)
        for order_id in self.lookups.due(draft.at_ms):
            self._look_up(order_id, draft)
        for order_id in self.lookups.alarms(draft.at_ms):
            ticket = self._desk.tickets[order_id]
            text = f"Three look-ups have not explained {self._named(ticket)}; it is looked for every minute."
            draft.tell("P0", ticket.book, text)
        for ticket in self._desk.live():
            if ticket.snapshot.state == "SUBMITTED" and draft.at_ms - ticket.snapshot.since_ms >= SILENCE_MS:
                self.lose(ticket, draft)
            if self._is_overdue(ticket, draft.at_ms):
                draft.requests.append(self._desk.cancel(ticket, draft.at_ms))
            if ticket.send_at_ms is not None and draft.at_ms >= ticket.send_at_ms:
                yield from self._again(ticket, draft)

    def restarted(self, draft: Draft) -> None:
        """A process has begun: an order that was committed and has no answer may have left or not."""
        self._trader.earn.restarted(draft.at_ms)
        self.lookups.hasten(draft.at_ms)
        for ticket in self._desk.live():
            if ticket.snapshot.state == "SUBMITTED":
                self.lose(ticket, draft)
            elif ticket.giving_up and ticket.snapshot.state in RESTING:
                draft.requests.append(self._desk.cancel(ticket, draft.at_ms))

    # ── how ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _look_up(self, order_id: str, draft: Draft) -> None:
        ticket = self._desk.tickets.get(order_id)
        if ticket is None or ticket.snapshot.state != "UNKNOWN":
            self.lookups.end(order_id)
            return
        request = ticket.request
        draft.requests.append(LookUpOrder(order_id, request.account, request.market, request.symbol))

    def _settled(self, ticket: Ticket, draft: Draft) -> None:
        self.lookups.end(ticket.request.order_id)
        if ticket.giving_up and ticket.live:
            draft.requests.append(self._desk.cancel(ticket, draft.at_ms))

    def _cancel_refused(self, ticket: Ticket, answer: Answer, event: OrderRejected, draft: Draft) -> None:
        if answer is Answer.TRANSIENT or event.retry_at_ms is not None:
            ticket.send_at_ms = max(event.retry_at_ms or 0, draft.at_ms + SHORTEST_WAIT_MS)
        else:
            self.lose(ticket, draft)

    def _waits(self, ticket: Ticket, answer: Answer, event: OrderRejected, draft: Draft) -> bool:
        """Make the next attempt of an order that was refused for now; False where it has had its chances."""
        if answer is not Answer.TRANSIENT and event.retry_at_ms is None:
            return False
        at_ms = max(event.retry_at_ms or 0, draft.at_ms + SHORTEST_WAIT_MS)
        return self._try_again(ticket, "reject", at_ms, draft)

    def _try_again(self, ticket: Ticket, trigger: str, at_ms: int, draft: Draft) -> bool:
        """End an order, and let the next attempt at it leave at a moment; False where it has had its chances."""
        most = PROTECTIVE_TRIES if ticket.request.protective else TRIES
        if ticket.tries >= most or self._is_too_late(ticket, at_ms):
            return False
        self._desk.move(ticket, trigger, draft.at_ms)
        name = next_attempt(ticket.request.order_id)
        while name in self._desk.tickets:
            name = next_attempt(name)
        again = replace(
            ticket,
            request=replace(ticket.request, order_id=name),
            attempt=int(name.rpartition("-")[2]),
            snapshot=self._desk.fresh(draft.at_ms),
            tries=ticket.tries + 1,
            send_at_ms=at_ms,
            never_placed=False,
            cancel_ms=None,
        )
        self._desk.open(again)
        self._news.hand_over(ticket, again)
        return True

    def _is_overdue(self, ticket: Ticket, now_ms: int) -> bool:
        """Whether a cancellation should have been answered by now, and none waits to leave."""
        asked_ms, waits = ticket.cancel_ms, ticket.send_at_ms is not None
        resting = ticket.snapshot.state in RESTING
        return resting and not waits and asked_ms is not None and now_ms - asked_ms >= CANCEL_SILENCE_MS

    def _is_too_late(self, ticket: Ticket, at_ms: int) -> bool:
        return ticket.purpose is Purpose.ENTRY and at_ms > ticket.placed_ms + self._patience_ms

    def _again(self, ticket: Ticket, draft: Draft) -> Iterator[Reaction]:
        ticket.send_at_ms = None
        if ticket.snapshot.state != "VALIDATED":
            draft.requests.append(self._desk.cancel(ticket, draft.at_ms))
        elif ticket.giving_up or self._is_too_late(ticket, draft.at_ms):
            yield from self._news.ended_without_a_fill(
                ticket, "expire", "its time was over before it could leave", draft
            )
        else:
            self._desk.move(ticket, "submit", draft.at_ms)
            draft.requests.append(ticket.request)

    def _fence(self, event: OrderRejected, draft: Draft) -> None:
        account = self._account(event.order_id)
        if account is not None:
            self._fences.fence_account(
                account, f"{event.reason} ({event.code}); check its key, then unfence it.", draft
            )

    def _account(self, name: str) -> str | None:
        """The account that a request was about: by its order, its transfer, or the name that a refusal of it has."""
        ticket = self._desk.tickets.get(name)
        if ticket is not None:
            return ticket.request.account
        kind, _, rest = name.partition(":")
        if kind in ("stop", "leverage"):
            return rest.partition(":")[0]
        return self._trader.transfers.source(name) or self._trader.earn.source(name)

    def unsettled(self, account: str) -> frozenset[str]:
        """The coins of an account that are on their way to Earn or back."""
        return self._trader.earn.unsettled(account)

    def _named(self, ticket: Ticket) -> str:
        return f"the order {ticket.request.order_id} of {ticket.rule} for {ticket.request.symbol}"

    # ── state ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def to_plain(self) -> dict[str, Any]:
        """Every search as plain data."""
        return {"lookups": self.lookups.to_plain()}

    def restore(self, plain: Mapping[str, Any]) -> None:
        """Take back what `to_plain` gave."""
        self.lookups.restore(plain["lookups"])

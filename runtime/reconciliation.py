"""Whether the exchange shows what the books say: every difference is told, none is traded away, no fill is made up."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any

from runtime.codec import from_plain, to_plain
from runtime.decimals import EXACT, ZERO, plain, readable
from runtime.desk import Desk, Ticket
from runtime.draft import Draft
from runtime.events import AccountSeen, SeenOrder, SeenPosition
from runtime.fences import Fences
from runtime.instrument import Market
from runtime.order_path import OrderPath
from runtime.portfolio import Portfolio
from runtime.requests import LookAtAccount, LookUpOrder
from runtime.step import Difference

LOOK_AGAIN_MS = 5_000
# News of an order that is younger than this may still be on its way.
SETTLED_AFTER_MS = 5_000
FLAT = "nothing"
POSITION = "position"
LATEST = 3


@dataclass(slots=True)
class Looking:
    """How it stands with one account: `differences` are those of the last look, `told` those that were told.

    `seen` is the last look, kept for the operator's decision about it.
    """

    next_ms: int = 0
    reconciled: bool = True
    differences: tuple[Difference, ...] = ()
    told: tuple[Difference, ...] = ()
    seen: AccountSeen | None = None


class Reconciliation:
    """Looks at every account when a process begins, when the exchange is back, and every `every_ms`.

    A difference counts when two looks in a row show it: one may be news that is still on its way.
    """

    def __init__(self, portfolio: Portfolio, desk: Desk, path: OrderPath, fences: Fences, every_ms: int) -> None:
        self._portfolio = portfolio
        self._every_ms = every_ms
        self._desk = desk
        self._path = path
        self._fences = fences
        self._running = False
        self._accounts = {name: Looking() for name in portfolio.accounts}

    @property
    def done(self) -> bool:
        """Whether every account has been seen and compared since the process began or the exchange came back."""
        return all(looking.reconciled for looking in self._accounts.values())

    @property
    def running(self) -> bool:
        """Whether there is an exchange to look at, each minute."""
        return self._running

    def due(self, now_ms: int) -> bool:
        """Whether it is an account's turn to be looked at."""
        return self._running and any(now_ms >= looking.next_ms for looking in self._accounts.values())

    def begin(self, draft: Draft) -> None:
        """Look at every account, now."""
        self._running = True
        for name, looking in self._accounts.items():
            looking.reconciled, looking.differences = False, ()
            self._look(name, looking, draft)

    def tick(self, draft: Draft) -> None:
        """Look at the accounts whose turn it is."""
        if not self._running:
            return
        for name, looking in self._accounts.items():
            if draft.at_ms >= looking.next_ms:
                self._look(name, looking, draft)

    def seen(self, event: AccountSeen, draft: Draft) -> None:
        """Compare one whole look at an account with the books."""
        looking = self._accounts.get(event.account)
        if looking is None:
            draft.tell("P1", "", f"The exchange has shown the account {event.account}, which no book has.")
            return
        if not event.complete:
            looking.next_ms = draft.at_ms + LOOK_AGAIN_MS
            return
        looking.seen = event
        self._find_missing(event, draft)
        found = tuple(self._differences(event))
        self._ask_about(found, draft)
        again, looking.differences = tuple(one for one in found if one in looking.differences), found
        if found and again != found:
            looking.next_ms = draft.at_ms + LOOK_AGAIN_MS
            return
        looking.reconciled = True
        self._tell(looking, found, draft)

    def settled(self, account: str, draft: Draft) -> AccountSeen | None:
        """Give the last whole look at an account, with which a person now deals, and look again soon."""
        looking = self._accounts.get(account)
        if looking is None:
            return None
        looking.next_ms = draft.at_ms + LOOK_AGAIN_MS
        return looking.seen

    # ── what differs ────────────────────────────────────────────────────────────────────────────────────────────────

    def _differences(self, event: AccountSeen) -> Iterator[Difference]:
        account = event.account
        yield from self._of_positions(account, event.positions)
        shown = dict(event.wallet)
        lent = self._portfolio.all_lent(account)
        # What is on its way to Earn or back is there, here, or nowhere to be seen.
        settled = (shown.keys() | self._portfolio.wallets(account).keys()) - self._path.unsettled(account)
        for coin in sorted(settled):
            ours, theirs = self._portfolio.wallet(account, coin), shown.get(coin, ZERO)
            ours = EXACT.subtract(ours, lent[coin]) if coin in lent else ours
            if ours != theirs:
                yield Difference(account, "coin", coin, plain(ours), plain(theirs))
        yield from self._of_earn(event, lent)
        for order in event.orders:
            ticket = self._desk.tickets.get(order.order_id)
            if ticket is None or not ticket.live:
                yield Difference(account, "order", order.order_id or order.exchange_id, FLAT, _order(order))

    def _of_earn(self, event: AccountSeen, ours: Mapping[str, Decimal]) -> Iterator[Difference]:
        """What is at Earn, where somebody has looked."""
        theirs = ours if event.lent is None else dict(event.lent)
        for coin in sorted((ours.keys() | theirs.keys()) - self._path.unsettled(event.account)):
            we, they = ours.get(coin, ZERO), theirs.get(coin, ZERO)
            if we != they:
                yield Difference(event.account, "loan", coin, plain(we), plain(they))

    def _of_positions(self, account: str, shown: Sequence[SeenPosition]) -> Iterator[Difference]:
        theirs = {one.symbol: one.quantity for one in shown if one.quantity}
        held = (one for one in self._portfolio.positions(account) if one.market is Market.LINEAR)
        ours = {one.symbol: one.quantity for one in held}
        for symbol in sorted(theirs.keys() | ours.keys()):
            we, they = ours.get(symbol, ZERO), theirs.get(symbol, ZERO)
            if we != they:
                yield Difference(account, POSITION, symbol, readable(we), readable(they))

    def _find_missing(self, event: AccountSeen, draft: Draft) -> None:
        """An order of ours that should be open and isn't shown has ended, and the news of it was missed."""
        shown = frozenset(order.order_id for order in event.orders)
        for ticket in self._desk.live():
            gone = ticket.request.account == event.account and ticket.request.order_id not in shown
            if gone and _should_be_open(ticket, draft.at_ms):
                self._path.lose(ticket, draft)

    def _ask_about(self, found: tuple[Difference, ...], draft: Draft) -> None:
        """A fill may have been missed: ask for those of the latest orders of a position that differs."""
        for one in found:
            if one.kind == POSITION:
                own = (t for t in reversed(self._desk.tickets.values()) if t.request.symbol == one.what)
                asked = (t.request for t in own if t.request.account == one.account and t.snapshot.state != "REJECTED")
                for r in islice(asked, LATEST):
                    if not self._path.lookups.under_way(r.order_id):
                        draft.requests.append(LookUpOrder(r.order_id, r.account, r.market, r.symbol))

    def _tell(self, looking: Looking, found: tuple[Difference, ...], draft: Draft) -> None:
        for one in found:
            if one not in looking.told:
                draft.records.append(one)
                draft.tell("P0" if one.kind == POSITION else "P1", "", one.text)
        for one in looking.told:
            if one not in found:
                draft.tell("P2", "", f"No longer so: {one.text}")
        looking.told = found
        account = looking.seen.account if looking.seen is not None else ""
        self._fences.quarantine(account, next((one.text for one in found if one.kind == POSITION), None))

    def _look(self, name: str, looking: Looking, draft: Draft) -> None:
        looking.next_ms = draft.at_ms + self._every_ms
        draft.requests.append(LookAtAccount(name))

    # ── state ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def to_plain(self) -> dict[str, Any]:
        """What the looks have shown so far as plain data."""
        return {
            "running": self._running,
            "accounts": {
                name: {
                    "next_ms": looking.next_ms,
                    "reconciled": looking.reconciled,
                    "differences": [to_plain(one) for one in looking.differences],
                    "told": [to_plain(one) for one in looking.told],
                    "seen": None if looking.seen is None else to_plain(looking.seen),
                }
                for name, looking in self._accounts.items()
            },
        }

    def restore(self, plain: Mapping[str, Any]) -> None:
        """Take back what `to_plain` gave."""
        self._running = plain["running"]
        for name, row in plain["accounts"].items():
            self._accounts[name] = Looking(
                row["next_ms"],
                row["reconciled"],
                tuple(from_plain(Difference, one) for one in row["differences"]),
                tuple(from_plain(Difference, one) for one in row["told"]),
                None if row["seen"] is None else from_plain(AccountSeen, row["seen"]),
            )


def _should_be_open(ticket: Ticket, now_ms: int) -> bool:
    resting = ticket.snapshot.state in ("ACKNOWLEDGED", "OPEN", "PARTIALLY_FILLED")
    return resting and now_ms - ticket.snapshot.since_ms >= SETTLED_AFTER_MS


def _order(order: SeenOrder) -> str:
    return f"an order to {order.side} {readable(EXACT.subtract(order.quantity, order.filled))} {order.symbol}"

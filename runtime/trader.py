"""From what a machine wants to orders, and from what became of the orders back to the machine."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from machines.intents import (
    Alert,
    Buy,
    CancelOpen,
    Direction,
    Enter,
    Intent,
    Leave,
    Lend,
    MoveStop,
    PairIntent,
    Sell,
    TakeBack,
    Transfer,
    Urgency,
)
from runtime import gate
from runtime.answers import NOT_SENT
from runtime.decimals import percent, readable
from runtime.desk import Purpose, Ticket
from runtime.draft import Draft
from runtime.earn import Earn
from runtime.envelope import EnvelopeWatch
from runtime.events import EarnMoved, Fill, FillKind, OrderAccepted, OrderCancelled, OrderRejected
from runtime.fences import Fences
from runtime.instance import Instance
from runtime.instrument import Instrument, Market
from runtime.ladder import Ladder
from runtime.order_id import Naming, order_id
from runtime.orders import UNCHECKED, Plannable, Planned, Unplannable, plan, wanted_notional
from runtime.pairs import Allowance, PairPlan, Pairs
from runtime.reaction import Reaction
from runtime.requests import CancelOrder, OrderType, PlaceOrder, Side, TimeInForce
from runtime.review import Review, Stopped
from runtime.sizing import AccountView, Checked, Limit
from runtime.step import Approved, Outcome, Refused
from runtime.transfers import Transfers
from runtime.view import Proposal, World

ONE = Decimal(1)
ZERO = Decimal(0)
SWEEP_ABOVE = 200
FILLED = "filled"
# "Too late to cancel" and "this id exists already" speak of a request; the order itself may be filled or still live.
ABOUT_THE_REQUEST = frozenset({110001, 170213, 110072, 170141})


@dataclass(frozen=True, slots=True)
class Allowed:
    """What checks and breaker leave of an intent, and the limits to show for it."""

    checked: Checked = UNCHECKED
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True)
class Placeable:
    """An intent that was approved, with its orders named and planned, but not placed yet."""

    approved: Approved
    planned: Planned
    naming: Naming


class Trader:
    """Reviews intents, plans and places their orders, and follows each order to its end."""

    def __init__(
        self,
        world: World,
        ladder: Ladder | None,
        reviews: Mapping[str, Review],
        envelope: EnvelopeWatch,
        fences: Fences,
    ) -> None:
        self.desk = world.desk
        self.transfers = Transfers(world.portfolio)
        self.earn = Earn(world.portfolio)
        self._world = world
        self._portfolio = world.portfolio
        self._ladder = ladder
        self._reviews = reviews
        self._envelope = envelope
        self.pairs = Pairs(world.portfolio, world.desk, envelope, reviews.__getitem__, self._allowance)
        self._fences = fences

    # ── from intents to orders ──────────────────────────────────────────────────────────────────────────────────────

    def consider(self, instance: Instance, rule: str, intent: Intent, draft: Draft) -> Outcome:
        """Say yes or no to one intent; a yes has its requests in the draft already."""
        if isinstance(intent, Alert):
            draft.tell(intent.severity, instance.book.name, intent.text)
            return Approved(intent, (), ())
        if isinstance(intent, Transfer):
            return self._transfer(instance, rule, intent, draft)
        if isinstance(intent, PairIntent) or (isinstance(intent, CancelOpen) and instance.book.hedged_on):
            return self.pairs.consider(instance, rule, intent, draft)
        if isinstance(intent, Lend | TakeBack):
            return self._lend(instance, rule, intent, draft)
        waits = self._wait_for_coins(instance, rule, intent, draft)
        return self._trade(instance, rule, intent, draft) if waits is None else waits

    def _trade(self, instance: Instance, rule: str, intent: Plannable, draft: Draft) -> Outcome:
        answer = self._answer(instance, rule, intent, draft.at_ms)
        if isinstance(answer, Refused):
            return answer
        self._place(instance, rule, answer, draft)
        return answer.approved

    def _transfer(self, instance: Instance, rule: str, intent: Transfer, draft: Draft) -> Outcome:
        reason = self._forbids(gate.Purpose.TRANSFER, instance.book.name, instance.book.account)
        if reason is not None:
            return Refused(intent, "gate", reason)
        return self.transfers.consider(instance, rule, intent, draft)

    def _lend(self, instance: Instance, rule: str, intent: Lend | TakeBack, draft: Draft) -> Outcome:
        reason = self._forbids(gate.Purpose.ENTRY, instance.book.name, instance.book.account)
        if isinstance(intent, Lend) and reason is not None:
            return Refused(intent, "gate", reason)
        return self.earn.consider(instance, rule, intent, draft)

    def _wait_for_coins(self, instance: Instance, rule: str, intent: Plannable, draft: Draft) -> Outcome | None:
        """What is lent out comes home before it is sold; None where nothing has to be waited for."""
        if isinstance(intent, CancelOpen):
            self.earn.forget_sale(instance.key, intent.symbol)
        return self.earn.before_sale(instance, rule, intent, draft) if isinstance(intent, Sell | Leave) else None

    def earn_moved(self, event: EarnMoved, instances: Mapping[tuple[str, str], Instance], draft: Draft) -> None:
        """Coins are lent out, or back: what has waited for them is sold now."""
        self.earn.moved(event, draft)
        for key, sale in tuple(self.earn.sales_due(event.account, event.coin, draft.at_ms)):
            outcome = self.consider(instances[key], sale.rule, sale.intent, draft) if key in instances else None
            if isinstance(outcome, Refused):
                draft.tell("P1", key[0], f"{sale.intent.symbol} is back from Earn and not sold: {outcome.reason}")

    def rehearse(
        self, instance: Instance, rule: str, intent: Plannable | PairIntent, now_ms: int
    ) -> tuple[Outcome, ...]:
        """Say what the answer to an intent would be: every refusal, or one approval; nothing is placed."""
        if isinstance(intent, PairIntent):
            planned = self.pairs.answer(instance, rule, intent, now_ms)
            return (planned.approved if isinstance(planned, PairPlan) else planned,)
        answer = self._answer(instance, rule, intent, now_ms)
        if isinstance(answer, Placeable):
            return (answer.approved,)
        price = instance.view.price(intent.symbol)
        if price is None or not isinstance(intent, Enter | Buy):
            return (answer,)
        view = self.account_view(instance, intent.symbol)
        proposal = self._proposal(instance, self._widened(intent), price, view)
        stopped = self._reviews[instance.book.name].refusals(proposal)
        return tuple(Refused(intent, one.check, one.reason, one.trace) for one in stopped) or (answer,)

    def _answer(self, instance: Instance, rule: str, intent: Plannable, now_ms: int) -> Placeable | Refused:
        price = instance.view.price(intent.symbol)
        if price is None:
            return Refused(intent, "price", f"{intent.symbol} has no price yet.")
        quarantine = self._fences.keeps_out(instance.book.account, intent.symbol)
        if quarantine is not None and isinstance(intent, Enter | Buy):
            return Refused(intent, "quarantine", quarantine)
        if isinstance(intent, Buy | Sell) and self._is_under_way(instance, intent):
            return Refused(intent, "under_way", f"The last order of this kind for {intent.symbol} is not done yet.")
        if isinstance(intent, Enter | Buy):
            return self._open(instance, rule, intent, price, now_ms)
        if isinstance(intent, Leave) and self.desk.failed_exits(instance.book.name, intent.symbol):
            intent = replace(intent, urgency=Urgency.URGENT)
        return self._plan(instance, rule, intent, Allowed(), now_ms)

    def _is_under_way(self, instance: Instance, intent: Buy | Sell) -> bool:
        """What an open order will bring is in no balance yet, so that a rule would ask for it a second time."""
        if intent.urgency is Urgency.URGENT:
            return False
        side = Side.BUY if isinstance(intent, Buy) else Side.SELL
        return any(t.request.side is side for t in self.desk.live(instance.book.name, intent.symbol))

    def _open(
        self, instance: Instance, rule: str, intent: Enter | Buy, price: Decimal, now_ms: int
    ) -> Placeable | Refused:
        intent, view = self._widened(intent), self.account_view(instance, intent.symbol)
        proposal = self._proposal(instance, intent, price, view)
        passed = self._reviews[instance.book.name].ask(proposal)
        if isinstance(passed, Stopped):
            return Refused(intent, passed.check, passed.reason, passed.trace)
        reason = self._forbids(gate.Purpose.ENTRY, instance.book.name, instance.book.account)
        if reason is not None:
            return Refused(intent, "gate", reason)
        factor, limits = self._breaker_factor(proposal.notional, now_ms)
        checked = Checked(passed.scale * factor, passed.cap)
        return self._plan(instance, rule, intent, Allowed(checked, (*passed.limits, *limits)), now_ms, view)

    def _allowance(self, instance: Instance, notional: Decimal, now_ms: int) -> Allowance:
        """Say why nothing may be opened now, or what the breaker leaves of a size."""
        reason = self._forbids(gate.Purpose.ENTRY, instance.book.name, instance.book.account)
        return self._breaker_factor(notional, now_ms) if reason is None else reason

    def _forbids(self, purpose: gate.Purpose, book: str, account: str) -> str | None:
        return gate.may(purpose, self._world.status, book, account)

    def _proposal(self, instance: Instance, intent: Enter | Buy, price: Decimal, view: AccountView) -> Proposal:
        notional = wanted_notional(intent, instance.view.instrument(intent.symbol), price, view)
        direction = intent.direction if isinstance(intent, Enter) else Direction.LONG
        side = Side.BUY if direction is Direction.LONG else Side.SELL
        return Proposal(intent.symbol, side, direction, notional)

    def _widened(self, intent: Enter | Buy) -> Enter | Buy:
        if self._ladder is None or isinstance(intent, Buy):
            return intent
        return replace(intent, stop_distance=intent.stop_distance * self._ladder.stop_factor())

    def _breaker_factor(self, notional: Decimal, now_ms: int) -> tuple[Decimal, tuple[Limit, ...]]:
        if self._ladder is None:
            return ONE, ()
        factor = self._ladder.size_factor(now_ms)
        if factor == ONE:
            return ONE, ()
        text = f"breaker {self._ladder.snapshot.state}: {percent(factor)} of the size{self._ladder.recovering(now_ms)}"
        return factor, (Limit("breaker", text, notional, notional * factor),)

    def _plan(
        self,
        instance: Instance,
        rule: str,
        intent: Plannable,
        allowed: Allowed,
        now_ms: int,
        view: AccountView | None = None,
    ) -> Placeable | Refused:
        price, limits = instance.view.price(intent.symbol), allowed.limits
        assert price is not None
        naming = self._naming(instance, rule, intent, now_ms)
        instrument = instance.view.instrument(intent.symbol)
        if view is None:
            seen = self.protected_view if isinstance(intent, MoveStop) else self.account_view
            view = seen(instance, intent.symbol)
        planned = plan(intent, instrument, price, view, naming, allowed.checked)
        if isinstance(planned, Unplannable):
            return Refused(intent, "size", "; ".join((*(limit.text for limit in limits), planned.reason)))
        if isinstance(intent, Enter | Buy):
            reason = self._envelope.refuses(planned.requests, price, now_ms)
            if reason is not None:
                return Refused(intent, "envelope", reason)
        return Placeable(Approved(intent, planned.requests, (*limits, *planned.limits)), planned, naming)

    def _naming(self, instance: Instance, rule: str, intent: Plannable, now_ms: int) -> Naming:
        """What the order of an intent is named after; what makes no order needs no name of its own."""
        slot = f"{instance.book.name}:{now_ms}"
        if isinstance(intent, MoveStop | CancelOpen):
            return Naming(rule, slot)
        symbol = intent.symbol
        attempt = 1 + self.desk.failed_exits(instance.book.name, symbol)
        while order_id(instance.book.account, rule, slot, symbol, attempt) in self.desk.tickets:
            attempt += 1
        return Naming(rule, slot, attempt)

    def _place(self, instance: Instance, rule: str, placeable: Placeable, draft: Draft) -> None:
        planned, intent = placeable.planned, placeable.approved.intent
        if planned.reservation is not None:
            held = planned.reservation
            self._portfolio.reserve(held.order_id, held.account, held.coin, held.amount)
        if isinstance(intent, CancelOpen):
            self._call_off(self.desk.live(instance.book.name, intent.symbol))
        for request in planned.requests:
            if isinstance(request, CancelOrder):
                self.desk.cancel(self.desk.tickets[request.order_id], draft.at_ms)
            if isinstance(request, PlaceOrder):
                self.desk.open(self._ticket(instance, rule, intent, request, placeable.naming, draft.at_ms))
                self._envelope.count(request, instance.view.price(request.symbol) or ZERO, draft.at_ms)
            draft.requests.append(request)

    def _ticket(
        self, instance: Instance, rule: str, intent: Intent, request: PlaceOrder, naming: Naming, now_ms: int
    ) -> Ticket:
        patient = request.time_in_force is TimeInForce.POST_ONLY
        return Ticket(
            request=request,
            book=instance.book.name,
            symbol=instance.symbol,
            purpose=Purpose.ENTRY if isinstance(intent, Enter | Buy) else Purpose.EXIT,
            rule=rule,
            placed_ms=now_ms,
            attempt=naming.attempt,
            snapshot=self.desk.fresh(now_ms),
            patient_until_ms=now_ms + self._envelope.patience_ms if patient else None,
        )

    def protected_view(self, instance: Instance, symbol: str) -> AccountView:
        """What planning the move of a stop needs to know: position and stop; nothing is spent."""
        account, market = instance.book.account, instance.view.market
        return AccountView(
            account=account,
            equity=None,
            available=ZERO,
            free=ZERO,
            notional=None,
            position=self._portfolio.position(account, market, symbol),
            stop=self._portfolio.stop(account, symbol),
        )

    def account_view(self, instance: Instance, symbol: str) -> AccountView:
        """What planning needs to know of the book's account and one symbol."""
        portfolio, account, instrument = self._portfolio, instance.book.account, instance.view.instrument(symbol)
        return AccountView(
            account=account,
            equity=portfolio.equity(account),
            available=portfolio.available(account, instrument.quote),
            free=portfolio.available(account, instrument.base),
            notional=self._notional(account),
            position=portfolio.position(account, instrument.market, symbol),
            leverage=portfolio.leverage_set(account, symbol),
            stop=portfolio.stop(account, symbol),
            open_orders=tuple(
                t.request.order_id for t in self.desk.live(instance.book.name, symbol) if t.cancel_ms is None
            ),
            slippage_cap=self._envelope.slippage_cap,
        )

    def _notional(self, account: str) -> Decimal | None:
        """Positions, and the entries that are still to be filled at their worst: all of them."""
        held = self._portfolio.notional(account)
        if held is None:
            return None
        unfilled: dict[tuple[Market, str], Decimal] = {}
        for request, filled in ((t.request, t.filled) for t in self.desk.entries(account)):
            if request.quantity is not None:
                key = (request.market, request.symbol)
                unfilled[key] = unfilled.get(key, ZERO) + request.quantity - filled
        return held + sum((left * (self._world.board.price(*key) or ZERO) for key, left in unfilled.items()), ZERO)

    # ── taking back and selling ─────────────────────────────────────────────────────────────────────────────────────

    def liquidate(self, instance: Instance, cause: str, draft: Draft) -> None:
        """Take back the entries of an instance and close whatever it holds, whatever its machine says."""
        self.take_back_entries(draft, instance.book.name)
        if instance.book.hedged_on:
            self.pairs.liquidate(instance, cause, draft)
            return
        for symbol in instance.symbols:
            closing = any(t.purpose is Purpose.EXIT for t in self.desk.live(instance.book.name, symbol))
            if not closing and self._portfolio.holds(instance.book.account, instance.view.market, symbol):
                outcome = self.consider(instance, cause, Leave(symbol, Urgency.URGENT, cause), draft)
                if isinstance(outcome, Refused):
                    draft.tell("P0", instance.book.name, f"{symbol} could not be closed: {outcome.reason}")

    def take_back_entries(self, draft: Draft, book: str = "") -> None:
        """Take back the open entries of a book, or of all."""
        self.take_back([t for t in self.desk.live(book) if t.purpose is Purpose.ENTRY], draft)

    def take_back(self, tickets: Iterable[Ticket], draft: Draft) -> None:
        """Ask for the end of orders, each once; nothing of them goes to the market."""
        for ticket in tickets:
            self._call_off([ticket])
            if ticket.cancel_ms is None:
                draft.requests.append(self.desk.cancel(ticket, draft.at_ms))

    def move_to_cash(self, instances: Iterable[Instance], share: Decimal, cause: str, draft: Draft) -> None:
        """Sell a share of every spot holding."""
        for instance in instances:
            for symbol in instance.symbols:
                price = instance.view.price(symbol)
                if price is None or not self._portfolio.holds(instance.book.account, Market.SPOT, symbol):
                    continue
                amount = instance.view.position(symbol).notional(price) * share
                self.consider(instance, cause, Sell(symbol, amount, Urgency.URGENT), draft)

    # ── patience ────────────────────────────────────────────────────────────────────────────────────────────────────

    def lose_patience(self, draft: Draft) -> None:
        """Take back maker orders that have waited long enough; what is left of them goes to the market."""
        for ticket in self.desk.live():
            if ticket.patient_until_ms is not None and draft.at_ms >= ticket.patient_until_ms and not ticket.giving_up:
                draft.requests.append(self.desk.cancel(ticket, draft.at_ms))

    def _call_off(self, tickets: Iterable[Ticket]) -> None:
        """Nothing of an order that nobody wants any more may go to the market."""
        for ticket in tickets:
            ticket.patient_until_ms, ticket.giving_up = None, True

    def _may_go_on(self, ticket: Ticket) -> bool:
        """Whether the rest of an order may still be traded, now that time has passed."""
        purpose = gate.purpose_of(ticket.request)
        return self._forbids(purpose, ticket.book, ticket.request.account) is None

    def _at_market(self, ticket: Ticket, draft: Draft) -> bool:
        """Send what is left of an order to the market; False when that is too little to be an order."""
        left = (ticket.request.quantity or ZERO) - ticket.filled
        instrument = self._instrument(ticket.request)
        price = self._world.board.price(instrument.market, instrument.symbol)
        if (
            price is None
            or left < instrument.minimum_quantity
            or left * price < instrument.minimum_notional
            or not left
        ):
            return False
        naming = Naming(ticket.rule, f"{ticket.book}:{ticket.placed_ms}", ticket.attempt + 1)
        request = replace(
            ticket.request,
            order_id=order_id(ticket.request.account, naming.rule, naming.slot, ticket.request.symbol, naming.attempt),
            order_type=OrderType.MARKET,
            time_in_force=TimeInForce.IOC,
            quantity=left,
            price=None,
            slippage_cap=self._envelope.slippage_cap,
        )
        again = replace(ticket, request=request, attempt=naming.attempt, placed_ms=draft.at_ms, patient_until_ms=None)
        again.snapshot, again.giving_up, again.cancel_ms = self.desk.fresh(draft.at_ms), False, None
        again.filled = again.value = ZERO
        self.desk.open(again)
        self._speak_for(request, left, price)
        draft.requests.append(request)
        return True

    def _speak_for(self, request: PlaceOrder, quantity: Decimal, price: Decimal) -> None:
        """Reserve what an order will spend, so that nobody else plans with it."""
        instrument = self._instrument(request)
        selling = request.side is Side.SELL
        coin = instrument.base if selling else instrument.quote
        amount = quantity if selling else quantity * price
        free = self._portfolio.available(request.account, coin)
        self._portfolio.reserve(request.order_id, request.account, coin, min(amount, free))

    def _instrument(self, request: PlaceOrder) -> Instrument:
        return self._world.instruments[request.market, request.symbol]

    # ── from orders back to machines ────────────────────────────────────────────────────────────────────────────────

    def accepted(self, event: OrderAccepted, draft: Draft) -> None:
        """An order stands on the exchange."""
        ticket = self.desk.tickets.get(event.order_id)
        if ticket is not None:
            self._move(ticket, "acknowledge", draft)
            self._move(ticket, "rest", draft)

    def _move(self, ticket: Ticket, trigger: str, draft: Draft) -> None:
        """Move an order on; what can't happen to it is a defect, and its book stops."""
        before = ticket.snapshot.state
        if not self.desk.move(ticket, trigger, draft.at_ms):
            text = f"{trigger!r} came for its order {ticket.request.order_id}, which is {before}; that can't be."
            self._fences.fence(ticket.book, text, draft)

    def rejected(self, event: OrderRejected, draft: Draft) -> Iterator[Reaction]:
        """An order was refused by the exchange: nothing of it will ever fill."""
        ticket = self.desk.tickets.get(event.order_id)
        if event.code in ABOUT_THE_REQUEST:
            return
        if self.transfers.knows(event.order_id):
            yield from self.transfers.rejected(event, draft)
            return
        if self.earn.knows(event.order_id):
            self.earn.rejected(event, draft)
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
        ticket = self.desk.tickets.get(event.order_id)
        if ticket is None or not ticket.live:
            return
        self._move(ticket, "cancel", draft)
        self._portfolio.release(event.order_id)
        if ticket.patient_until_ms is not None and self._may_go_on(ticket) and self._at_market(ticket, draft):
            return
        yield from self._ended(ticket, event.reason, self._undone(ticket))

    def filled(self, event: Fill, draft: Draft) -> Iterator[Reaction]:
        """Count a fill once, in the portfolio, in the trades and on its order, and tell the machine what it means."""
        applied = self._portfolio.apply(event)
        if applied is None:
            return
        ticket = self.desk.fill(event)
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
            entries = [t for t in self.desk.live(ticket.book, event.symbol) if t.purpose is Purpose.ENTRY]
            self.take_back(entries, draft)
            yield Reaction(key, "opened", {"price": event.price}, f"{event.kind} before the entry was complete")
            yield Reaction(key, "stopped", {"price": event.price}, f"{event.kind} at {event.price}")

    def _ended(self, ticket: Ticket, reason: str, left: Decimal) -> Iterator[Reaction]:
        """An entry has opened something or failed; an exit has closed everything or failed."""
        key, request = (ticket.book, ticket.symbol), ticket.request
        told: dict[str, Any] = {"symbol": request.symbol, "left": left}
        flat = not self._portfolio.holds(request.account, request.market, request.symbol)
        if ticket.purpose is Purpose.EXIT:
            self.desk.count_exit(ticket, failed=reason != FILLED)
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
        if self.desk.ended > SWEEP_ABOVE:
            held = {
                (account, position.symbol)
                for account in self._portfolio.accounts
                for position in self._portfolio.positions(account)
                if position.market is Market.LINEAR
            }
            keep = frozenset(n for n, t in self.desk.tickets.items() if (t.request.account, t.request.symbol) in held)
            self.desk.forget_ended(keep)

    # ── state ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def to_plain(self) -> dict[str, Any]:
        """Orders and transfers under way and the envelope's counts as plain data."""
        return {
            "orders": self.desk.to_plain(),
            "envelope": self._envelope.to_plain(),
            "transfers": self.transfers.to_plain(),
            "earn": self.earn.to_plain(),
        }

    def restore(self, plain: Mapping[str, Any]) -> None:
        """Take back what `to_plain` gave."""
        self.desk.restore(plain["orders"])
        self._envelope.restore(plain["envelope"])
        self.transfers.restore(plain["transfers"])
        # A snapshot of an older version has none.
        if "earn" in plain:
            self.earn.restore(plain["earn"])

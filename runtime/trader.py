"""From what a machine wants to orders."""

from collections.abc import Iterable, Mapping
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
from runtime.account_views import AccountViews
from runtime.decimals import percent
from runtime.desk import Purpose, Ticket
from runtime.draft import Draft
from runtime.earn import Earn
from runtime.envelope import EnvelopeWatch
from runtime.events import EarnMoved
from runtime.fences import Fences
from runtime.instance import Instance
from runtime.instrument import Market
from runtime.ladder import Ladder
from runtime.order_id import Naming, order_id
from runtime.orders import UNCHECKED, Plannable, Planned, Unplannable, plan, wanted_notional
from runtime.pairs import Allowance, PairPlan, Pairs
from runtime.requests import CancelOrder, PlaceOrder, Side, TimeInForce
from runtime.review import Review, Stopped
from runtime.sizing import AccountView, Checked, Limit
from runtime.step import Approved, Outcome, Refused
from runtime.transfers import Transfers
from runtime.view import Proposal, World

ONE = Decimal(1)
ZERO = Decimal(0)


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
    """Reviews intents, plans and places their orders, and takes back what nobody wants any more."""

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
        self._status = world.status
        self._portfolio = world.portfolio
        self._ladder = ladder
        self._reviews = reviews
        self._envelope = envelope
        self._views = AccountViews(world, envelope)
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
        view = self._views.of(instance, intent.symbol)
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
        intent, view = self._widened(intent), self._views.of(instance, intent.symbol)
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
        return gate.may(purpose, self._status, book, account)

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
            seen = self._views.protected if isinstance(intent, MoveStop) else self._views.of
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

    def _call_off(self, tickets: Iterable[Ticket]) -> None:
        """Nothing of an order that nobody wants any more may go to the market."""
        for ticket in tickets:
            ticket.patient_until_ms, ticket.giving_up = None, True

    def move_to_cash(self, instances: Iterable[Instance], share: Decimal, cause: str, draft: Draft) -> None:
        """Sell a share of every spot holding."""
        for instance in instances:
            for symbol in instance.symbols:
                price = instance.view.price(symbol)
                if price is None or not self._portfolio.holds(instance.book.account, Market.SPOT, symbol):
                    continue
                amount = instance.view.position(symbol).notional(price) * share
                self.consider(instance, cause, Sell(symbol, amount, Urgency.URGENT), draft)

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

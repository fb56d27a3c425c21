"""The whole program: one event in, one step out, nothing else."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from rules.language.rulebook import Rulebook
from runtime import gate
from runtime.allocation import allocation_of
from runtime.answers import Answer, classify
from runtime.board import Board, unusable
from runtime.commands import Commands
from runtime.contact import Contact
from runtime.decider import Decider
from runtime.draft import Draft
from runtime.envelope import EnvelopeWatch
from runtime.events import (
    AccountSeen,
    Candle,
    CandleClose,
    CashFlow,
    EarnMoved,
    Event,
    ExchangeBack,
    ExchangeLost,
    FactObserved,
    Fill,
    FundingPayment,
    InterestPaid,
    LeverageSet,
    LookedUp,
    Noticed,
    OperatorCommand,
    OrderAccepted,
    OrderCancelled,
    OrderRejected,
    OrderUnknown,
    RulesRead,
    RulesReloaded,
    Started,
    StopGone,
    StopPlaced,
    Timer,
)
from runtime.fences import Fences
from runtime.governance import Governance, ladder_of
from runtime.halt import Halt
from runtime.history import Histories
from runtime.instance import Instance, begun
from runtime.instrument import Instrument, Market
from runtime.leverages import NAMED as LEVERAGE
from runtime.leverages import Leverages
from runtime.library import NO_LIBRARY, Library
from runtime.life import Life
from runtime.order_news import OrderNews
from runtime.order_path import OrderPath
from runtime.orphans import Orphans
from runtime.outage import Outage
from runtime.patience import Patience
from runtime.portfolio import Portfolio
from runtime.protection import Protection
from runtime.reaction import Reaction
from runtime.reconciliation import Reconciliation
from runtime.requests import Request
from runtime.review import Review
from runtime.status import Hold, Status
from runtime.step import Step
from runtime.trader import Trader
from runtime.trades import Trades
from runtime.versions import NOTHING_RELOADED, Reloads, Versions, reloads_of, running
from runtime.view import World

Series = tuple[Market, str, str]
SHARES = "shares"
STOP = "stop:"


class Engine:
    """Books, their machines and one portfolio, moved by events; no clock, no randomness, no input or output.

    With `fast` the tables of the machines are executed without the library, with equal outcomes.
    """

    def __init__(
        self,
        rulebook: Rulebook,
        books: Sequence[str],
        portfolio: Portfolio,
        instruments: Mapping[tuple[Market, str], Instrument],
        reloads: Reloads = NOTHING_RELOADED,
        fast: bool = False,
    ) -> None:
        self.rulebook = rulebook
        self.fast = fast
        self.envelope, older = reloads.envelope or rulebook.envelope, reloads.older()
        self.books = running(books, rulebook, older)
        self.portfolio = portfolio
        self.trades = Trades()
        self.sequence = 0
        self.world = World(Board(), portfolio, self.trades, Histories(), instruments, Status())
        self.instances = {one.key: one for book in self.books.values() for one in begun(book, older, fast)}
        self.versions = Versions(self, reloads)
        self.life = Life(self.world.status)
        self.fences = Fences(self.world.status)
        self.leverages = Leverages()
        self.commands = Commands(self)
        self._assemble()

    def reassemble(self) -> None:
        """Put everything together anew that follows from the rules; what it remembers stays."""
        plain, around = self._parts(), self.decider.around
        self._assemble()
        self._restore_parts(plain)
        self.decider.around = around

    def _assemble(self) -> None:
        for instance in self.instances.values():
            instance.bind(self.world)
        views = {name: next(i for i in self.instances.values() if i.book.name == name).view for name in self.books}
        self.ladder = ladder_of(self.rulebook.ladder, views.values())
        reviews = {
            name: Review(self.rulebook.checks, self.world, self.books[name], view) for name, view in views.items()
        }
        envelope = EnvelopeWatch(self.envelope, self.portfolio)
        self.trader = Trader(self.world, self.ladder, reviews, envelope, self.fences)
        self.patience = Patience(self.world, envelope)
        self.news = OrderNews(self.world, self.trader, self.patience, self.fences)
        self.path = OrderPath(self.trader, self.news, self.fences, envelope.patience_ms)
        self.decider = Decider(self.trader, self.fences)
        portfolio, instances = self.portfolio, self.instances.values()
        self.protection = Protection(portfolio, self.trader, self.decider, self.fences, instances)
        rules = self.rulebook.lifecycle
        self.reconciliation = Reconciliation(portfolio, self.trader.desk, self.path, self.fences, rules.look_every_ms)
        self.orphans = Orphans(portfolio, self.trader, self.protection, self.reconciliation)
        self._due = self._decision_series()
        self._attentive = [one for one in self.instances.values() if one.machine.table.awaiting]
        self.allocation = allocation_of(self)
        self.halt = Halt(rules, self.life, self.world, self.decider, self.trader, tuple(instances))
        self.governance = Governance(self.ladder, self.world, self.decider, self.trader, self.halt, instances)
        self.outage = Outage(rules, self.life, portfolio)
        self.contact = Contact(self.life, self.outage, self.reconciliation, self.trader.transfers, self.leverages)

    def _decision_series(self) -> dict[Series, tuple[tuple[str, str], ...]]:
        due: dict[Series, tuple[tuple[str, str], ...]] = {}
        for instance in self.instances.values():
            for symbol in instance.symbols:
                for market in instance.book.markets:
                    key = (Market(market), symbol, instance.book.timeframe)
                    due[key] = (*due.get(key, ()), instance.key)
        return due

    @property
    def deciding(self) -> frozenset[Series]:
        """The series of candles whose closes let a book decide."""
        return frozenset(self._due)

    @property
    def halted(self) -> bool:
        """Whether trading has stopped until a person acknowledges."""
        return self.halt.under_way

    @property
    def awaiting(self) -> bool:
        """Whether a machine waits for its orders, so that time alone may lead to a decision."""
        return any(one.snapshot.state in one.machine.table.awaiting for one in self._attentive)

    def restless(self, now_ms: int) -> bool:
        """Whether time alone may lead to something soon, so that it has to be told each second."""
        under_way = next(self.trader.desk.live(), None) is not None
        held_up = not self.ready or self.halted or self.life.memory.exchange_away
        due = self.reconciliation.due(now_ms) or self.trader.earn.due(now_ms)
        return under_way or held_up or self.awaiting or self.protection.uneasy or due

    @property
    def paused(self) -> frozenset[str]:
        """The books that an operator has paused by name."""
        return self.world.status.held(Hold.PAUSED)

    @property
    def ready(self) -> bool:
        """Whether the process has found everything on the exchange as it is in the books."""
        return self.contact.ready

    def may_send(self, request: Request) -> str | None:
        """Ask once more right before a request leaves: None lets it go, a sentence says why it has to stay."""
        account = gate.account_of(request)
        book = next((name for name, one in self.books.items() if one.account == account), "")
        return gate.may(gate.purpose_of(request), self.world.status, book, account)

    # ── one event ───────────────────────────────────────────────────────────────────────────────────────────────────

    def step(self, event: Event) -> Step:
        """Take in one event and answer with everything that follows from it."""
        draft = Draft(event.at_ms)
        self.world.board.moment.now_ms = event.at_ms
        if not self.life.begun and not isinstance(event, Started):
            for trigger in ("start", "ready"):
                self.life.move(trigger, "start", draft)
        HANDLERS[type(event)](self, event, draft)
        return self._answer(event, draft)

    def end_day(self, event: CandleClose) -> Step:
        """Answer to candles of midnight that were taken in already and move no rule: the shares are looked at."""
        draft = Draft(event.at_ms)
        if self.allocation is not None and self.allocation.begins_day(draft.at_ms):
            self._share_out(draft, daily=True)
        return self._answer(event, draft)

    def _answer(self, event: Event, draft: Draft) -> Step:
        if self.halted:
            self.halt.advance(draft)
        if draft.requests:
            self.protection.note(draft.requests)
            self.leverages.note(draft.requests)
        self.versions.advance(draft)
        self.sequence += 1
        return Step(self.sequence, event.at_ms, event, tuple(draft.records), tuple(draft.requests))

    # ── candles ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _on_candles(self, event: CandleClose, draft: Draft) -> None:
        due: set[tuple[str, str]] = set()
        for candle in event.candles:
            if self._take(candle, draft):
                due.update(self._due.get((candle.market, candle.symbol, candle.timeframe), ()))
        self._tend(draft)
        if due:
            self._decide([instance for key, instance in self.instances.items() if key in due], draft)
        if self.allocation is not None and self.allocation.begins_day(draft.at_ms):
            self._share_out(draft, daily=True)

    def _tend(self, draft: Draft) -> None:
        """Look after what is there, whether or not anything is decided."""
        if self.ready:
            self.governance.watch(draft)
        self.outage.watch(draft)
        if self.path.idle:
            self._share_out(draft)
        else:
            self.patience.lose(draft)
            self.react(self.path.tick(draft), draft)
        self.protection.watch(draft)
        self.reconciliation.tick(draft)

    def _share_out(self, draft: Draft, daily: bool = False) -> None:
        """Let money follow the shares; when that fails, it stays where it is and trading goes on."""
        if self.allocation is None or not (daily or self.allocation.busy):
            return
        if SHARES not in self.fences.fenced:
            with self.fences.around(SHARES, "sharing out the money", draft):
                self.allocation.look(draft) if daily else self.allocation.follow(draft)

    def _take(self, candle: Candle, draft: Draft) -> bool:
        """Let a candle into everything that remembers prices; one that can't be true goes nowhere."""
        reason = unusable(candle)
        if reason is not None:
            text = f"The {candle.timeframe} candle of {candle.symbol} ({candle.market}) is not traded on: {reason}."
            draft.tell("P1", "", text)
            return False
        board = self.world.board
        board.see_candle(candle)
        self.portfolio.see(candle)
        self.world.histories.append(candle)
        return True

    # ── orders and money ────────────────────────────────────────────────────────────────────────────────────────────

    def react(self, reactions: Iterable[Reaction], draft: Draft) -> None:
        """Tell machines what happened; those that wait for their orders decide at once, when all has been told."""
        told: dict[tuple[str, str], Instance] = {}
        for reaction in reactions:
            instance = self._tell(reaction, draft)
            if instance is not None and instance.machine.table.awaiting:
                told[instance.key] = instance
        if told:
            self._decide(told.values(), draft)
        self._share_out(draft)

    def _tell(self, reaction: Reaction, draft: Draft) -> Instance | None:
        """What belongs to no machine, such as an orphan, is told to none."""
        instance = self.instances.get(reaction.key)
        if instance is not None:
            self.decider.move(instance, reaction.trigger, reaction.arguments, reaction.cause, draft)
        return instance

    def _decide(self, instances: Iterable[Instance], draft: Draft) -> None:
        if gate.decides(self.world.status):
            for instance in instances:
                if self.fences.decides(instance.book.name):
                    self.decider.decide(instance, draft)

    def _on_started(self, _event: Started, draft: Draft) -> None:
        self.life.move("start", "a process has begun", draft)
        self.path.restarted(draft)
        self.protection.restarted(draft.at_ms)
        self.contact.begin(draft)

    def _on_rejected(self, event: OrderRejected, draft: Draft) -> None:
        ticket = self.trader.desk.tickets.get(event.order_id)
        if ticket is not None and classify(event.code) is Answer.AUTHENTICATION:
            reason = f"the exchange refuses the key of {ticket.request.account} ({event.reason}, {event.code})"
            self.fences.fence(ticket.book, reason, draft)
        reactions = tuple(self.path.rejected(event, draft))
        if self.allocation is not None:
            self.allocation.rejected(event.order_id)
        self.react(reactions, draft)
        if event.order_id.startswith(STOP):
            self.protection.refused(event.order_id, draft)
            self.protection.watch(draft)
        elif event.order_id.startswith(LEVERAGE):
            self.leverages.refused(event.order_id)

    def _on_unknown(self, event: OrderUnknown, draft: Draft) -> None:
        self.path.unknown(event, draft)
        if event.order_id.startswith(STOP):
            self.protection.unknown(event.order_id)

    def _on_fill(self, event: Fill, draft: Draft) -> None:
        self.react(self.news.filled(event, draft), draft)
        if event.order_id not in self.trader.desk.tickets:
            self.protection.found(event)
        self.protection.watch(draft)

    def _on_funding(self, event: FundingPayment, draft: Draft) -> None:
        if not self.portfolio.apply_funding(event):
            return
        for instance in self.instances.values():
            if instance.book.account == event.account and event.symbol in instance.symbols:
                cause = f"settlement {event.settlement_id}"
                self.decider.move(instance, "funded", {"amount": event.amount}, cause, draft)

    def _on_cash_flow(self, event: CashFlow, draft: Draft) -> None:
        if self.portfolio.apply_cash_flow(event):
            if self.allocation is not None:
                self.allocation.flowed(event)
            for reaction in self.trader.transfers.flowed(event, draft):
                self._tell(reaction, draft)
            self._share_out(draft)

    def _on_stop(self, event: StopPlaced, draft: Draft) -> None:
        self.protection.placed(event)
        self.protection.watch(draft)

    def _on_seen(self, event: AccountSeen, draft: Draft) -> None:
        self.reconciliation.seen(event, draft)
        if event.complete:
            self.protection.seen(event, draft)
        self.contact.seen(draft)

    def _on_leverage(self, event: LeverageSet, _draft: Draft) -> None:
        self.portfolio.apply_leverage(event)
        self.leverages.answered(event.account, event.symbol)

    def _on_timer(self, _event: Timer, draft: Draft) -> None:
        self._tend(draft)
        self._decide([one for one in self._attentive if one.snapshot.state in one.machine.table.awaiting], draft)

    # ── state as plain data ─────────────────────────────────────────────────────────────────────────────────────────

    def to_plain(self) -> dict[str, Any]:
        """Everything the engine remembers, as JSON-able data; histories of candles are loaded anew, not remembered."""
        reloaded = self.versions.to_plain()
        return {
            "sequence": self.sequence,
            "board": self.world.board.to_plain(),
            "portfolio": self.portfolio.to_plain(),
            "trades": self.trades.to_plain(),
            "instances": [instance.to_plain() for instance in self.instances.values()],
            "lifecycle": self.life.to_plain(),
            "status": self.world.status.to_plain(),
            "commands": self.commands.to_plain(),
            "fences": self.fences.to_plain(),
            "leverages": self.leverages.to_plain(),
            **self._parts(),
            **({} if reloaded is None else {"rules": reloaded}),
        }

    def _parts(self) -> dict[str, Any]:
        """What those parts remember that are made from the rules."""
        return {
            "looks": self.contact.to_plain(),
            "decisions": self.decider.decisions,
            "halt": self.halt.to_plain(),
            "outage": self.outage.to_plain(),
            "ladder": self.governance.to_plain(),
            "trader": self.trader.to_plain(),
            "allocation": None if self.allocation is None else self.allocation.to_plain(),
            "path": self.path.to_plain(),
            "protection": self.protection.to_plain(),
            "reconciliation": self.reconciliation.to_plain(),
        }

    def _restore_parts(self, plain: Mapping[str, Any]) -> None:
        self.contact.restore(plain["looks"])
        self.decider.decisions = plain["decisions"]
        self.halt.restore(plain["halt"])
        self.outage.restore(plain["outage"])
        self.governance.restore(plain["ladder"])
        self.trader.restore(plain["trader"])
        if self.allocation is not None and plain["allocation"] is not None:
            self.allocation.restore(plain["allocation"])
        self.path.restore(plain["path"])
        self.protection.restore(plain["protection"])
        self.reconciliation.restore(plain["reconciliation"])

    @classmethod
    def from_plain(
        cls,
        rulebook: Rulebook,
        books: Sequence[str],
        instruments: Mapping[tuple[Market, str], Instrument],
        plain: Mapping[str, Any],
        library: Library = NO_LIBRARY,
    ) -> "Engine":
        """Make an engine that goes on where the one that gave `to_plain` stood."""
        portfolio = Portfolio.from_plain(instruments, plain["portfolio"])
        engine = cls(rulebook, books, portfolio, instruments, reloads_of(plain.get("rules"), library))
        engine.sequence = plain["sequence"]
        engine.world.board.restore(plain["board"])
        engine.trades.restore(plain["trades"])
        for entry in plain["instances"]:
            engine.instances[entry["book"], entry["symbol"]].restore(entry)
        engine.life.restore(plain["lifecycle"])
        engine.world.status.restore(plain["status"])
        engine.commands.restore(plain["commands"])
        engine.fences.restore(plain["fences"])
        engine.leverages.restore(plain.get("leverages", ()))
        engine._restore_parts(plain)
        return engine


Handler = Callable[[Engine, Any, Draft], object]
HANDLERS: Mapping[type, Handler] = {
    CandleClose: Engine._on_candles,
    Started: Engine._on_started,
    RulesRead: lambda engine, event, draft: engine.fences.read(event.faulty, engine.books, draft),
    RulesReloaded: lambda engine, event, draft: engine.versions.reloaded(event, draft),
    Noticed: lambda _, event, draft: draft.tell(event.severity, "", event.text),
    OrderAccepted: lambda engine, event, draft: engine.path.accepted(event, draft),
    OrderRejected: Engine._on_rejected,
    OrderUnknown: Engine._on_unknown,
    LookedUp: lambda engine, event, draft: engine.react(engine.path.looked_up(event, draft), draft),
    OrderCancelled: lambda engine, event, draft: engine.react(engine.news.cancelled(event, draft), draft),
    Fill: Engine._on_fill,
    FundingPayment: Engine._on_funding,
    CashFlow: Engine._on_cash_flow,
    EarnMoved: lambda engine, event, draft: engine.trader.earn_moved(event, engine.instances, draft),
    InterestPaid: lambda engine, event, _: engine.portfolio.apply_interest(event),
    StopPlaced: Engine._on_stop,
    StopGone: lambda engine, event, draft: engine.protection.gone(event, draft),
    AccountSeen: Engine._on_seen,
    LeverageSet: Engine._on_leverage,
    FactObserved: lambda engine, event, _: engine.world.board.observe(event),
    OperatorCommand: lambda engine, event, draft: engine.commands.handle(event, draft),
    ExchangeLost: lambda engine, event, draft: engine.contact.lost(event, draft),
    ExchangeBack: lambda engine, event, draft: engine.contact.back(event, draft),
    Timer: Engine._on_timer,
}

"""The whole program: one event in, one step out, nothing else."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from machines.catalogue import MACHINES
from machines.lifecycle import LIFECYCLE
from machines.machine import Machine
from machines.table import Firing, Table
from rules.language.evaluate import compile_live
from rules.language.governance import Close
from rules.language.rulebook import Rulebook
from runtime.binding import ViewBinder
from runtime.board import Board, unusable
from runtime.decider import Decider
from runtime.decimals import percent
from runtime.draft import Draft
from runtime.envelope import EnvelopeWatch
from runtime.events import (
    AccountSeen,
    Candle,
    CandleClose,
    CashFlow,
    Event,
    ExchangeBack,
    ExchangeLost,
    FactObserved,
    Fill,
    FundingPayment,
    LeverageSet,
    LookedUp,
    OperatorCommand,
    OrderAccepted,
    OrderCancelled,
    OrderRejected,
    OrderUnknown,
    Started,
    StopGone,
    StopPlaced,
    Timer,
)
from runtime.facts import FACTS_OF
from runtime.fences import Fences
from runtime.history import Histories
from runtime.instance import Instance
from runtime.instrument import Instrument, Market
from runtime.ladder import EMERGENCY, Ladder
from runtime.order_path import OrderPath
from runtime.orphans import Orphans
from runtime.portfolio import Portfolio
from runtime.protection import Protection
from runtime.reaction import Reaction
from runtime.reconciliation import Reconciliation
from runtime.requests import Request
from runtime.review import Review
from runtime.step import LevelMove, Step, Transition
from runtime.trader import Trader
from runtime.trades import Trades
from runtime.view import Status, View, World

Series = tuple[Market, str, str]
HOUR_MS = 3_600_000
STARTING = "STARTING"
STOP = "stop:"


class Engine:
    """Books, their machines and one portfolio, moved by events; no clock, no randomness, no input or output."""

    def __init__(
        self,
        rulebook: Rulebook,
        books: Sequence[str],
        portfolio: Portfolio,
        instruments: Mapping[tuple[Market, str], Instrument],
    ) -> None:
        self.rulebook = rulebook
        self.books = {name: rulebook.books[name] for name in books}
        self.portfolio = portfolio
        self.trades = Trades()
        self.sequence = 0
        self.world = World(Board(), portfolio, self.trades, Histories(), instruments, Status())
        self.instances = {instance.key: instance for book in self.books for instance in self._instances(book)}
        self._lifecycle = Machine(LIFECYCLE, fast=True)
        self._life = LIFECYCLE.begin(0)
        self._paused: set[str] = set()
        self._returning = False
        self.fences = Fences()
        self._bind()

    def _instances(self, name: str) -> Iterable[Instance]:
        book = self.books[name]
        table = MACHINES[book.machine]
        symbols = ("",) if serves_whole_book(table) else book.symbols
        machine = Machine(table)
        return [Instance(book, symbol, machine, table.begin(0)) for symbol in symbols]

    def _bind(self) -> None:
        for instance in self.instances.values():
            instance.bind(self.world)
        views = {name: next(i for i in self.instances.values() if i.book.name == name).view for name in self.books}
        ladder = self.rulebook.ladder
        self.ladder = None if ladder is None else Ladder(ladder, self._measure(ladder.on, next(iter(views.values()))))
        reviews = {
            name: Review(self.rulebook.checks, self.world, self.books[name], view) for name, view in views.items()
        }
        envelope = EnvelopeWatch(self.rulebook.envelope, self.portfolio)
        self.trader = Trader(self.world, self.ladder, reviews, envelope, self.fences)
        self.path = OrderPath(self.trader, self.fences, envelope.patience_ms)
        self.decider = Decider(self.trader)
        portfolio, instances = self.portfolio, self.instances.values()
        self.protection = Protection(portfolio, self.trader, self.decider, self.fences, instances)
        self.reconciliation = Reconciliation(portfolio, self.trader.desk, self.path, self.fences)
        self.orphans = Orphans(portfolio, self.trader, self.protection, self.reconciliation)
        self._due = self._decision_series()

    def _measure(self, expression: Any, view: View) -> Callable[[], Any]:
        return compile_live(expression, ViewBinder(view, FACTS_OF["breakers"]))

    def _decision_series(self) -> dict[Series, tuple[Instance, ...]]:
        due: dict[Series, tuple[Instance, ...]] = {}
        for instance in self.instances.values():
            for symbol in instance.symbols:
                key = (Market(instance.book.market), symbol, instance.book.timeframe)
                due[key] = (*due.get(key, ()), instance)
        return due

    @property
    def halted(self) -> bool:
        """Whether trading has stopped until a person acknowledges."""
        return self.ladder is not None and self.ladder.snapshot.state == EMERGENCY

    @property
    def paused(self) -> frozenset[str]:
        """The books that an operator has paused."""
        return frozenset(self._paused)

    @property
    def ready(self) -> bool:
        """Whether the process has found everything on the exchange as it is in the books."""
        return self._life.state != STARTING

    def may_send(self, request: Request) -> str | None:
        """Say why a request may not leave now, or None; asked right before it would."""
        return self.fences.refuses(request)

    # ── one event ───────────────────────────────────────────────────────────────────────────────────────────────────

    def step(self, event: Event) -> Step:
        """Take in one event and answer with everything that follows from it."""
        draft = Draft(event.at_ms)
        self.world.board.moment.now_ms = event.at_ms
        if self._life.state == LIFECYCLE.initial and not isinstance(event, Started):
            self._start(draft)
        HANDLERS[type(event)](self, event, draft)
        self.protection.note(draft.requests)
        self.sequence += 1
        return Step(self.sequence, event.at_ms, event, tuple(draft.records), tuple(draft.requests))

    def _start(self, draft: Draft) -> None:
        for trigger in ("start", "ready"):
            self._live(trigger, "start", draft)

    def _live(self, trigger: str, cause: str, draft: Draft) -> bool:
        firing = Firing(draft.at_ms, (), {}, cause)
        if not self._lifecycle.may(self._life, trigger, firing):
            return False
        outcome = self._lifecycle.fire(self._life, trigger, firing)
        self._life = outcome.after
        self.world.status.lifecycle = outcome.after.state
        draft.records.append(Transition("", "", trigger, outcome.before.state, outcome.after.state, cause))
        return True

    # ── candles ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _on_candles(self, event: CandleClose, draft: Draft) -> None:
        due: dict[tuple[str, str], Instance] = {}
        for candle in event.candles:
            if self._take(candle, draft):
                for instance in self._due.get((candle.market, candle.symbol, candle.timeframe), ()):
                    due[instance.key] = instance
        self._tend(draft)
        if due and self.ready and not self.halted:
            for key, instance in self.instances.items():
                if key in due and not self._rests(instance):
                    self.decider.decide(instance, draft)

    def _rests(self, instance: Instance) -> bool:
        book = instance.book
        return book.name in self._paused or self.fences.stops(book.name, book.account)

    def _tend(self, draft: Draft) -> None:
        """Look after what is there, whether or not anything is decided."""
        self._govern(draft)
        self.trader.lose_patience(draft)
        self._react(self.path.tick(draft), draft)
        self.protection.watch(draft)
        self.reconciliation.tick(draft)

    def _take(self, candle: Candle, draft: Draft) -> bool:
        """Let a candle into everything that remembers prices; one that can't be true goes nowhere."""
        reason = unusable(candle)
        if reason is not None:
            text = f"The {candle.timeframe} candle of {candle.symbol} ({candle.market}) is not traded on: {reason}."
            draft.tell("P1", "", text)
            return False
        board = self.world.board
        board.see_candle(candle)
        self.portfolio.mark_candle(candle.market, candle.symbol, candle.close)
        self.portfolio.track(candle)
        self.world.histories.append(candle)
        return True

    # ── governance ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _govern(self, draft: Draft) -> None:
        if not self.ready:
            return
        self.portfolio.observe(draft.at_ms)
        if self.ladder is None:
            return
        was_unknown = self.ladder.unknown
        move = self.ladder.watch(draft.at_ms)
        if self.ladder.unknown and not was_unknown:
            draft.tell("P1", "", "The drawdown is unknown: no risk is opened until it is known again.")
        if move is not None:
            self._enter_level(move, draft)
        self._show_status()
        self._report(draft)
        if self.halted:
            self._liquidate("breaker EMERGENCY", draft)

    def _report(self, draft: Draft) -> None:
        level = None if self.ladder is None else self.ladder.level
        if level is not None and level.hourly_report and draft.at_ms % HOUR_MS == 0:
            drawdown = percent(self.portfolio.net_value.drawdown)
            draft.tell("P3", "", f"{level.name}: the portfolio is {drawdown} below its highest value.")

    def _show_status(self) -> None:
        status, ladder = self.world.status, self.ladder
        if ladder is not None:
            status.level, status.entries_allowed = ladder.snapshot.state, ladder.entries_allowed

    def _enter_level(self, move: LevelMove, draft: Draft) -> None:
        assert self.ladder is not None
        draft.records.append(move)
        level = self.ladder.level
        severity = "P2" if level is None else level.alert
        draft.tell(severity, "", f"The breaker went from {move.before} to {move.after}: {move.reason}.")
        rose = self.ladder.rank(move.after) > self.ladder.rank(move.before)
        if level is None or not rose:
            return
        if level.close is Close.DIRECTIONAL:
            self._close(lambda instance: instance.book.directional, f"breaker {level.name}", draft)
        if level.spot_to_cash:
            self.trader.move_to_cash(self._spot_instances(), level.spot_to_cash, f"breaker {level.name}", draft)
        if move.after == EMERGENCY:
            self._live("emergency", "breaker EMERGENCY", draft)

    def _spot_instances(self) -> list[Instance]:
        return [i for i in self.instances.values() if i.book.market == Market.SPOT]

    def _close(self, chosen: Callable[[Instance], bool], cause: str, draft: Draft) -> None:
        for instance in self.instances.values():
            if chosen(instance):
                self.decider.move(instance, "close_now", {}, cause, draft)

    def _liquidate(self, cause: str, draft: Draft) -> None:
        """Halt every machine and close whatever is held and not being closed already, until nothing is left."""
        for instance in self.instances.values():
            if self.decider.move(instance, "emergency", {"reason": cause}, cause, draft):
                self.decider.move(instance, "close_now", {}, cause, draft)
            self.trader.liquidate(instance, cause, draft)

    # ── orders and money ────────────────────────────────────────────────────────────────────────────────────────────

    def _react(self, reactions: Iterable[Reaction], draft: Draft) -> None:
        for reaction in reactions:
            instance = self.instances.get(reaction.key)
            if instance is not None:
                self.decider.move(instance, reaction.trigger, reaction.arguments, reaction.cause, draft)

    def _on_started(self, _event: Started, draft: Draft) -> None:
        self._live("start", "a process has begun", draft)
        self.path.restarted(draft)
        self.reconciliation.begin(draft)
        draft.requests += self.trader.transfers.unanswered()

    def _on_accepted(self, event: OrderAccepted, draft: Draft) -> None:
        self.path.accepted(event, draft)

    def _on_rejected(self, event: OrderRejected, draft: Draft) -> None:
        self._react(self.path.rejected(event, draft), draft)
        if event.order_id.startswith(STOP):
            self.protection.refused(event.order_id, draft)
            self.protection.watch(draft)

    def _on_unknown(self, event: OrderUnknown, draft: Draft) -> None:
        self.path.unknown(event, draft)

    def _on_looked_up(self, event: LookedUp, draft: Draft) -> None:
        self._react(self.path.looked_up(event, draft), draft)

    def _on_cancelled(self, event: OrderCancelled, draft: Draft) -> None:
        self._react(self.trader.cancelled(event, draft), draft)

    def _on_fill(self, event: Fill, draft: Draft) -> None:
        self._react(self.trader.filled(event, draft), draft)
        if event.order_id not in self.trader.desk.tickets:
            self.protection.found(event)
        self.protection.watch(draft)

    def _on_funding(self, event: FundingPayment, _draft: Draft) -> None:
        self.portfolio.apply_funding(event)

    def _on_cash_flow(self, event: CashFlow, draft: Draft) -> None:
        if self.portfolio.apply_cash_flow(event):
            self._react(self.trader.transfers.flowed(event, draft), draft)

    def _on_stop(self, event: StopPlaced, draft: Draft) -> None:
        self.protection.placed(event)
        self.protection.watch(draft)

    def _on_stop_gone(self, event: StopGone, draft: Draft) -> None:
        self.protection.gone(event, draft)

    def _on_seen(self, event: AccountSeen, draft: Draft) -> None:
        self.reconciliation.seen(event, draft)
        if event.complete:
            self.protection.seen(event, draft)
        if self.reconciliation.done:
            self._reconciled(draft)

    def _reconciled(self, draft: Draft) -> None:
        if not self.ready:
            self._live("ready", "every account is reconciled", draft)
        if self._returning:
            self._returning = False
            self._live("exchange_back", "the exchange answers again, and every account is reconciled", draft)

    def _on_leverage(self, event: LeverageSet, _draft: Draft) -> None:
        self.portfolio.apply_leverage(event)

    def _on_fact(self, event: FactObserved, _draft: Draft) -> None:
        self.world.board.observe(event)

    def _on_exchange_lost(self, event: ExchangeLost, draft: Draft) -> None:
        self._returning = False
        self._live("exchange_lost", event.reason, draft)

    def _on_exchange_back(self, _event: ExchangeBack, draft: Draft) -> None:
        self._returning = True
        self.reconciliation.begin(draft)

    def _on_timer(self, _event: Timer, draft: Draft) -> None:
        self._tend(draft)

    # ── the operator ────────────────────────────────────────────────────────────────────────────────────────────────

    def _on_command(self, event: OperatorCommand, draft: Draft) -> None:
        cause = f"{event.name} by {event.actor}: {event.reason}"
        command = COMMANDS.get(event.name)
        if command is None:
            draft.tell("P2", event.book, f"There is no command {event.name}; there are {', '.join(sorted(COMMANDS))}.")
            return
        draft.tell("P2", event.book, cause)
        command(self, event.book, cause, draft)

    def _pause(self, book: str, cause: str, draft: Draft) -> None:
        if book:
            self._paused.add(book)
        else:
            self._live("pause", cause, draft)

    def _resume(self, book: str, cause: str, draft: Draft) -> None:
        if book:
            self._paused.discard(book)
        else:
            self._live("resume", cause, draft)

    def _flatten(self, book: str, cause: str, draft: Draft) -> None:
        self._close(lambda instance: book in ("", instance.book.name), cause, draft)

    def _unfence(self, name: str, _cause: str, draft: Draft) -> None:
        if not self.fences.lift(name):
            fenced = ", ".join(sorted((*self.fences.books, *self.fences.accounts))) or "nothing"
            draft.tell("P2", "", f"There is no fence around {name!r}; fenced is {fenced}.")

    def _adopt(self, book: str, cause: str, draft: Draft) -> None:
        self._react(self.orphans.adopt(self._of(book), cause, draft), draft)

    def _close_orphan(self, book: str, cause: str, draft: Draft) -> None:
        self._react(self.orphans.close(self._of(book), cause, draft), draft)

    def _of(self, book: str) -> list[Instance]:
        return [instance for instance in self.instances.values() if book in ("", instance.book.name)]

    def _acknowledge(self, _book: str, cause: str, draft: Draft) -> None:
        """Leave EMERGENCY; the drawdown is measured from here on, or the same loss would halt trading again at once."""
        if self.ladder is None or not self.halted:
            draft.tell("P2", "", "Nothing needs to be acknowledged: trading is not halted.")
            return
        draft.records.append(self.ladder.acknowledge(draft.at_ms, self.portfolio.net_value.drawdown))
        self.portfolio.net_value.measure_from_here()
        for instance in self.instances.values():
            self.decider.move(instance, "acknowledge", {}, cause, draft)
        for trigger in ("acknowledge", "stopped", "start", "ready"):
            self._live(trigger, cause, draft)
        self._show_status()

    # ── state as plain data ─────────────────────────────────────────────────────────────────────────────────────────

    def to_plain(self) -> dict[str, Any]:
        """Everything the engine remembers, as JSON-able data; histories of candles are loaded anew, not remembered."""
        return {
            "sequence": self.sequence,
            "decisions": self.decider.decisions,
            "board": self.world.board.to_plain(),
            "portfolio": self.portfolio.to_plain(),
            "trades": self.trades.to_plain(),
            "instances": [instance.to_plain() for instance in self.instances.values()],
            "lifecycle": self._life.to_plain(),
            "paused": sorted(self._paused),
            "ladder": None if self.ladder is None else self.ladder.to_plain(),
            "trader": self.trader.to_plain(),
            "path": self.path.to_plain(),
            "fences": self.fences.to_plain(),
            "protection": self.protection.to_plain(),
            "reconciliation": self.reconciliation.to_plain(),
            "returning": self._returning,
        }

    @classmethod
    def from_plain(
        cls,
        rulebook: Rulebook,
        books: Sequence[str],
        instruments: Mapping[tuple[Market, str], Instrument],
        plain: Mapping[str, Any],
    ) -> "Engine":
        """Make an engine that goes on where the one that gave `to_plain` stood."""
        engine = cls(rulebook, books, Portfolio.from_plain(instruments, plain["portfolio"]), instruments)
        engine.sequence = plain["sequence"]
        engine.decider.decisions = plain["decisions"]
        engine.world.board.restore(plain["board"])
        engine.trades.restore(plain["trades"])
        for entry in plain["instances"]:
            engine.instances[entry["book"], entry["symbol"]].restore(entry)
        engine._life = LIFECYCLE.restore(plain["lifecycle"])
        engine.world.status.lifecycle = engine._life.state
        engine._paused = set(plain["paused"])
        if engine.ladder is not None:
            engine.ladder.restore(plain["ladder"])
        engine._show_status()
        engine.trader.restore(plain["trader"])
        engine.path.restore(plain["path"])
        engine.fences.restore(plain["fences"])
        engine.protection.restore(plain["protection"])
        engine.reconciliation.restore(plain["reconciliation"])
        engine._returning = plain["returning"]
        return engine


def serves_whole_book(table: Table) -> bool:
    """Whether a machine speaks for all symbols of its book: its triggers take a value for each of them."""
    return any(argument.per_symbol for trigger in table.triggers.values() for argument in trigger.arguments)


Handler = Callable[[Engine, Any, Draft], None]
HANDLERS: Mapping[type, Handler] = {
    CandleClose: Engine._on_candles,
    Started: Engine._on_started,
    OrderAccepted: Engine._on_accepted,
    OrderRejected: Engine._on_rejected,
    OrderUnknown: Engine._on_unknown,
    LookedUp: Engine._on_looked_up,
    OrderCancelled: Engine._on_cancelled,
    Fill: Engine._on_fill,
    FundingPayment: Engine._on_funding,
    CashFlow: Engine._on_cash_flow,
    StopPlaced: Engine._on_stop,
    StopGone: Engine._on_stop_gone,
    AccountSeen: Engine._on_seen,
    LeverageSet: Engine._on_leverage,
    FactObserved: Engine._on_fact,
    OperatorCommand: Engine._on_command,
    ExchangeLost: Engine._on_exchange_lost,
    ExchangeBack: Engine._on_exchange_back,
    Timer: Engine._on_timer,
}
COMMANDS: Mapping[str, Callable[[Engine, str, str, Draft], None]] = {
    "pause": Engine._pause,
    "resume": Engine._resume,
    "flatten": Engine._flatten,
    "acknowledge": Engine._acknowledge,
    "unfence": Engine._unfence,
    "adopt": Engine._adopt,
    "close_orphan": Engine._close_orphan,
}

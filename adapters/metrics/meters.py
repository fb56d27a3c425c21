"""Reads an engine after each of its steps, and shows what it reads as numbers."""

import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from adapters.metrics.instruments import Instruments
from rules.language.book import Book
from runtime.answers import NOT_SENT, classify
from runtime.engine import Engine
from runtime.events import (
    AccountSeen,
    CandleClose,
    Event,
    ExchangeLost,
    LookedUp,
    OrderAccepted,
    OrderRejected,
    OrderUnknown,
    Timer,
)
from runtime.instance import Instance
from runtime.instrument import Market
from runtime.requests import LookAtAccount, LookUpOrder, PlaceOrder, Request
from runtime.step import Notice, Step

SECOND_MS = 1_000
UNKNOWN = float("nan")
Question = tuple[str, str]


class Meters:
    """To be told of every step in the engine's own thread; `seconds` is a clock that never jumps."""

    def __init__(self, engine: Engine, version: str, seconds: Callable[[], float]) -> None:
        self.show = Instruments()
        self._engine = engine
        self._seconds = seconds
        self._asked: dict[Question, float] = {}
        self._trades = len(engine.trades)
        self.show.build.labels(version, platform.python_version(), engine.rulebook.version).set(1)
        for level in () if engine.ladder is None else engine.ladder.rules.levels:
            self.show.threshold.labels(level.name).set(float(level.at))
        engine.decider.around = self._evaluation
        self._read_all(engine.world.board.moment.now_ms)

    def see(self, step: Step) -> None:
        """Take in one step."""
        self.show.steps.labels(type(step.event).__name__).inc()
        self._hear(step.event)
        for request in step.requests:
            self._ask(request)
        for record in step.records:
            if isinstance(record, Notice):
                self.show.alerts.labels(record.severity).inc()
        self._count_trades()
        if isinstance(step.event, Timer | CandleClose):
            self._read_all(step.at_ms)

    # ── questions and answers ───────────────────────────────────────────────────────────────────────────────────────

    def _ask(self, request: Request) -> None:
        if isinstance(request, PlaceOrder):
            self._asked["order", request.order_id] = self._seconds()
        elif isinstance(request, LookUpOrder):
            self._asked["look", request.order_id] = self._seconds()
        elif isinstance(request, LookAtAccount):
            self._asked["look", request.account] = self._seconds()

    def _hear(self, event: Event) -> None:
        if isinstance(event, OrderAccepted):
            self._answered("order", event.order_id)
        elif isinstance(event, OrderRejected):
            self._refused(event)
        elif isinstance(event, OrderUnknown):
            self._asked.pop(("order", event.order_id), None)
            self._fail("unknown")
        elif isinstance(event, LookedUp):
            self._looked(event.order_id, event.complete)
        elif isinstance(event, AccountSeen):
            self._looked(event.account, event.complete)
        elif isinstance(event, ExchangeLost):
            self._fail("lost")

    def _refused(self, event: OrderRejected) -> None:
        if event.code == NOT_SENT:
            self._asked.pop(("order", event.order_id), None)
            return
        self._answered("order", event.order_id)
        self._fail(classify(event.code))

    def _looked(self, name: str, complete: bool) -> None:
        self._answered("look", name)
        if not complete:
            self._fail("incomplete")

    def _answered(self, kind: str, name: str) -> None:
        asked = self._asked.pop((kind, name), None)
        if asked is not None:
            histogram = self.show.order_latency if kind == "order" else self.show.exchange_latency
            histogram.observe(self._seconds() - asked)

    def _fail(self, kind: str) -> None:
        self.show.api_errors.labels(kind).inc()

    # ── rules ───────────────────────────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def _evaluation(self, instance: Instance) -> Iterator[None]:
        rules = len(instance.by_state[instance.snapshot.state])
        begun = self._seconds()
        try:
            yield
        finally:
            self.show.evaluation.labels(instance.book.name).observe(self._seconds() - begun)
            self.show.evaluations.labels(instance.book.name).inc(rules)

    # ── what there is ───────────────────────────────────────────────────────────────────────────────────────────────

    def _count_trades(self) -> None:
        trades = self._engine.trades
        if len(trades) > self._trades:
            for trade in trades.all[self._trades :]:
                self.show.trades.labels(trade.book, trade.symbol, trade.direction).inc()
            self._trades = len(trades)

    def _read_all(self, now_ms: int) -> None:
        engine = self._engine
        self.show.drawdown.set(float(engine.portfolio.net_value.drawdown))
        if engine.ladder is not None:
            self.show.level.set(engine.ladder.rank(engine.ladder.snapshot.state))
        for book in engine.books.values():
            self._read_book(book, now_ms)

    def _read_book(self, book: Book, now_ms: int) -> None:
        world, market = self._engine.world, Market(book.market)
        equity = world.portfolio.equity(book.account)
        self.show.value.labels(book.name).set(UNKNOWN if equity is None else float(equity))
        self.show.open_orders.labels(book.name).set(sum(1 for _ in world.desk.live(book.name)))
        for symbol in book.symbols:
            price = world.board.price(market, symbol)
            position = world.portfolio.position(book.account, market, symbol)
            profit = 0.0 if position.is_flat else UNKNOWN if price is None else float(position.unrealised(price))
            self.show.profit.labels(book.name, symbol).set(profit)
            closed_ms = world.histories.history(market, symbol, book.timeframe).close_ms_last
            age = UNKNOWN if closed_ms is None else (now_ms - closed_ms) / SECOND_MS
            self.show.feed_age.labels(symbol, book.timeframe).set(age)

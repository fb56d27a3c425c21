"""Watches a run step by step and keeps what a report, an explanation and a repetition need."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from runtime.doubts import with_doubts
from runtime.engine import Engine
from runtime.engine_results import with_gates
from runtime.events import (
    CandleClose,
    CashFlow,
    Event,
    Fill,
    FillKind,
    FundingPayment,
    InterestPaid,
    OrderCancelled,
    OrderRejected,
)
from runtime.found import Found
from runtime.instrument import Market
from runtime.kept_decisions import KeptDecisions, decision_record, order_ids
from runtime.outcome_words import asked, limit_texts
from runtime.requests import OrderType, PlaceOrder
from runtime.run import (
    Day,
    EquityPoint,
    Interest,
    LevelChange,
    Note,
    OrderRecord,
    RunResult,
    RunSettings,
)
from runtime.step import Decision, LevelMove, Notice, Step
from runtime.trail import Moved
from runtime.transfer_log import TransferLog
from runtime.upkeep import upkeep_of

DAY_MS = 86_400_000
DASHBOARD_ONLY = "P3"
ZERO = Decimal(0)


@dataclass(slots=True)
class _Order:
    """An order on its way: everything of its record that is known so far."""

    record: OrderRecord
    reference: Decimal
    market_order: bool
    value: Decimal = ZERO


@dataclass(slots=True)
class Recorder:
    """Keeps one point of equity a day, every order, fill and decision; repeated refusals are only counted."""

    engine: Engine
    settings: RunSettings
    data_notes: tuple[str, ...] = ()
    found: Mapping[str, Found] = field(default_factory=dict)
    candles: int = 0
    slippage_paid: Decimal = ZERO
    _equity: list[EquityPoint] = field(default_factory=list)
    _orders: dict[str, _Order] = field(default_factory=dict)
    _fills: list[Fill] = field(default_factory=list)
    _funding: list[FundingPayment] = field(default_factory=list)
    _interest: list[Interest] = field(default_factory=list)
    _decisions: KeptDecisions = field(default_factory=KeptDecisions)
    _refusals: dict[tuple[str, str, str], tuple[tuple[str, ...], int]] = field(default_factory=dict)
    _levels: list[LevelChange] = field(default_factory=list)
    _notes: list[Note] = field(default_factory=list)
    _days: dict[str, list[Day]] = field(default_factory=dict)
    _moved: dict[str, Decimal] = field(default_factory=dict)
    _transfers: TransferLog = field(default_factory=TransferLog)

    def watch(self, step: Step) -> None:
        """Take in one step."""
        event = step.event
        if isinstance(event, CandleClose):
            self._on_candles(event)
            if not (step.records or step.requests):
                return
        elif isinstance(event, Fill):
            self._on_fill(event)
        elif isinstance(event, FundingPayment):
            self._funding.append(event)
        elif isinstance(event, InterestPaid):
            value = event.amount * (self.engine.portfolio.price_of(event.coin) or ZERO)
            self._interest.append(Interest(event.at_ms, event.account, event.coin, event.amount, value))
        elif isinstance(event, CashFlow):
            self._on_flow(event)
        elif isinstance(event, OrderRejected | OrderCancelled):
            self._on_end(event)
        if step.records or step.requests:
            self._on_records(step)
        self._transfers.watch(step)

    def pass_over(self, candles: int) -> None:
        """Count candles in which nothing happened; no day ended among them."""
        self.candles += candles

    def moved(self, moved: Moved) -> None:
        """Keep a decision that has moved a stop."""
        self._refusals.pop(moved.key, None)
        self._decisions.keep(moved)

    def _on_candles(self, event: CandleClose) -> None:
        self.candles += len(event.candles)
        for candle in event.candles:
            if candle.timeframe == "1d" and self._is_reference(candle.market, candle.symbol):
                self._days.setdefault(candle.symbol, []).append(
                    Day(candle.close_ms, candle.open, candle.high, candle.low, candle.close)
                )
        if event.at_ms % DAY_MS == 0 or not self._equity:
            self._equity.append(self._point(event.at_ms))

    def _on_flow(self, flow: CashFlow) -> None:
        for name, book in self.engine.books.items():
            if flow.transfer_id and book.account == flow.account:
                self._moved[name] = self._moved.get(name, ZERO) + flow.amount

    def _is_reference(self, market: Market, symbol: str) -> bool:
        spot = any(b.market == Market.SPOT and symbol in b.symbols for b in self.engine.books.values())
        return market is Market.SPOT or not spot

    def _point(self, at_ms: int) -> EquityPoint:
        engine, portfolio = self.engine, self.engine.portfolio
        by_book = {name: portfolio.equity(book.account) or ZERO for name, book in engine.books.items()}
        level = "NORMAL" if engine.ladder is None else engine.ladder.snapshot.state
        drawdown = portfolio.net_value.drawdown
        total, exposure = portfolio.equity() or ZERO, portfolio.exposure() or ZERO
        return EquityPoint(at_ms, total, by_book, exposure, drawdown, level, dict(self._moved))

    def _on_records(self, step: Step) -> None:
        decision_of: dict[str, Decision] = {}
        limits_of: dict[str, tuple[str, ...]] = {}
        for record in step.records:
            if isinstance(record, Decision):
                self._on_decision(record, step.at_ms)
                for outcome in record.outcomes:
                    for order_id in order_ids(outcome):
                        decision_of[order_id] = record
                        limits_of[order_id] = limit_texts(outcome)
            elif isinstance(record, LevelMove):
                self._levels.append(
                    LevelChange(step.at_ms, record.before, record.after, record.drawdown, record.reason)
                )
            elif isinstance(record, Notice) and record.severity != DASHBOARD_ONLY:
                self._notes.append(Note(step.at_ms, record.severity, record.book, record.text))
        for request in step.requests:
            if isinstance(request, PlaceOrder):
                self._on_order(request, step, decision_of, limits_of)

    def _on_decision(self, decision: Decision, at_ms: int) -> None:
        key = (decision.book, decision.symbol, decision.rule)
        if decision.refused or not decision.outcomes:
            known = self._refusals.get(key)
            if known is not None and decision.before == decision.after and same_reasons(known[0], decision):
                self._decisions.repeat(known[1])
                return
            self._refusals[key] = (reasons(decision), len(self._decisions))
        else:
            self._refusals.pop(key, None)
        self._decisions.keep(decision_record(decision, at_ms))

    def _on_order(
        self,
        request: PlaceOrder,
        step: Step,
        decision_of: Mapping[str, Decision],
        limits_of: Mapping[str, tuple[str, ...]],
    ) -> None:
        ticket = self.engine.trader.desk.tickets[request.order_id]
        decision = decision_of.get(request.order_id)
        follows = None if decision is not None else self._followed(step.event)
        price = self.engine.world.board.price(request.market, request.symbol) or ZERO
        record = OrderRecord(
            order_id=request.order_id,
            decision=decision.number if decision is not None else follows.decision if follows is not None else 0,
            at_ms=step.at_ms,
            book=ticket.book,
            rule=ticket.rule,
            symbol=request.symbol,
            market=request.market.value,
            side=request.side.value,
            asked=asked(request),
            limits=limits_of.get(request.order_id, ()),
            ended="open",
            ended_ms=None,
            filled=ZERO,
            average_price=None,
            fees=ZERO,
            follows="" if follows is None else follows.order_id,
        )
        self._orders[request.order_id] = _Order(record, price, request.order_type is OrderType.MARKET)

    def _followed(self, event: Event) -> OrderRecord | None:
        """The order that ended just now without being filled, whose rest goes on as another."""
        order = self._orders.get(event.order_id) if isinstance(event, OrderCancelled) else None
        return None if order is None else order.record

    def _on_fill(self, fill: Fill) -> None:
        self._fills.append(fill)
        order = self._orders.get(fill.order_id)
        if order is None or fill.kind is not FillKind.TRADE:
            return
        order.value += fill.quantity * fill.price
        filled = order.record.filled + fill.quantity
        fee = fill.fee if fill.fee_coin == self.engine.portfolio.money else fill.fee * fill.price
        order.record = replace(
            order.record,
            filled=filled,
            average_price=order.value / filled,
            fees=order.record.fees + fee,
            ended="filled" if fill.done else "open",
            ended_ms=fill.at_ms if fill.done else None,
        )
        if order.market_order:
            self.slippage_paid += abs(fill.price - order.reference) * fill.quantity

    def _on_end(self, event: OrderRejected | OrderCancelled) -> None:
        order = self._orders.get(event.order_id)
        if order is not None:
            word = "rejected" if isinstance(event, OrderRejected) else "cancelled"
            order.record = replace(order.record, ended=f"{word}: {event.reason}", ended_ms=event.at_ms)

    def result(self) -> RunResult:
        """Everything that was recorded."""
        ladder = self.engine.ladder
        result = RunResult(
            settings=self.settings,
            data_notes=self.data_notes,
            equity=tuple(self._equity),
            orders=tuple(order.record for order in self._orders.values()),
            fills=tuple(self._fills),
            trades=self.engine.trades.all,
            funding=tuple(self._funding),
            interest=tuple(self._interest),
            decisions=self._decisions,
            levels=tuple(self._levels),
            notes=tuple(self._notes),
            days={symbol: tuple(days) for symbol, days in sorted(self._days.items())},
            weights={
                name: {s: Decimal(w.numerator) / Decimal(w.denominator) for s, w in book.weights.items()}
                for name, book in self.engine.books.items()
            },
            slippage_paid=self.slippage_paid,
            candles=self.candles,
            upkeep=tuple(filter(None, map(upkeep_of, self.engine.instances.values()))),
            transfers=self._transfers.records,
            found=self.found,
            thresholds={} if ladder is None else {level.name: level.at for level in ladder.rules.levels},
        )
        return with_doubts(with_gates(result, self.engine.rulebook), self.engine.rulebook)


def reasons(decision: Decision) -> tuple[str, ...]:
    """Which check refused which symbol; two refusals with equal reasons say the same."""
    return tuple(f"{getattr(o.intent, 'symbol', '')}:{getattr(o, 'check', '')}" for o in decision.outcomes)


def same_reasons(known: tuple[str, ...], decision: Decision) -> bool:
    """Whether a refusal only repeats an earlier one."""
    return known == reasons(decision)

"""Writes what happened to the log, so that a fill can be followed back to the market event that led to it."""

import logging
from collections import OrderedDict
from collections.abc import Mapping
from types import MappingProxyType

import structlog

from runtime.events import (
    ExchangeBack,
    ExchangeLost,
    Fill,
    OperatorCommand,
    OrderCancelled,
    OrderRejected,
    OrderUnknown,
)
from runtime.kept_decisions import order_ids
from runtime.outcome_words import told
from runtime.requests import PlaceOrder, Request
from runtime.step import Decision, LevelMove, Notice, Record, Step, Transition

MOST_ORDERS = 10_000
LEVELS: Mapping[str, int] = MappingProxyType({"P0": logging.CRITICAL, "P1": logging.ERROR, "P2": logging.WARNING})
Origin = Mapping[str, int]


class StepLog:
    """To be told of every step.

    `sequence` is the step and with it the entry of the journal. What concerns an order carries its `order_id`, and of
    the decision behind it the number (`decision`) and the step (`decided_in`).
    """

    def __init__(self) -> None:
        self._log: structlog.stdlib.BoundLogger = structlog.get_logger("eternal")
        self._origins: OrderedDict[str, Origin] = OrderedDict()

    def see(self, step: Step) -> None:
        """Take in one step."""
        log = self._log.bind(sequence=step.sequence, at_ms=step.at_ms, cause=type(step.event).__name__)
        self._event(step, log)
        for record in step.records:
            self._record(record, step, log)
        for request in step.requests:
            self._request(request, log)

    def _event(self, step: Step, log: structlog.stdlib.BoundLogger) -> None:
        event = step.event
        if isinstance(event, Fill):
            money = {"side": str(event.side), "quantity": str(event.quantity), "price": str(event.price)}
            names = {"account": event.account, "symbol": event.symbol, "execution_id": event.execution_id}
            log.info("fill", order_id=event.order_id, **self._origin(event.order_id), **names, **money)
        elif isinstance(event, OrderRejected):
            why = {"code": event.code, "reason": event.reason}
            log.warning("refused", order_id=event.order_id, **self._origin(event.order_id), **why)
        elif isinstance(event, OrderUnknown | OrderCancelled):
            word = "unknown" if isinstance(event, OrderUnknown) else "cancelled"
            log.info(word, order_id=event.order_id, **self._origin(event.order_id), reason=event.reason)
        elif isinstance(event, OperatorCommand):
            log.info("command", command=event.name, actor=event.actor, reason=event.reason, book=event.book)
        elif isinstance(event, ExchangeLost):
            log.error("exchange lost", reason=event.reason)
        elif isinstance(event, ExchangeBack):
            log.info("exchange back")

    def _record(self, record: Record, step: Step, log: structlog.stdlib.BoundLogger) -> None:
        if isinstance(record, Decision):
            orders = [order_id for outcome in record.outcomes for order_id in order_ids(outcome)]
            for order_id in orders:
                self._remember(order_id, {"decision": record.number, "decided_in": step.sequence})
            where = {"book": record.book, "symbol": record.symbol, "rule": record.rule, "place": str(record.place)}
            moved = {"before": record.before, "after": record.after}
            log.info("decision", decision=record.number, orders=orders, **where, **moved)
        elif isinstance(record, Notice):
            log.log(LEVELS.get(record.severity, logging.INFO), record.text, severity=record.severity, book=record.book)
        elif isinstance(record, LevelMove):
            log.warning("breaker", before=record.before, after=record.after, reason=record.reason)
        elif isinstance(record, Transition):
            names = {"book": record.book, "symbol": record.symbol, "trigger": record.trigger}
            log.info("transition", before=record.before, after=record.after, **names)

    def _request(self, request: Request, log: structlog.stdlib.BoundLogger) -> None:
        if isinstance(request, PlaceOrder):
            about = told(request) or ""
            log.info(
                "order",
                order_id=request.order_id,
                **self._origin(request.order_id),
                account=request.account,
                order=about,
            )

    def _remember(self, order_id: str, origin: Origin) -> None:
        self._origins[order_id] = origin
        if len(self._origins) > MOST_ORDERS:
            self._origins.popitem(last=False)

    def _origin(self, order_id: str) -> Origin:
        return self._origins.get(order_id, {})

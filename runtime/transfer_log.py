"""Watches money on its way between sub-accounts: what asked for it, and when it arrived."""

from dataclasses import replace

from runtime.events import CashFlow, OrderRejected
from runtime.requests import MoveMoney
from runtime.run import TransferRecord
from runtime.step import Approved, Decision, Step


class TransferLog:
    """Keeps one record for each transfer, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._records: dict[str, TransferRecord] = {}

    @property
    def records(self) -> tuple[TransferRecord, ...]:
        """Give all transfers so far."""
        return tuple(self._records.values())

    def watch(self, step: Step) -> None:
        """Take in one step."""
        event = step.event
        if isinstance(event, CashFlow) and event.amount > 0:
            self._end(event.transfer_id, "arrived", step.at_ms)
        elif isinstance(event, OrderRejected):
            self._end(event.order_id, f"refused: {event.reason}", step.at_ms)
        for request in step.requests:
            if isinstance(request, MoveMoney):
                self._records[request.transfer_id] = _asked(request, step)

    def _end(self, transfer_id: str, ended: str, at_ms: int) -> None:
        known = self._records.get(transfer_id)
        if known is not None and known.ended_ms is None:
            self._records[transfer_id] = replace(known, ended=ended, ended_ms=at_ms)


def _asked(request: MoveMoney, step: Step) -> TransferRecord:
    decisions = (record for record in step.records if isinstance(record, Decision))
    behind = next((decision for decision in decisions if _asks_for(decision, request)), None)
    return TransferRecord(
        transfer_id=request.transfer_id,
        at_ms=step.at_ms,
        source=request.source,
        destination=request.destination,
        coin=request.coin,
        amount=request.amount,
        book="" if behind is None else behind.book,
        rule="" if behind is None else behind.rule,
        why="" if behind is None else behind.why,
        ended="under way",
        ended_ms=None,
    )


def _asks_for(decision: Decision, request: MoveMoney) -> bool:
    return any(isinstance(outcome, Approved) and request in outcome.requests for outcome in decision.outcomes)

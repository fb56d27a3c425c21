"""Keeps every transfer of a run: who gave what to whom, and which decision asked for it."""

from dataclasses import dataclass, field, replace

from runtime.events import CashFlow
from runtime.requests import MoveMoney
from runtime.run import TransferRecord
from runtime.step import Approved, Decision, Step


@dataclass(slots=True)
class TransferRecords:
    """The transfers so far, by their ids."""

    _by_id: dict[str, TransferRecord] = field(default_factory=dict)

    def watch(self, step: Step) -> None:
        """Take in one step."""
        flow = step.event
        if isinstance(flow, CashFlow) and flow.amount > 0 and flow.transfer_id in self._by_id:
            arrived = replace(self._by_id[flow.transfer_id], arrived_ms=flow.at_ms)
            self._by_id[flow.transfer_id] = arrived
        for request in step.requests:
            if isinstance(request, MoveMoney):
                self._by_id[request.transfer_id] = _record(request, step)

    @property
    def all(self) -> tuple[TransferRecord, ...]:
        """Give them in the order in which they were asked for."""
        return tuple(self._by_id.values())


def _record(request: MoveMoney, step: Step) -> TransferRecord:
    asked = next((one for one in step.records if isinstance(one, Decision) and request in _requests(one)), None)
    return TransferRecord(
        transfer_id=request.transfer_id,
        at_ms=step.at_ms,
        source=request.source,
        destination=request.destination,
        coin=request.coin,
        amount=request.amount,
        decision=0 if asked is None else asked.number,
        why="" if asked is None else asked.rule,
    )


def _requests(decision: Decision) -> list[object]:
    return [one for answer in decision.outcomes if isinstance(answer, Approved) for one in answer.requests]

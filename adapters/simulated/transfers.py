"""Transfers between the accounts of one owner: each id counts once."""

from collections.abc import Sequence

from adapters.simulated.accounts import Accounts
from adapters.simulated.margin import Margin
from adapters.simulated.precision import ZERO
from adapters.simulated.refusal import (
    BAD_TRANSFER_AMOUNT,
    INSUFFICIENT_FOR_TRANSFER,
    SAME_ACCOUNT,
    TRANSFER_ID_USED,
    UNKNOWN_TRANSFER_ACCOUNT,
    Refusal,
)
from runtime.events import CashFlow, ExchangeEvent, OrderRejected
from runtime.requests import MoveMoney


class Transfers:
    """Moves coins that are free; `done` are the ids that were carried out."""

    def __init__(self, accounts: Accounts, margin: Margin, done: Sequence[str] = ()) -> None:
        self._accounts = accounts
        self._margin = margin
        self._done = dict.fromkeys(done)

    @property
    def done(self) -> tuple[str, ...]:
        """The ids that were carried out, oldest first."""
        return tuple(self._done)

    def submit(self, request: MoveMoney, at_ms: int) -> list[ExchangeEvent]:
        """Carry a transfer out at once, or refuse it; a refused id may be used again."""
        refusal = self._refusal(request)
        if refusal is not None:
            return [OrderRejected(at_ms, request.transfer_id, refusal.code, refusal.reason)]
        self._done[request.transfer_id] = None
        self._accounts.named(request.source).change(request.coin, -request.amount)
        self._accounts.named(request.destination).change(request.coin, request.amount)
        name, coin = request.transfer_id, request.coin
        return [
            CashFlow(at_ms, f"{name}:out", request.source, coin, -request.amount, name),
            CashFlow(at_ms, f"{name}:in", request.destination, coin, request.amount, name),
        ]

    def _refusal(self, request: MoveMoney) -> Refusal | None:
        source, destination = self._accounts.find(request.source), self._accounts.find(request.destination)
        if request.transfer_id in self._done:
            return TRANSFER_ID_USED
        if source is None or destination is None:
            return UNKNOWN_TRANSFER_ACCOUNT
        if source is destination:
            return SAME_ACCOUNT
        if not request.amount > ZERO:
            return BAD_TRANSFER_AMOUNT
        return INSUFFICIENT_FOR_TRANSFER if self._margin.free(source, request.coin) < request.amount else None

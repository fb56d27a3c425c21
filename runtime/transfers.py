"""Money on its way from one sub-account to another: asked for once, followed until it has arrived."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from machines.intents import Transfer
from runtime.decimals import plain, readable
from runtime.draft import Draft
from runtime.events import CashFlow, OrderRejected
from runtime.instance import Instance
from runtime.portfolio import Portfolio
from runtime.reaction import Reaction
from runtime.requests import MoveMoney
from runtime.sizing import Limit
from runtime.step import Approved, Outcome, Refused

STEP = Decimal("0.000001")
# The exchange has this id already: the transfer is under way or done, and must not be asked for again.
ID_IS_USED = 131214
Key = tuple[str, str]
NOBODY: Key = ("", "")
"""The key of a transfer that no machine has asked for."""


@dataclass(frozen=True, slots=True)
class Underway:
    """One transfer; `left` and `arrived` say which of its two flows was seen."""

    request: MoveMoney
    key: Key
    left: bool = False
    arrived: bool = False


class Transfers:
    """Plans transfers with money that nobody has spoken for, and tells machines what became of them."""

    def __init__(self, portfolio: Portfolio) -> None:
        self._portfolio = portfolio
        self._underway: dict[str, Underway] = {}
        self._asked = (-1, 0)

    def consider(self, instance: Instance, rule: str, intent: Transfer, draft: Draft) -> Outcome:
        """Say yes or no to a machine's transfer; a yes has its request in the draft already."""
        return self.ask(instance.book.account, instance.key, rule, intent, draft)

    def ask(self, source: str, key: Key, rule: str, intent: Transfer, draft: Draft) -> Outcome:
        """Say yes or no to a transfer from an account; the machine of the key, if there is one, hears its end."""
        coin = self._portfolio.money
        reason = self._problem(source, intent)
        if reason is not None:
            return Refused(intent, "transfer", reason)
        available = self._portfolio.available(source, coin)
        amount = min(intent.amount, available).quantize(STEP, ROUND_DOWN)
        if not amount > 0:
            text = f"{readable(available)} {coin} of {source} is not spoken for, so nothing can be transferred."
            return Refused(intent, "transfer", text)
        name = self._name(f"{source}|{intent.to}|{rule}|{key[0]}:{draft.at_ms}", draft.at_ms)
        request = MoveMoney(name, source, intent.to, coin, amount)
        self._portfolio.reserve(request.transfer_id, source, coin, amount)
        self._underway[request.transfer_id] = Underway(request, key)
        draft.requests.append(request)
        return Approved(intent, (request,), tuple(_limits(intent, available, coin)))

    def flowed(self, flow: CashFlow, draft: Draft) -> Iterator[Reaction]:
        """Money has left or arrived; when both is known, the transfer is over."""
        transfer = self._underway.get(flow.transfer_id)
        if transfer is None:
            return
        left, arrived = transfer.left or flow.amount < 0, transfer.arrived or flow.amount > 0
        if flow.amount < 0:
            self._portfolio.release(flow.transfer_id)
        self._underway[flow.transfer_id] = replace(transfer, left=left, arrived=arrived)
        if left and arrived:
            del self._underway[flow.transfer_id]
            request = transfer.request
            told = f"{readable(request.amount)} {request.coin} went from {request.source} to {request.destination}."
            draft.tell("P3", transfer.key[0], told)
            if transfer.key != NOBODY:
                yield Reaction(transfer.key, "transferred", {}, f"transfer {request.transfer_id}")

    def rejected(self, event: OrderRejected, draft: Draft) -> Iterator[Reaction]:
        """The exchange has refused a transfer: nothing has moved, unless it says that it knows the id."""
        transfer = self._underway.get(event.order_id)
        if transfer is None or event.code == ID_IS_USED:
            return
        del self._underway[event.order_id]
        self._portfolio.release(event.order_id)
        text = f"The exchange refused to transfer {readable(transfer.request.amount)} {transfer.request.coin}"
        draft.tell("P1", transfer.key[0], f"{text}: {event.reason} ({event.code}).")
        if transfer.key != NOBODY:
            yield Reaction(transfer.key, "transfer_failed", {}, event.reason)

    def source(self, name: str) -> str | None:
        """The account that a transfer under way takes its money from."""
        transfer = self._underway.get(name)
        return None if transfer is None else transfer.request.source

    def unanswered(self) -> Iterator[MoveMoney]:
        """The transfers of which nothing was seen; the exchange carries an id out once, however often it is asked."""
        return (one.request for one in self._underway.values() if not one.left and not one.arrived)

    def knows(self, name: str) -> bool:
        """Whether a transfer of this id is under way."""
        return name in self._underway

    def _problem(self, source: str, intent: Transfer) -> str | None:
        if intent.to not in self._portfolio.accounts:
            known = ", ".join(self._portfolio.accounts)
            return f"There is no sub-account {intent.to} in this portfolio; there are {known}."
        if intent.to == source:
            return f"{source} can't transfer to itself."
        if not intent.amount > 0:
            return f"{readable(intent.amount)} {self._portfolio.money} is nothing to transfer."
        return None

    def _name(self, decision: str, at_ms: int) -> str:
        """Name a transfer after the decision behind it: a repeat of the decision gives the same UUID."""
        asked = self._asked[1] + 1 if self._asked[0] == at_ms else 0
        self._asked = at_ms, asked
        return str(uuid5(NAMESPACE_OID, f"{decision}|{asked}"))

    def to_plain(self) -> dict[str, Any]:
        """Every transfer under way, and how many were asked for at the last moment, as plain data."""
        underway = [
            {
                "request": _request_to_plain(one.request),
                "key": list(one.key),
                "left": one.left,
                "arrived": one.arrived,
            }
            for one in self._underway.values()
        ]
        return {"underway": underway, "asked": list(self._asked)}

    def restore(self, data: Mapping[str, Any]) -> None:
        """Take back what `to_plain` gave."""
        self._asked = data["asked"][0], data["asked"][1]
        transfers = [
            Underway(_request_from_plain(row["request"]), (row["key"][0], row["key"][1]), row["left"], row["arrived"])
            for row in data["underway"]
        ]
        self._underway = {one.request.transfer_id: one for one in transfers}


def transfer_ids(answer: Approved) -> Iterator[tuple[str, Decimal]]:
    """Yield the id and the amount of each transfer that an answer has asked for."""
    for request in answer.requests:
        if isinstance(request, MoveMoney):
            yield request.transfer_id, request.amount


def _limits(intent: Transfer, available: Decimal, coin: str) -> Iterator[Limit]:
    if available < intent.amount:
        why = f"cash: {readable(intent.amount)} {coin} becomes {readable(available)} {coin}, the rest is spoken for"
        yield Limit("cash", why, intent.amount, available)


def _request_to_plain(request: MoveMoney) -> list[str]:
    return [request.transfer_id, request.source, request.destination, request.coin, plain(request.amount)]


def _request_from_plain(row: list[str]) -> MoveMoney:
    return MoveMoney(row[0], row[1], row[2], row[3], Decimal(row[4]))

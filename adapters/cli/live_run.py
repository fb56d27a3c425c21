"""The live engine's orders and decisions, in the form in which runs are saved."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.cli.saved import SavedRun, trace_to_plain
from adapters.postgres import stories
from adapters.postgres.stories import KeptOrder
from runtime.events import OrderCancelled
from runtime.kept_decisions import decision_record, order_ids
from runtime.outcome_words import asked, limit_texts
from runtime.requests import PlaceOrder
from runtime.step import Decision, LevelMove, Step, Transition

if TYPE_CHECKING:
    from adapters.postgres.connection import Connection

LIVE, LAST = "live", "last"
SEVERAL = 4
Plain = dict[str, Any]
ENDED = {"filled": "filled", "cancelled": "cancelled: {}", "refused": "rejected: {}"}


def recent(connection: "Connection", most: int) -> SavedRun:
    """Give the newest orders."""
    return _run(orders=_plain_orders(connection, stories.orders_like(connection, "", most)))


def about(connection: "Connection", wanted: str) -> tuple[SavedRun, str]:
    """Give what is known of an order (`last`, its id, or the start of it) or a decision's number, and its name."""
    if wanted.isascii() and wanted.isdigit():
        found = _about_decision(connection, int(wanted))
        if found is not None:
            return found, wanted
    kept = stories.orders_like(connection, "" if wanted == LAST else wanted, 1 if wanted == LAST else SEVERAL)
    if wanted == LAST and kept:
        wanted = kept[0].order_id
    exact = [order for order in kept if order.order_id == wanted] or kept
    if len(exact) != 1:
        return _run(orders=_plain_orders(connection, exact or stories.orders_like(connection, "", SEVERAL))), wanted
    return _about_order(connection, exact[0]), wanted


def _about_order(connection: "Connection", kept: KeptOrder) -> SavedRun:
    order = next(iter(_plain_orders(connection, [kept])))
    decision = _decision(connection, kept, order)
    levels = [] if decision else list(_levels(connection, kept.seq))
    fills, trades = stories.fills_of(connection, [kept.order_id]), stories.trades_of(connection, kept.book, kept.symbol)
    return _run(orders=[order], decisions=[decision] if decision else [], fills=fills, trades=trades, levels=levels)


def _about_decision(connection: "Connection", number: int) -> SavedRun | None:
    entry = stories.entry_of_decision(connection, number)
    if entry is None:
        return None
    decision = _decided(entry.step, number)
    names = [name for outcome in _record(entry.step, number).outcomes for name in order_ids(outcome)]
    kept = [order for name in names for order in stories.orders_like(connection, name, 1)]
    fills = stories.fills_of(connection, names)
    return _run(orders=_plain_orders(connection, kept), decisions=[decision], fills=fills)


def _run(**parts: Sequence[Mapping[str, Any]]) -> SavedRun:
    names = ("orders", "decisions", "fills", "trades", "levels")
    document = {name: [_texts(one) for one in parts.get(name, ())] for name in names}
    return SavedRun(LIVE, Path(), document)


def _texts(row: Mapping[str, Any]) -> Plain:
    """Numbers of money are texts in a document."""
    return {name: f"{value.normalize():f}" if isinstance(value, Decimal) else value for name, value in row.items()}


# ── orders ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _plain_orders(connection: "Connection", kept: Sequence[KeptOrder]) -> list[Plain]:
    entries = stories.entries_of(connection, [order.seq for order in kept])
    return [_plain_order(order, entries[order.seq].step) for order in kept]


def _plain_order(order: KeptOrder, step: Step) -> Plain:
    request = next(one for one in step.requests if isinstance(one, PlaceOrder) and one.order_id == order.order_id)
    book, rule = (order.book, order.rule) if order.rule else _owner(request, step)
    return {
        "order_id": order.order_id,
        "decision": order.decision or 0,
        "at_ms": order.at_ms,
        "book": book,
        "rule": rule,
        "symbol": order.symbol,
        "market": order.market,
        "side": order.side,
        "asked": asked(request),
        "limits": _limits(step, order.order_id),
        "ended": ENDED.get(order.status, "open").format(order.reason),
        "ended_ms": order.ended_ms,
        "filled": order.filled,
        "average_price": order.value / order.filled if order.filled else None,
        "fees": order.fees,
        "follows": step.event.order_id if not order.decision and isinstance(step.event, OrderCancelled) else "",
    }


def _owner(request: PlaceOrder, step: Step) -> tuple[str, str]:
    """Say what moved a machine without a rule, such as a command: its book, or the account, and its cause."""
    moves = [one for one in step.records if isinstance(one, Transition) and one.symbol in {"", request.symbol}]
    books, causes = {one.book for one in moves if one.book}, [one.cause for one in moves]
    return books.pop() if len(books) == 1 else request.account, causes[0] if causes else "something outside the rules"


def _limits(step: Step, order_id: str) -> list[str]:
    decisions = (record for record in step.records if isinstance(record, Decision))
    outcomes = (outcome for decision in decisions for outcome in decision.outcomes)
    return [text for outcome in outcomes if order_id in order_ids(outcome) for text in limit_texts(outcome)]


# ── decisions ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _decision(connection: "Connection", kept: KeptOrder, order: Plain) -> Plain | None:
    """Give the decision behind an order; the rest of an order that was taken back has that one's."""
    while kept.decision is None:
        before = stories.orders_like(connection, order["follows"], 1) if order["follows"] else []
        if not before:
            return None
        kept, order = before[0], _plain_orders(connection, before)[0]
    step = stories.entries_of(connection, [kept.seq])[kept.seq].step
    return _decided(step, kept.decision)


def _decided(step: Step, number: int) -> Plain:
    record = _record(step, number)
    plain = decision_record(record, step.at_ms)
    fields = {name: getattr(plain, name) for name in plain.__slots__}
    return {**fields, "trace": None if plain.trace is None else trace_to_plain(plain.trace)}


def _record(step: Step, number: int) -> Decision:
    return next(one for one in step.records if isinstance(one, Decision) and one.number == number)


def _levels(connection: "Connection", seq: int) -> Iterator[Plain]:
    entry = stories.last_level_entry(connection, seq)
    for record in () if entry is None else entry.step.records:
        if isinstance(record, LevelMove) and entry is not None:
            yield {"at_ms": entry.at_ms, "before": record.before, "after": record.after, "reason": record.reason}

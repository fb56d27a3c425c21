"""The story of an order or a decision: what asked for it, what that saw, what made it smaller, how it ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.cli.failure import ExitCode, Failure, near
from adapters.cli.saved import SavedRun

Plain = Mapping[str, Any]
BREAKER = "breaker"


@dataclass(frozen=True, slots=True)
class Story:
    """An order, the decision behind it, or both; `caused_by` is a sentence where no rule asked for the order."""

    run: str
    order: Plain | None
    decision: Plain | None
    caused_by: str
    orders: tuple[Plain, ...]
    fills: tuple[Plain, ...]
    trade: Plain | None

    def to_plain(self) -> dict[str, Any]:
        """Give the story as JSON-able data."""
        return {
            "run": self.run,
            "order": self.order,
            "decision": self.decision,
            "caused_by": self.caused_by,
            "orders": list(self.orders),
            "fills": list(self.fills),
            "trade": self.trade,
        }


def story_of(run: SavedRun, wanted: str) -> Story:
    """Find an order by its id or the start of it, or a decision by its number; fails with what is near."""
    document = run.document
    if wanted.isascii() and wanted.isdigit() and (decision := _decision(document, int(wanted))) is not None:
        orders = tuple(one for one in document["orders"] if one["order_id"] in decision["order_ids"])
        return Story(run.id, None, decision, "", orders, _fills(document, decision["order_ids"]), None)
    order = _order(document, wanted)
    decision = _decision(document, order["decision"])
    caused_by = "" if decision is not None else _cause(document, order)
    fills = _fills(document, [order["order_id"]])
    return Story(run.id, order, decision, caused_by, (), fills, _trade(document, order))


def _decision(document: Plain, number: int) -> Plain | None:
    return next((one for one in document["decisions"] if one["number"] == number), None)


def _order(document: Plain, wanted: str) -> Plain:
    orders: Sequence[Plain] = document["orders"]
    exact = [order for order in orders if order["order_id"] == wanted]
    found = exact or [order for order in orders if order["order_id"].startswith(wanted)]
    if len(found) == 1:
        return found[0]
    names = [str(order["order_id"]) for order in found or orders]
    if found:
        raise Failure(
            f'Expected the start of one order\'s id, found "{wanted}", with which {len(found)} begin: '
            f"{', '.join(names[:3])}{', …' if len(found) > 3 else ''}. Write more of it.",
            ExitCode.USAGE,
        )
    hint = near(wanted, names) if names else "The run has no orders."
    raise Failure(
        f'Expected the id of an order or the number of a decision, found "{wanted}". {_brief(hint, names)}',
        ExitCode.USAGE,
    )


def _brief(hint: str, names: Sequence[str]) -> str:
    return hint if hint.startswith("Did") or len(names) <= 5 else "Leave it out to list all orders of the run."


def _cause(document: Plain, order: Plain) -> str:
    """What moved a machine without a rule; a breaker is quoted with the drawdown that it saw."""
    cause = str(order["rule"])
    if cause.startswith(BREAKER):
        changes = [level for level in document["levels"] if level["at_ms"] <= order["at_ms"]]
        if changes:
            last = changes[-1]
            return f"{cause}: it went from {last['before']} to {last['after']}, {last['reason']}"
    return cause


def _fills(document: Plain, order_ids: Sequence[str]) -> tuple[Plain, ...]:
    return tuple(fill for fill in document["fills"] if fill["order_id"] in order_ids)


def _trade(document: Plain, order: Plain) -> Plain | None:
    """The round trip that this order opened or closed."""
    for trade in document["trades"]:
        if (trade["book"], trade["symbol"]) == (order["book"], order["symbol"]):
            opened = trade["entry_rule"] == order["rule"] and _lived_at(order, trade["entry_ms"])
            closed = trade["exit_rule"] == order["rule"] and _lived_at(order, trade["exit_ms"])
            if opened or closed:
                found: Plain = trade
                return found
    return None


def _lived_at(order: Plain, at_ms: int) -> bool:
    return order["ended_ms"] is not None and order["at_ms"] <= at_ms <= order["ended_ms"]

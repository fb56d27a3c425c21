"""How an accumulating book stands: each coin against its weight, the last rebalance against its due date, the yield."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from machines.core import CoreMemory
from runtime.facts import FACTS_OF
from runtime.instance import Instance

CORE = "core"


@dataclass(frozen=True, slots=True)
class Holding:
    """One coin of a book: its target weight, and the points of weight by which it is above (or, negative, below)."""

    symbol: str
    target: Decimal
    drift: Decimal | None


@dataclass(frozen=True, slots=True)
class Upkeep:
    """One accumulating book at one moment.

    `rebalanced_ms` is the last rebalance, None when there was none; the next calendar one is due between `due_from_ms`
    and `due_to_ms`. `earn_yield` is the staking yield a year, None when unknown; `earn_from` what it has to be.
    """

    book: str
    holdings: tuple[Holding, ...]
    rebalanced_ms: int | None
    due_from_ms: int | None
    due_to_ms: int | None
    earn_yield: Decimal | None
    earn_from: Decimal | None


def upkeep_of(instance: Instance) -> Upkeep | None:
    """Say how a book stands; None for one that does not accumulate."""
    memory = instance.snapshot.memory
    if not isinstance(memory, CoreMemory):
        return None
    params = instance.book.params
    quarter, slack, earn_from = (_value(params, name) for name in ("quarter", "slack", "earn_from"))
    rebalanced_ms = memory.rebalanced_ms
    due_from_ms, due_to_ms = _due(rebalanced_ms, quarter, slack)
    return Upkeep(
        book=instance.book.name,
        holdings=tuple(_holding(instance, symbol) for symbol in instance.book.symbols),
        rebalanced_ms=rebalanced_ms,
        due_from_ms=due_from_ms,
        due_to_ms=due_to_ms,
        earn_yield=_decimal(FACTS_OF[CORE]["earn.yield"].read(instance.view, "")),
        earn_from=earn_from,
    )


def _due(last_ms: int | None, quarter: Decimal | None, slack: Decimal | None) -> tuple[int | None, int | None]:
    if last_ms is None or quarter is None or slack is None:
        return None, None
    return last_ms + int(quarter - slack), last_ms + int(quarter + slack)


def _holding(instance: Instance, symbol: str) -> Holding:
    facts, view = FACTS_OF[CORE], instance.view
    target = _decimal(facts["weight"].read(view, symbol))
    return Holding(symbol, target or Decimal(0), _decimal(facts["drift"].read(view, symbol)))


def _value(params: Mapping[str, object], name: str) -> Decimal | None:
    value = getattr(params.get(name), "value", None)
    return Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None


def _decimal(value: object) -> Decimal | None:
    return value if isinstance(value, Decimal) else None

"""What the rules of a book that waits for crashes can name of its memory and its holdings."""

from collections.abc import Callable
from decimal import Decimal

from machines.tactical import Level, TacticalMemory
from rules.language.units import Kind, Unit
from runtime.board import Value
from runtime.fact import Fact, Read, fact
from runtime.view import View

ZERO = Decimal(0)


def _memory(view: View) -> TacticalMemory:
    memory = view.snapshot().memory
    assert isinstance(memory, TacticalMemory)
    return memory


def _remembered(read: Callable[[TacticalMemory], Value]) -> Read:
    return lambda view, _symbol: read(_memory(view))


def _gain(view: View, _symbol: str) -> Value:
    """Coins that came by deposit have no cost and no gain."""
    cost = gain = ZERO
    for symbol in view.book.symbols:
        position, price = view.position(symbol), view.price(symbol)
        if position.is_flat:
            continue
        if price is None:
            return None
        cost, gain = cost + position.cost, gain + position.unrealised(price)
    return gain / cost if cost > ZERO else None


def _began_ms(view: View, _symbol: str) -> int | None:
    deployments = _memory(view).deployments
    return deployments[0].at_ms if deployments else None


def _fired(level: Level, about: str) -> Fact:
    read = _remembered(lambda memory: level in memory.fired)
    return fact(
        f"fired.{level}", Kind(Unit.BOOL), "book", f"whether the level {about} has fired since it was armed", read
    )


TACTICAL_FACTS = (
    fact(
        "holdings.gain",
        Kind(Unit.RATIO),
        "book",
        "the profit of the coins that were bought, after fees, as a ratio of their cost; unknown when none are held",
        _gain,
    ),
    fact(
        "armed.high",
        Kind(Unit.PRICE),
        "book",
        "the all-time high that has armed the levels; unknown before the first",
        _remembered(lambda memory: memory.high),
    ),
    _fired(Level.DEEP, "for the deepest falls"),
    _fired(Level.MIDDLE, "for deep falls"),
    _fired(Level.SHALLOW, "for signals without a deep fall"),
    fact(
        "cycle",
        Kind(Unit.BOOL),
        "book",
        "whether cash was deployed and not all of it is back; age(cycle) is the time since the first deployment",
        _remembered(lambda memory: bool(memory.deployments)),
        _began_ms,
    ),
    fact(
        "cycle.cash",
        Kind(Unit.MONEY),
        "book",
        "what the cycle had to spend when it began; nothing between two cycles",
        _remembered(lambda memory: memory.cash),
    ),
    fact(
        "cycle.half_sold",
        Kind(Unit.BOOL),
        "book",
        "whether a part was sold since the last deployment",
        _remembered(lambda memory: memory.half_sold),
    ),
    fact(
        "cycle.ending",
        Kind(Unit.BOOL),
        "book",
        "whether everything is being sold",
        _remembered(lambda memory: memory.ending),
    ),
    fact(
        "deployment",
        Kind(Unit.BOOL),
        "book",
        "whether cash was ever deployed; age(deployment) is the time since the last time",
        _remembered(lambda memory: memory.deployed_ms is not None),
        lambda view, _: _memory(view).deployed_ms,
    ),
    fact(
        "orders.waiting",
        Kind(Unit.COUNT),
        "book",
        "orders whose end is not known",
        _remembered(lambda memory: Decimal(len(memory.waiting))),
    ),
    fact(
        "orders.left",
        Kind(Unit.MONEY),
        "book",
        "what orders that have ended should have bought or sold and have not",
        _remembered(lambda memory: sum(memory.left.values(), ZERO)),
    ),
)

"""Which facts keep their value while only candles come, and from which observation others have theirs."""

from collections.abc import Callable

from rules.language.typed import Age, Calendar, Fact, Typed, is_leaf

OBSERVED = {
    "earn.yield": "earn.yield",
    "exchange.trouble": "exchange.trouble",
    "exchange.withdrawals": "exchange.withdrawals",
    "fear_greed": "fear_greed",
    "funding.against": "funding.rate",
    "funding.rate": "funding.rate",
}
"""Facts that change with an observation, by the name of the observation."""

REMEMBERED = frozenset(
    {
        "armed.high",
        "attempt",
        "attempt.evenings",
        "book.paused",
        "breaker.entries_allowed",
        "breaker.level",
        "cycle",
        "cycle.cash",
        "cycle.ending",
        "cycle.half_sold",
        "deployment",
        "fired.deep",
        "fired.middle",
        "fired.shallow",
        "funding.income",
        "income.to_compound",
        "income.to_hand_over",
        "income.unshared",
        "kelly",
        "legs.waiting",
        "lifecycle.state",
        "net_delta",
        "orders.left",
        "orders.waiting",
        "perp.position.quantity",
        "position",
        "position.average_price",
        "position.quantity",
        "position.side",
        "purchase",
        "rebalance",
        "rebalance.done",
        "schedule.cycles",
        "schedule.done",
        "schedule.gap",
        "schedule.left",
        "schedule.target",
        "settlement",
        "state",
    }
)
"""Facts that change with a fill, a decision or the breaker, and so do the moments that their ages count from."""


def is_still(node: Typed) -> bool:
    """Whether only fills, decisions, the breaker and observations change what an expression comes to."""
    return _consists(node, lambda leaf: isinstance(leaf, Fact) and _keeps(leaf.name))


def is_clocked(node: Typed) -> bool:
    """Whether only those and the time of day do."""
    return _consists(
        node, lambda leaf: isinstance(leaf, Calendar) or (isinstance(leaf, Fact | Age) and _keeps(leaf.name))
    )


def observations(node: Typed) -> frozenset[str]:
    """Collect the names of the observations that an expression looks at."""
    own = {OBSERVED[node.name]} if isinstance(node, Fact | Age) and node.name in OBSERVED else set()
    return frozenset(own).union(*(observations(child) for child in node.children))


def _keeps(name: str) -> bool:
    return name in REMEMBERED or name in OBSERVED


def _consists(node: Typed, keeps: Callable[[Typed], bool]) -> bool:
    if node.constant or keeps(node):
        return True
    return not is_leaf(node) and bool(node.children) and all(_consists(child, keeps) for child in node.children)

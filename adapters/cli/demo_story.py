"""What happened in the demonstration, from the store alone, and one trade of each engine explained."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from adapters.postgres.connection import Connection
    from adapters.postgres.happenings import Level, Moved

BARS = "▁▂▃▄▅▆▇█"
MOST_BARS, MOST_LEVELS, DEPTH = 60, 6, 3
Plain = Mapping[str, Any]


def tell(connection: "Connection") -> None:
    """Print what happened, and explain one trade of each engine."""
    from adapters.cli.demo_desk import ENGINES
    from adapters.cli.screen import say, screen

    _head("What happened")
    for part in _happenings(connection):
        screen().print(part)
    for engine, books in ENGINES.items():
        _explain(connection, engine, books)
    say()


def _happenings(connection: "Connection") -> "Iterator[RenderableType]":
    from adapters.postgres import happenings

    yield from _worth(happenings.equity(connection))
    yield _books(connection)
    yield from _transfers(happenings.transfers(connection))
    yield from _levels(happenings.levels(connection))


def _worth(days: "Sequence[tuple[object, Decimal]]") -> Iterator[str]:
    """Say where the equity began and ended, with a bar for each day, or for every so many days."""
    from adapters.report.words import money, percent

    if len(days) < 2:
        return
    worth = [float(amount) for _, amount in days]
    low, span = min(worth), max(worth) - min(worth) or 1.0
    shown = worth[:: -(-len(worth) // MOST_BARS)]
    bars = "".join(BARS[int((one - low) / span * (len(BARS) - 1))] for one in shown)
    change = percent(worth[-1] / worth[0] - 1, signed=True)
    yield f"Equity from {days[0][0]} to {days[-1][0]}: {money(worth[0])} → {money(worth[-1])} USDT ({change})"
    yield f"  {bars}"


def _books(connection: "Connection") -> "Table":
    from rich import box
    from rich.table import Table

    from adapters.postgres import happenings
    from adapters.report.words import money

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("book")
    for name in ("decisions", "orders", "filled", "turnover", "trades closed", "their result", "funding"):
        table.add_column(name, justify="right")
    decided, paid = happenings.decisions(connection), happenings.funding(connection)
    for one in happenings.totals(connection):
        settled = money(paid[one.account][1], signed=True) if one.account in paid else "–"
        counts = (f"{count:,}" for count in (decided.get(one.book, 0), one.orders, one.filled))
        result = money(one.net, signed=True) if one.trades else "–"
        table.add_row(one.book, *counts, money(one.turnover), str(one.trades), result, settled)
    return table


def _transfers(moves: "Sequence[Moved]") -> Iterator[str]:
    from adapters.report.words import counted, money

    for one in moves:
        times = counted(one.count, "transfer")
        yield f"{one.source} → {one.destination}: {money(one.amount)} {one.coin} in {times}"


def _levels(moves: "Sequence[Level]") -> Iterator[str]:
    from adapters.report.words import minute

    yield "" if moves else "\nThe breaker never moved: the drawdown stayed small."
    for one in moves[:MOST_LEVELS]:
        yield f"{minute(one.at_ms)}  breaker {one.before} → {one.after}: {one.reason}"


def _explain(connection: "Connection", engine: str, books: Sequence[str]) -> None:
    from adapters.cli.live_run import about
    from adapters.cli.screen import say, screen
    from adapters.cli.story import story_of
    from adapters.cli.telling import tree_of
    from adapters.postgres.happenings import telling_order

    _head(f"Why did {engine} trade?")
    order = telling_order(connection, books)
    if order is None:
        say("It made no trade in this time. Give it more: eternal demo --seconds 120")
        return
    story = story_of(*about(connection, order))
    if story.decision is not None and story.decision["trace"] is not None:
        story = replace(story, decision={**story.decision, "trace": _pruned(story.decision["trace"], DEPTH)})
    screen().print(tree_of(story))


def _pruned(trace: Plain, depth: int) -> Plain:
    """Leave out what lies deep inside of a condition; `eternal explain` shows it."""
    children = [_pruned(child, depth - 1) for child in trace["children"]] if depth else []
    return {**trace, "children": children}


def _head(title: str) -> None:
    from rich.rule import Rule

    from adapters.cli.screen import say, screen

    say()
    screen().print(Rule(title, style="bold", align="left"))

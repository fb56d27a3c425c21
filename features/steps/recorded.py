"""Whole back-tests over recorded candles: what the breaker and each book did in a market that has been."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.cli.plan import DEFAULT_BOOKS, Plan
from adapters.cli.wiring import prepare
from adapters.report.summary import summarise
from features.steps.rule_files import SHIPPED
from features.steps.scene import Scene
from features.steps.sentence import says
from features.steps.words import Bound
from runtime.metrics import DAY_MS
from runtime.run import DecisionRecord, OrderRecord, RunResult

CLOSED_BY = "breaker "
WITHOUT_ENTRIES = ("WARNING", "ALERT", "EMERGENCY")
FILLED = "filled"
DUST = 1  # USDT


@dataclass(slots=True)
class Replay:
    """One back-test of the default books; nothing until a sentence has told its span."""

    market: Path
    result: RunResult | None = None

    @property
    def run(self) -> RunResult:
        """What came of it."""
        assert self.result is not None, "Say first: When the default books trade recorded candles from … to …"
        return self.result

    def orders(self, book: str, from_ms: int, to_ms: int) -> list[OrderRecord]:
        """The orders of a book that were filled in a span, its last day included."""
        orders = (order for order in self.run.orders if order.book == book and order.ended == FILLED)
        return [order for order in orders if from_ms <= order.at_ms < to_ms + DAY_MS]

    def refused(self, book: str, check: str) -> list[DecisionRecord]:
        """The decisions of a book that a check refused."""
        said = f"refused by {check}:"
        return [one for one in self.run.decisions if one.book == book and any(said in text for text in one.outcomes)]

    def closed(self, level: str) -> set[str]:
        """The books of which the breaker closed something at a level."""
        return {order.book for order in self.run.orders if order.rule == f"{CLOSED_BY}{level}"}


@pytest.fixture
def recorded_market() -> Path:
    """The folder of market data; a project with another one defines this fixture in its conftest.py."""
    folder = SHIPPED.parents[1] / "shared" / "market"
    if not folder.is_dir():
        pytest.skip(reason="there are no recorded candles beside the project, in ../shared/market")
    return folder


@pytest.fixture
def replay(recorded_market: Path) -> Replay:
    """A back-test that has not begun."""
    return Replay(recorded_market)


@says("the default books trade recorded candles from {start:Date} to {end:Date}")
def _(scene: Scene, replay: Replay, start: int, end: int) -> None:
    """The books that a back-test runs where none is named, with 100,000 USDT, over candles as they were recorded."""
    plan = Plan(SHIPPED, replay.market, DEFAULT_BOOKS, from_ms=start, to_ms=end)
    prepared = prepare(plan, scene.files.rulebook())
    prepared.backtest.run()
    replay.result = prepared.recorder.result()


# ── the breaker ─────────────────────────────────────────────────────────────────────────────────────────────────────


@says("the breaker climbed to {levels:Levels}")
def _(replay: Replay, levels: tuple[str, ...]) -> None:
    """Exactly these levels were reached in the run, the first time in this order."""
    order = ("NORMAL", "CAUTION", *WITHOUT_ENTRIES)
    climbed = [one.after for one in replay.run.levels if order.index(one.after) > order.index(one.before)]
    assert tuple(dict.fromkeys(climbed)) == levels, climbed


@says("{level:Level} was reached between {start:Date} and {end:Date}")
def _(replay: Replay, level: str, start: int, end: int) -> None:
    """A level was entered for the first time in this span, its last day included."""
    reached = [change.at_ms for change in replay.run.levels if change.after == level]
    assert reached, f"The breaker never was at {level}."
    assert start <= reached[0] < end + DAY_MS, reached[0]


@says("no entry was placed from WARNING on")
def _(replay: Replay) -> None:
    """No rule has opened anything while the breaker stood at WARNING or above."""
    changes = replay.run.levels
    spans = [
        (change.at_ms, following.at_ms if following else replay.run.settings.to_ms)
        for change, following in zip(changes, (*changes[1:], None), strict=True)
        if change.after in WITHOUT_ENTRIES
    ]
    entries = [order for order in replay.run.orders if order.rule.startswith("entries.")]
    placed = [order for order in entries if any(begin <= order.at_ms < end for begin, end in spans)]
    assert not placed, placed


@says("at {level:Level} everything was sold, also what {book:Book} held")
def _(replay: Replay, level: str, book: str) -> None:
    """The breaker closed what the books held; at the next midnight nothing is left but what is too small to be sold."""
    assert book in replay.closed(level), f"At {level} the breaker closed {replay.closed(level) or 'nothing'}."
    at_ms = next(change.at_ms for change in replay.run.levels if change.after == level)
    after = [one for one in replay.run.equity if one.at_ms > at_ms]
    assert after[0].exposure < DUST, f"{after[0].exposure} USDT were still at risk."


@says("the breaker closed nothing of {book:Book}")
def _(replay: Replay, book: str) -> None:
    """No level has sold anything of this book."""
    assert not [order for order in replay.run.orders if order.book == book and order.rule.startswith(CLOSED_BY)]


@says("at {level:Level} the breaker closed {book:Book}")
def _(replay: Replay, level: str, book: str) -> None:
    """A level has closed a position of this book."""
    assert book in replay.closed(level), f"At {level} the breaker closed {replay.closed(level) or 'nothing'}."


# ── the books ───────────────────────────────────────────────────────────────────────────────────────────────────────


@says("{check:Name} has refused entries of {book:Book}")
def _(replay: Replay, check: str, book: str) -> None:
    """A pre-trade check refused this book at least once."""
    assert replay.refused(book, check), f"{check} never refused {book}."


@says("{book:Book} bought {coin:Coin} between {start:Date} and {end:Date}[ by {rule:Quoted}]")
def _(replay: Replay, book: str, coin: str, start: int, end: int, rule: str | None) -> None:
    """A book's order to buy was filled in this span, its last day included."""
    found = [order for order in replay.orders(book, start, end) if order.side == "buy"]
    fitting = [order for order in found if order.symbol.startswith(coin) and (rule is None or order.rule == rule)]
    assert fitting, found


@says("{book:Book} bought nothing between {start:Date} and {end:Date}")
def _(replay: Replay, book: str, start: int, end: int) -> None:
    """No order to buy of a book was filled in this span, its last day included."""
    found = [order for order in replay.orders(book, start, end) if order.side == "buy"]
    assert not found, found


@says("{book:Book} was stopped out between {start:Date} and {end:Date}")
def _(replay: Replay, book: str, start: int, end: int) -> None:
    """A stop on the exchange has closed a position of the book in this span, its last day included."""
    closed = [one.exit_ms for one in replay.run.trades if one.book == book and one.exit_rule == "stop"]
    assert [at_ms for at_ms in closed if start <= at_ms < end + DAY_MS], closed


@says("after the acknowledgement {book:Book} began with {ratio:Percent} of its sizes")
def _(replay: Replay, book: str, ratio: Decimal) -> None:
    """The first entry of a book after EMERGENCY was made smaller by the recovery."""
    left = next(change.at_ms for change in replay.run.levels if change.before == "EMERGENCY")
    entries = [one for one in replay.run.orders if one.at_ms >= left and one.rule.startswith("entries.")]
    first = next(order for order in entries if order.book == book)
    assert any(f"recovering at {ratio:.0%}" in limit for limit in first.limits), first


# ── money ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@says("the portfolio ends with {bound:Bound}{amount:Number} USDT")
def _(replay: Replay, bound: Bound, amount: Decimal) -> None:
    """The equity at the end of the run."""
    assert bound.holds(replay.run.equity[-1].total, amount), replay.run.equity[-1].total


@says("the portfolio has fallen less than buying and holding")
def _(replay: Replay) -> None:
    """The largest drawdown of the portfolio is smaller than that of the same coins, bought once and held."""
    summary = summarise(replay.run)
    assert summary.benchmark is not None
    own, held = summary.portfolio.largest_drawdown, summary.benchmark.largest_drawdown
    assert own < held, f"The portfolio fell {own:.1%}, buying and holding {held:.1%}."

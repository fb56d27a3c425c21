"""Money among engines: the shares in force, deposits, harvests and reviews, looked at once a day."""

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rules.language.book import Book
from rules.language.evaluate import Value, compile_live
from rules.language.explain import Explained, explain
from rules.language.sharing import Sharing
from rules.language.typed import Typed
from rules.language.units import Kind, Unit
from runtime.binding import ViewBinder
from runtime.decimals import percent
from runtime.decisions import Note, decision
from runtime.deposits import Deposits
from runtime.draft import Draft
from runtime.engine_values import EngineValues
from runtime.events import CashFlow
from runtime.fact import Fact, fact
from runtime.facts import FACTS_OF
from runtime.figures import Figures
from runtime.harvest import Asked, Harvest
from runtime.holders import Holder, Holders
from runtime.instance import Instance
from runtime.instrument import Market
from runtime.performance import Performance
from runtime.share_targets import ShareTargets
from runtime.trader import Trader
from runtime.view import View, World

if TYPE_CHECKING:
    from runtime.engine import Engine

DAY_MS = 86_400_000
RULE = "change_shares"
Closed = Callable[[], Set[str]]


@dataclass(frozen=True, slots=True)
class Around:
    """What the engine lends: what there is to see, who trades, and which books may not be given money."""

    world: World
    books: Mapping[str, Book]
    instances: Mapping[tuple[str, str], Instance]
    trader: Trader
    note: Note
    idle: Closed
    fenced: Closed
    retired: Closed


class Allocation:
    """Keeps the engines to their shares; it moves money only, and trades only what a harvest sells."""

    def __init__(self, sharing: Sharing, around: Around) -> None:
        self.sharing = sharing
        self._around = around
        self._portfolio = around.world.portfolio
        self._day: int | None = None
        closed = lambda: around.fenced() | around.retired()  # noqa: E731 - one set of two
        self.holders = Holders(sharing, around.books, self._portfolio, closed)
        facts = {**FACTS_OF["shares"], **_dates(sharing)}
        first = next(iter(around.instances.values()))
        self._binders = {
            name: ViewBinder(
                View(around.world, _looking(first.book, name, around.books), lambda: first.snapshot), facts
            )
            for name in (*self.holders.all, "")
        }
        self.values = EngineValues(self.holders.all)
        self.targets = ShareTargets(sharing, {one.name: self._compiled(one.when) for one in sharing.conditions})
        self.harvest = self._harvest()
        self.deposits = self._deposits()
        self.performance = self._performance()

    # ── putting it together ─────────────────────────────────────────────────────────────────────────────────────────

    def _compiled(self, expression: Typed, engine: str = "") -> Callable[[], Value]:
        return compile_live(expression, self._binders[engine])

    def _by_engine(self, expression: Typed) -> dict[str, Callable[[], Value]]:
        return {name: self._compiled(expression, name) for name in self.holders.all}

    def _harvest(self) -> Harvest | None:
        rules, around = self.sharing.harvest, self._around
        if rules is None:
            return None
        when = rules.when
        asked = {
            name: Asked(ask, lambda name=name: explain(when, self._binders[name]))  # type: ignore[misc]
            for name, ask in self._by_engine(when).items()
        }
        return Harvest(rules, asked, self.holders, around.instances, around.trader, around.note)

    def _deposits(self) -> Deposits | None:
        rules, around = self.sharing.deposits, self._around
        if rules is None:
            return None
        when: Callable[[], Value] = (lambda: True) if rules.when is None else self._compiled(rules.when)
        return Deposits(rules, when, self.holders, around.trader.transfers, around.note)

    def _performance(self) -> Performance | None:
        rules = self.sharing.watch
        if rules is None:
            return None

        def trace(engine: str, opened: bool) -> Explained:
            return explain(rules.when if opened else rules.until, self._binders[engine])

        return Performance(rules, self._by_engine(rules.when), self._by_engine(rules.until), trace, self._around.note)

    # ── what happens ────────────────────────────────────────────────────────────────────────────────────────────────

    def flowed(self, flow: CashFlow) -> None:
        """Money came to an account or left it."""
        holder = self.holders.of_account(flow.account)
        if holder is not None:
            priced = flow.coin == self._portfolio.money
            self.values.flow(holder.name, flow.amount, self.holders.equity(holder) if priced else None)
        if self.deposits is None or flow.transfer_id or flow.coin != self._portfolio.money:
            return
        if flow.amount > 0:
            self.deposits.arrived(flow.account, flow.amount)
        else:
            self.deposits.left(flow.account, -flow.amount)

    def rejected(self, name: str) -> None:
        """The exchange has refused a transfer for good."""
        if self.deposits is not None and not self._around.trader.transfers.knows(name):
            self.deposits.failed(name)

    @property
    def busy(self) -> bool:
        """Whether a harvest is under way or money waits to be split."""
        cutting = self.harvest is not None and self.harvest.cutting is not None
        return cutting or (self.deposits is not None and bool(self.deposits.waiting))

    def follow(self, draft: Draft) -> None:
        """Go on with what is under way, and split what waits."""
        if self.harvest is not None:
            self.harvest.follow(draft)
        if self.deposits is not None and self.deposits.waiting:
            self.deposits.split({name: self._target(holder) for name, holder in self.holders.all.items()}, draft)

    def begins_day(self, at_ms: int) -> bool:
        """Whether the day of a moment was not looked at yet."""
        return self._day is None or at_ms // DAY_MS > self._day

    def look(self, draft: Draft) -> None:
        """Once a day: shares by condition, reviews, and a harvest when nothing else is under way."""
        if not self.begins_day(draft.at_ms):
            return
        self._day = draft.at_ms // DAY_MS
        self._change_shares(draft)
        figures = self._measure(draft)
        if self.performance is not None:
            before = set(self.performance.under_review)
            self.performance.look(figures, draft)
            if self.performance.under_review != before:
                self._show(self._figures())
        self.follow(draft)
        if self.harvest is not None and not (self.deposits is not None and self.deposits.busy()):
            self.harvest.begin(self._around.world.status.figures, draft)

    def _change_shares(self, draft: Draft) -> None:
        before = self.targets.look(draft.at_ms)
        if before is None:
            return
        condition, after = self.targets.condition(), self.targets.in_force
        shares = {name: percent(self._target(holder)) for name, holder in self.holders.all.items()}
        trace = None if condition is None else explain(condition.when, self._binders[""])
        place = next(iter(self.sharing.conditions)).place if condition is None else condition.place
        why = "The market has been of another kind for long enough."
        made = replace(decision(RULE, place, why), arguments=shares, before=before, after=after, trace=trace)
        self._around.note(replace(made, version=self.sharing.version), draft)
        words = ", ".join(f"{name} {share}" for name, share in shares.items())
        draft.tell("P2", "", f"The shares of {after} are in force instead of those of {before}: {words}.")

    # ── figures ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _measure(self, draft: Draft) -> dict[str, Figures]:
        for name, holder in self.holders.all.items():
            self.values.observe(name, draft.at_ms, self.holders.equity(holder))
        figures = self._figures()
        self._show(figures)
        return figures

    def _target(self, holder: Holder) -> Decimal:
        halved = self.performance is not None and self.performance.halves(holder.name)
        return self.targets.target(holder, halved, frozenset(self._around.retired()))

    def _figures(self) -> dict[str, Figures]:
        total, idle = self._portfolio.equity(), self._around.idle()
        figures: dict[str, Figures] = {}
        for name, holder in self.holders.all.items():
            equity = self.holders.equity(holder)
            weight = None if equity is None or not total or total < 0 else equity / total
            paused = any(book in idle for book in holder.accounts)
            figures[name] = Figures(weight, self._target(holder), self.values.sharpe(name), paused)
        return figures

    def _show(self, figures: Mapping[str, Figures]) -> None:
        """Let every rule see the figures of its engine, by the engine's name and those of its books."""
        shown = self._around.world.status.figures = dict(figures)
        for name, holder in self.holders.all.items():
            shown.update(dict.fromkeys(holder.accounts, figures[name]))

    # ── state ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def to_plain(self) -> dict[str, Any]:
        """Give everything that is remembered as plain data."""
        return {
            "day": self._day,
            "targets": self.targets.to_plain(),
            "values": self.values.to_plain(),
            "figures": {name: one.to_plain() for name, one in self._around.world.status.figures.items()},
            "harvest": None if self.harvest is None else self.harvest.to_plain(),
            "deposits": None if self.deposits is None else self.deposits.to_plain(),
            "under_review": [] if self.performance is None else self.performance.to_plain(),
        }

    def restore(self, plain: Mapping[str, Any]) -> None:
        """Take back what `to_plain` gave."""
        self._day = plain["day"]
        self.targets.restore(plain["targets"])
        self.values.restore(plain["values"])
        figures = {name: Figures.from_plain(one) for name, one in plain["figures"].items()}
        self._around.world.status.figures = figures
        if self.harvest is not None:
            self.harvest.restore(plain["harvest"])
        if self.deposits is not None and plain["deposits"] is not None:
            self.deposits.restore(plain["deposits"])
        if self.performance is not None:
            self.performance.restore(plain["under_review"])


def allocation_of(engine: "Engine") -> Allocation | None:
    """Give what keeps an engine's books to their shares; None where its rules have none."""
    sharing, fences = engine.rulebook.sharing, engine.fences
    if sharing is None:
        return None
    return Allocation(
        sharing,
        Around(
            world=engine.world,
            books=engine.books,
            instances=engine.instances,
            trader=engine.trader,
            note=engine.decider.note,
            idle=lambda: engine.paused | fences.idle | fences.unfunded,
            fenced=lambda: fences.unfunded,
            retired=lambda: set(fences.retired),
        ),
    )


def market_of_shares(books: Mapping[str, Book]) -> Market:
    """Give the market whose prices the conditions of the shares look at: spot where any book trades there."""
    return Market.SPOT if any(book.market == Market.SPOT for book in books.values()) else Market.LINEAR


def _looking(book: Book, name: str, books: Mapping[str, Book]) -> Book:
    """Give a book as that of an engine: its name tells whose figures are meant, and it looks at daily candles."""
    return replace(book, name=name, market=str(market_of_shares(books)), timeframe="1d")


def _dates(sharing: Sharing) -> dict[str, Fact]:
    return {name: _date(name, dates) for name, dates in sharing.dates.items()}


def _date(name: str, dates: tuple[int, ...]) -> Fact:
    def coming(view: View, _symbol: str) -> int | None:
        return next((date for date in dates if date > view.board.moment.now_ms), None)

    return fact(name, Kind(Unit.TIMESTAMP), "portfolio", "the next of the dates under this name", coming)

"""In which turns the rules of a machine might fire, said for many turns at once; never too few of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rules.language.evaluate import Value, compile_live
from rules.language.typed import Age, Comparison, Typed
from runtime.board import Moment
from runtime.fact_columns import Outlook
from runtime.feed import Source, Timetable, distinct, next_of
from runtime.following import DISTANCE, Following, Moves, is_following, only_follows
from runtime.foresight import conjuncts, has_column, is_given, joined, reads_facts
from runtime.history import History, Values
from runtime.instance import Instance, LiveRule
from runtime.may import May
from runtime.still_facts import is_clocked, is_still, observations

Turns = NDArray[np.int64]
Mask = NDArray[np.bool_]
Reader = Callable[[], Value]


@dataclass(slots=True)
class RuleProspect:
    """One rule for one symbol: the turns in which what it asks of candles holds, and what else it asks.

    `candidates` count all turns in which the machine decides where nothing is asked of candles alone.
    """

    live: LiveRule
    symbol: str
    candidates: Turns
    still: tuple[Reader, ...] = ()
    clocked: tuple[tuple[Typed, Reader], ...] = ()
    mixed: tuple[Typed, ...] = ()
    looks_at: frozenset[str] = frozenset()
    following: Following | None = None


@dataclass(slots=True)
class Prospects:
    """The rules of one machine over the turns of a run.

    The histories must have the candles that are to come; `first` is the turn that comes next in them.
    """

    instance: Instance
    table: Timetable
    outlook: Outlook
    moment: Moment
    first: int
    due: Turns = field(init=False)
    may: May = field(init=False)
    _by_state: dict[str, tuple[RuleProspect, ...]] = field(default_factory=dict)
    _rows_before: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        sources = [source for source in self.table.sources if self._is_mine(source)]
        self.due = distinct([source.closing for source in sources])
        self._rows_before = {symbol: self._before(symbol) for symbol in self.instance.symbols}
        self.may = May(self.instance, self.outlook, self.due, self._candles)

    def _is_mine(self, source: Source) -> bool:
        book = self.instance.book
        mine = source.market in book.markets and source.symbol in self.instance.symbols
        return mine and source.timeframe == book.timeframe

    # ── the question ────────────────────────────────────────────────────────────────────────────────────────────────

    def next(self, first: int, end: int) -> int:
        """Give the first turn from `first` up to `end` in which a rule might fire or remember something, or `end`.

        Rules that only let a stop follow the price are left out.
        """
        for prospect in self._prospects():
            if self._followed(prospect):
                continue
            if self._waits(prospect):
                return next_of(self.due, first, end)
            end = self._next_of(prospect, first, end)
        return end

    def followings(self) -> Iterator[Following]:
        """Give the rules of the present state that only let a stop follow the price."""
        return filter(None, map(self._followed, self._prospects()))

    def _followed(self, prospect: RuleProspect) -> Following | None:
        """How a rule lets a stop follow, where it does nothing else and there is a position to follow."""
        return prospect.following if prospect.following is not None and is_following(self.instance) else None

    def decides_in(self, first: int, end: int) -> bool:
        """Whether candles that the machine decides on close in any of these turns."""
        return next_of(self.due, first, end) < end

    def looks_at(self) -> frozenset[str]:
        """Give the observations at which the rules of the present state look."""
        return frozenset().union(*(prospect.looks_at for prospect in self._prospects()))

    def _waits(self, prospect: RuleProspect) -> bool:
        return (prospect.live.rule.id, prospect.symbol) in self.instance.held_since

    def _next_of(self, prospect: RuleProspect, first: int, end: int) -> int:
        low, high = prospect.candidates.searchsorted((first, end))
        if low == high or not all(read() is True for read in prospect.still):
            return end
        turns = prospect.candidates[low:high]
        for node in prospect.mixed:
            turns = turns[self.may.be_true(node, prospect.symbol, turns)] if len(turns) else turns
        return next((int(turn) for turn in self._on_time(prospect, turns)), end)

    def _on_time(self, prospect: RuleProspect, turns: Turns) -> Iterator[int]:
        """The turns at which what is asked of the time holds as well."""
        now_ms = self.moment.now_ms
        try:
            if not self._is_over(prospect, turns):
                for turn in turns.tolist():
                    self.moment.now_ms = int(self.table.at_ms[turn])
                    failing = next((node for node, read in prospect.clocked if read() is not True), None)
                    if failing is None:
                        yield turn
                    elif _only_ends(failing):
                        return
        finally:
            self.moment.now_ms = now_ms

    def _is_over(self, prospect: RuleProspect, turns: Turns) -> bool:
        """Whether something that only gets older isn't old enough at the last of these turns."""
        if not len(turns):
            return True
        self.moment.now_ms = int(self.table.at_ms[turns[-1]])
        return any(_only_grows(node) and read() is not True for node, read in prospect.clocked)

    # ── rules as candidates ─────────────────────────────────────────────────────────────────────────────────────────

    def _prospects(self) -> tuple[RuleProspect, ...]:
        state = self.instance.snapshot.state
        if state not in self._by_state:
            rules = self.instance.by_state[state]
            self._by_state[state] = tuple(self._prospect(live, symbol) for live in rules for symbol in live.when)
        return self._by_state[state]

    def _prospect(self, live: LiveRule, symbol: str) -> RuleProspect:
        parts = tuple(conjuncts(live.rule.when))
        binder = self.instance.binder
        priced = tuple(part for part in parts if has_column(part, symbol))
        still = tuple(part for part in parts if is_still(part))
        clocked = tuple(part for part in parts if is_clocked(part) and part not in still)
        given = tuple(part for part in parts if is_given(part) and part not in (*priced, *still))
        known = (*priced, *still, *clocked, *given)
        candidates = self._holding(priced, symbol) if priced else self.due
        return RuleProspect(
            live,
            symbol,
            self._possible(given, symbol, candidates),
            tuple(compile_live(part, binder, symbol) for part in still),
            tuple((part, compile_live(part, binder, symbol)) for part in clocked),
            tuple(part for part in parts if part not in known),
            observations(live.rule.when),
            self._following(live, symbol, candidates),
        )

    def _following(self, live: LiveRule, symbol: str, turns: Turns) -> Following | None:
        """Say how a stop follows; None where a rule does anything else, or some turns have no candle of the symbol."""
        if not only_follows(live, self.instance, symbol):
            return None
        source, column = self._source(symbol), self._history(symbol).column(live.rule.arguments[DISTANCE])
        rows = np.empty(0, dtype=np.int64) if source is None else source.rows_at(turns)
        if source is None or isinstance(column, list) or (rows < 0).any():
            return None
        distances = column[self._rows_before[symbol] + rows]
        moves = Moves(self.instance, live, self.instance.snapshot.state)
        return Following(moves, self.outlook.course, turns, distances)

    def _holding(self, parts: Sequence[Typed], symbol: str) -> Turns:
        """The turns in which conditions over candles hold, and those in which the symbol has no new candle."""
        source = self._source(symbol)
        if source is None:
            return self.due
        column = self._history(symbol).column(joined(parts))
        before = self._rows_before[symbol]
        holds = np.fromiter((value is True for value in column), dtype=bool, count=len(column))
        own = source.closing[holds[before : before + len(source.closing)]]
        others = self.due[source.rows_at(self.due) < 0]
        return distinct([own, others]) if len(others) else own

    def _possible(self, parts: Sequence[Typed], symbol: str, candidates: Turns) -> Turns:
        """Those turns in which conditions over prices and observations may hold."""
        places = self.due.searchsorted(candidates)
        for part in parts:
            may = self.may.be_true(part, symbol, self.due)[places]
            candidates, places = candidates[may], places[may]
        return candidates

    def _history(self, symbol: str) -> History:
        view = self.instance.view
        return view.histories.history(view.market, symbol, view.book.timeframe)

    def _source(self, symbol: str) -> Source | None:
        name = (self.instance.view.market, symbol, self.instance.book.timeframe)
        return next((source for source in self.table.sources if source.name == name), None)

    def _before(self, symbol: str) -> int:
        """How many rows of a history came before the first turn of all."""
        source, history = self._source(symbol), self._history(symbol)
        return history.length - (0 if source is None else source.closing_in(self.first, self.first)[0])

    def _candles(self, leaf: Typed, symbol: str, turns: Turns) -> tuple[Values, Mask] | None:
        """What a series comes to at some turns, and whether it is certain: where the symbol has a new candle."""
        source = self._source(symbol)
        if source is None or reads_facts(leaf) or not len(source.closing):
            return None
        rows = source.rows_at(turns)
        places = self._rows_before[symbol] + np.maximum(rows, 0)
        column = self._history(symbol).column(leaf)
        shown = [column[place] for place in places.tolist()] if isinstance(column, list) else column[places]
        return shown, rows >= 0


def _only_grows(node: Typed) -> bool:
    """Whether a condition, once it holds, goes on holding while only time passes."""
    return _limits_age(node, (">", ">="))


def _only_ends(node: Typed) -> bool:
    """Whether a condition, once it doesn't hold, never will while only time passes."""
    return _limits_age(node, ("<", "<="))


def _limits_age(node: Typed, operators: tuple[str, str]) -> bool:
    return (
        isinstance(node, Comparison)
        and node.operator in operators
        and isinstance(node.left, Age)
        and node.right.constant
    )

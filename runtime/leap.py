"""Leaps over turns of a back-test in which nothing can happen, and leaves everything as stepping would have."""

from collections.abc import Callable, Iterable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from runtime import gate
from runtime.course import Course, Key, usable
from runtime.engine import Engine
from runtime.events import FactObserved
from runtime.feed import Source, Timetable
from runtime.instrument import Market
from runtime.ladder_reach import first_move, measures_drawdown
from runtime.linear_value import LinearValue
from runtime.market_data import MarketData
from runtime.ports import LeapingExchange
from runtime.prospects import Prospects

DAY_MS = 86_400_000
DAILY = "1d"
# A leap costs as much as some steps do.
WORTH = 2
# Values that floats can't tell apart are compared as decimals.
NEAR = 1e-9
LARGEST_GROSS = 1_000
NONE = np.empty(0, dtype=np.int64)
Floats = NDArray[np.float64]
Closing = list[tuple[Source, int, int]]
"""Series with the range of their rows that close in a stretch of turns."""


class Leaper:
    """Finds the next turn in which anything could happen, and passes over those before it.

    What could happen is bounded from above: midnights, decisions, settlements, prices near a stop or a liquidation,
    drawdowns near a threshold. Nothing of it is decided here; the turns that are left are stepped through.
    `passed` is told of the candles that were passed over.
    """

    def __init__(self, engine: Engine, exchange: LeapingExchange, passed: Callable[[int], None]) -> None:
        self.turns = self.leapt = 0
        self._engine = engine
        self._exchange = exchange
        self._passed = passed

    # ── before the run ──────────────────────────────────────────────────────────────────────────────────────────────

    def obstacles(self) -> tuple[str, ...]:
        """Say what keeps turns from being leapt over, a sentence each."""
        return (f"Stepped plainly because {self._blocked}.",) if self._blocked else ()

    @property
    def _blocked(self) -> str:
        ladder = self._engine.ladder
        if ladder is None or measures_drawdown(ladder):
            return ""
        on = ladder.rules.on
        return f"the breaker measures `{on.text}`, of which there is no column ({on.place})"

    def begin(self, table: Timetable, data: MarketData) -> None:
        """Prepare the columns of a run."""
        self._table, self._course = table, Course(table)
        self.turns = len(table)
        self._halts = self._halting_turns(table)
        self._unexpected = list(table.sources)
        self._settlements = {symbol: self._turns(frame) for symbol, frame in data.funding.items()}
        self._observed = {name: self._turns(frame) for name, frame in data.facts.items()}
        if self._settlements:
            self._observed["funding.rate"] = np.unique(np.concatenate(list(self._settlements.values())))
        moment = self._engine.world.board.moment
        instances = self._engine.instances.values()
        self._prospects = [Prospects(one, table, self._course, moment) for one in instances]

    def _turns(self, frame: pl.DataFrame) -> NDArray[np.int64]:
        """The turns at which moments of a frame are taken in."""
        return np.searchsorted(self._table.at_ms, frame["at_ms"].to_numpy())

    def _halting_turns(self, table: Timetable) -> NDArray[np.int64]:
        """The turns that are always stepped through."""
        halting, closing = np.zeros((2, len(table)), dtype=bool)
        for source in table.sources:
            closing[source.closing] = True
            halting[source.closing[~usable(source)]] = True
            if source.timeframe == DAILY:
                halting[source.closing] = True
        return np.flatnonzero(halting | ~closing)

    # ── how far ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def reach(self, first: int, before_ms: int, end: int) -> int:
        """Give the first turn, from `first` up to `end`, in which anything could happen; `before_ms` was the last."""
        if self._blocked or not self._calm(before_ms):
            return first
        end = min(end, self._next_halt(first), self._table.after((before_ms // DAY_MS + 1) * DAY_MS - 1))
        if end - first < WORTH:
            return first
        end = self._before_stops(first, self._before_settlements(first, end))
        if end - first < WORTH or not self._as_expected(first):
            return first
        end = self._before_decisions(first, end)
        return first if end - first < WORTH else self._before_breaker(first, end)

    def _calm(self, now_ms: int) -> bool:
        engine = self._engine
        if engine.restless(now_ms) or engine.reconciliation.running or not self._exchange.idle:
            return False
        return engine.portfolio.net_value.steady and (engine.ladder is None or not engine.ladder.unknown)

    def _next_halt(self, first: int) -> int:
        return _next(self._halts, first, len(self._table))

    def _before_settlements(self, first: int, end: int) -> int:
        for symbol, turns in self._settlements.items():
            if self._exchange.held(symbol):
                end = min(end, _next(turns, first, end))
        return end

    def _before_decisions(self, first: int, end: int) -> int:
        engine = self._engine
        if not gate.decides(engine.world.status):
            return end
        for prospects in self._prospects:
            if prospects.instance.book.name not in engine.fences.idle:
                for name in prospects.looks_at():
                    end = min(end, _next(self._observed.get(name, NONE), first, end))
                end = prospects.next(first, end)
            if end - first < WORTH:
                return first
        return end

    def _before_stops(self, first: int, end: int) -> int:
        reach = self._exchange.reach()
        if reach is None:
            return first
        for key in self._course.keys:
            if key[0] is Market.LINEAR and key[1] in reach:
                end = min(end, self._course.leaves(key, *reach[key[1]], first, end))
        return end

    def _as_expected(self, first: int) -> bool:
        """Whether the candles to come are those that the histories have; once they are, they stay so."""
        histories = self._engine.world.histories
        self._unexpected = [
            source
            for source in self._unexpected
            if not histories.history(*source.name).expects(source.open_ms[source.closing.searchsorted(first) :])
        ]
        return not self._unexpected

    def _before_breaker(self, first: int, end: int) -> int:
        portfolio, ladder = self._engine.portfolio, self._engine.ladder
        value = portfolio.linear_value()
        if value is None or not self._priced(value, first, end):
            return first
        equity, sound = self._equity(value, first, end)
        end = first + sound
        if ladder is None:
            return end
        units = equity[:sound] / float(portfolio.net_value.units)
        highest = np.maximum(np.maximum.accumulate(units), float(portfolio.net_value.highest)) if sound else units
        return first + first_move(ladder, 1 - units / highest, self._table.at_ms[first:end])

    def _priced(self, value: LinearValue, first: int, end: int) -> bool:
        """Whether everything held has a price, and keeps the source of it all the way."""
        portfolio, marks = self._engine.portfolio, self._course.marks
        better = (one for key in value.quantities for one in portfolio.better_sources(key))
        replaced = (portfolio.mark_of(*one) is None and not np.isnan(marks(one)[end - 1]) for one in better)
        return not any(np.isnan(marks(key)[first]) for key in value.quantities) and not any(replaced)

    def _equity(self, value: LinearValue, first: int, end: int) -> tuple[Floats, int]:
        """Equity at each turn as floats, and at how many of them they can be relied on."""
        equity: Floats = np.full(end - first, value.constant)
        gross: Floats = np.full(end - first, value.gross)
        for key, quantity in value.quantities.items():
            worth = quantity * self._course.marks(key)[first:end]
            equity += worth
            gross += np.abs(worth)
        doubtful = gross > LARGEST_GROSS * equity
        sound = int(doubtful.argmax()) if doubtful.any() else end - first
        return equity, sound

    # ── over it ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def pass_over(self, first: int, end: int, seen: Iterable[FactObserved]) -> int:
        """Let the turns from `first` up to `end` be over; returns the number of their candles."""
        engine, closing = self._engine, self._closing(first, end)
        facts = tuple(seen)
        for fact in facts:
            engine.world.board.observe(fact)
        engine.world.board.moment.now_ms = int(self._table.at_ms[end - 1])
        engine.sequence += end - first + len(facts)
        self._observe_highs(first, end)
        self._mark(closing)
        engine.portfolio.observe(engine.world.board.moment.now_ms)
        self._quote(closing)
        self._track(closing)
        self._exchange.pass_over(self._last_prices(first, end))
        candles = sum(high - low for _, low, high in closing)
        self._passed(candles)
        self.leapt += end - first
        return candles

    def _observe_highs(self, first: int, end: int) -> None:
        """Take in the equities that may be the highest ever, each as the decimal that it is."""
        portfolio, at_ms = self._engine.portfolio, self._table.at_ms
        value = portfolio.linear_value()
        assert value is not None
        portfolio.net_value.begin_day(int(at_ms[first]))
        for turn in self._high_turns(value, first, end):
            for market, symbol in value.quantities:
                portfolio.mark_candle(market, symbol, float(self._course.marks((market, symbol))[turn]))
            portfolio.observe(int(at_ms[turn]))

    def _high_turns(self, value: LinearValue, first: int, end: int) -> list[int]:
        if not value.quantities:
            return []
        net_value = self._engine.portfolio.net_value
        units = self._equity(value, first, end)[0] / float(net_value.units)
        high = max(float(units.max()), float(net_value.highest))
        return [first + int(turn) for turn in np.flatnonzero(units >= high * (1 - NEAR))]

    def _mark(self, closing: Closing) -> None:
        """Let the histories go on, and set the last price of each instrument in the order in which candles come."""
        for source, low, high in sorted(closing, key=lambda one: int(one[0].close_ms[one[2] - 1])):
            self._engine.world.histories.history(*source.name).advance(high - low)
            self._engine.portfolio.mark_candle(source.market, source.symbol, float(source.column("close")[high - 1]))

    def _quote(self, closing: Closing) -> None:
        """Show the latest prices: of one series the last two candles say it all, of several their order counts."""
        see = self._engine.world.board.see_candle
        for key in dict.fromkeys((source.market, source.symbol) for source, _, _ in closing):
            same = [one for one in closing if (one[0].market, one[0].symbol) == key]
            rows = [(source, row) for source, low, high in same for row in range(low, high)]
            for source, row in rows[-2:] if len(same) == 1 else sorted(rows, key=_close_ms):
                see(source.candle(row))

    def _track(self, closing: Closing) -> None:
        """Take the ranges into the best and worst prices of what is held."""
        for source, low, high in closing:
            highs, lows = source.column("high")[low:high], source.column("low")[low:high]
            self._engine.portfolio.track_range(source.market, source.symbol, float(highs.max()), float(lows.min()))

    def _last_prices(self, first: int, end: int) -> dict[Key, float]:
        """What the exchange has seen last: the opening of a candle that is under way, or else the last close."""
        prices: dict[Key, float] = {}
        for source in self._table.sources:
            low, high = source.closing_in(first, end)
            opened = source.opened_before(end) - 1
            if source.finest and opened >= high and source.opening[opened] >= first:
                prices[source.market, source.symbol] = float(source.column("open")[opened])
            elif source.finest and high > low:
                prices[source.market, source.symbol] = float(source.column("close")[high - 1])
        return prices

    def _closing(self, first: int, end: int) -> Closing:
        ranges = ((source, *source.closing_in(first, end)) for source in self._table.sources)
        return [one for one in ranges if one[1] < one[2]]


def _next(turns: NDArray[np.int64], first: int, end: int) -> int:
    """The first of some turns that is not before `first`, or `end`."""
    place = int(turns.searchsorted(first))
    return int(turns[place]) if place < len(turns) else end


def _close_ms(one: tuple[Source, int]) -> int:
    return int(one[0].close_ms[one[1]])

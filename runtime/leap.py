"""Passes over turns of a back-test in which nothing can happen, and leaves everything as stepping would have."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import numpy as np

from runtime.course import Key
from runtime.engine import Engine
from runtime.events import Event, FactObserved
from runtime.feed import Source, Timetable
from runtime.following import Move
from runtime.foresight import unforeseen
from runtime.horizon import Horizon, Stretch, ends_day
from runtime.market_data import MarketData
from runtime.ports import LeapingExchange
from runtime.trail import Moved, Trail

# Values that floats can't tell apart are compared as decimals.
NEAR = 1e-9
# Two candles give a price and its jump.
SHOWN = 2
Closing = list[tuple[Source, int, int]]
"""Series with the range of their rows that close in a stretch of turns."""


Answered = Callable[[Iterable[Event]], None]


class Witness(Protocol):
    """Who is told of what no step tells."""

    def pass_over(self, candles: int) -> None:
        """Hear of candles in which nothing happened."""

    def moved(self, moved: Moved) -> None:
        """Hear of a decision that has moved a stop."""


class Leaper:
    """Leaps over what its horizon says is empty; the turns that are left are stepped through.

    The witness hears of what was passed over. `turns` and `leapt` count all turns of the run and those.
    """

    def __init__(self, engine: Engine, exchange: LeapingExchange, witness: Witness) -> None:
        self.turns = self.leapt = 0
        self._engine = engine
        self._exchange = exchange
        self._witness = witness

    def obstacles(self) -> tuple[str, ...]:
        """Say what keeps turns from being leapt over, a sentence each."""
        if self.obstacle:
            return (f"Stepped plainly because {self.obstacle}.",)
        asked = filter(None, map(unforeseen, self._engine.books.values()))
        return tuple(f"Stepped plainly: {what}." for what in asked)

    @property
    def obstacle(self) -> str:
        """Why nothing can be leapt over at all; empty where something can."""
        return Horizon.obstacle(self._engine)

    def begin(self, table: Timetable, data: MarketData) -> Horizon:
        """Prepare for a run."""
        self._table, self.turns = table, len(table)
        self._horizon = Horizon(self._engine, self._exchange, table, data)
        return self._horizon

    def close(self, turn: int) -> None:
        """Let the exchange see the closes of a turn whose candles have reached nothing."""
        closing = ((source, source.closes[turn]) for source in self._table.sources if source.finest)
        self._exchange.pass_over({s.name[:2]: float(s.column("close")[row]) for s, row in closing if row >= 0})

    def pass_over(
        self, stretch: Stretch, seen: Iterable[FactObserved], answered: Callable[[Iterable[Event]], None]
    ) -> int:
        """Let the turns of a stretch be over; returns the number of their candles.

        `answered` is told what the exchange says of stops that have moved on the way. Where it ends at midnight, the
        engine has still to end the day, and the exchange to open the next candles.
        """
        engine, closing = self._engine, self._closing(stretch)
        last = stretch.end - ends_day(int(self._table.at_ms[stretch.end - 1]))
        facts = tuple(seen)
        for fact in facts:
            engine.world.board.observe(fact)
        self._follow(stretch.moves, answered)
        engine.world.board.moment.now_ms = int(self._table.at_ms[stretch.end - 1])
        engine.sequence += last - stretch.first + len(facts)
        self._observe_highs(stretch)
        self._mark(closing)
        engine.portfolio.observe(engine.world.board.moment.now_ms)
        self._quote(closing, int(self._table.at_ms[stretch.first - 1]))
        self._track(closing)
        self._exchange.pass_over(self._last_prices(stretch, last))
        candles = sum(high - low for _, low, high in closing)
        self._witness.pass_over(
            candles - sum(source.closes[last] >= 0 for source, _, _ in closing if last < stretch.end)
        )
        self.leapt += last - stretch.first
        return candles

    def _follow(self, moves: Sequence[Move], answered: Answered) -> None:
        """Let stops follow the price; the exchange is asked for where each ends, as if it had gone all the way."""
        trails: dict[int, Trail] = {}
        for move in moves:
            trail = trails.get(id(move.of)) or trails.setdefault(id(move.of), Trail(self._engine, move.of))
            moved = trail.follow(move, int(self._table.at_ms[move.turn]))
            if moved is not None:
                self._witness.moved(moved)
        for trail in trails.values():
            self._settle(trail, answered)

    def _settle(self, trail: Trail, answered: Answered) -> None:
        if trail.last is not None:
            at_ms, request = trail.last
            self._exchange.pass_over({(trail.market, request.symbol): trail.price})
            self._engine.protection.note([request])
            # The last answer counts itself.
            self._engine.sequence += trail.changes - 1
            answered(self._exchange.submit(request, at_ms))

    def _observe_highs(self, stretch: Stretch) -> None:
        """Take in the equities that may be the highest ever, each as the decimal that it is."""
        portfolio, at_ms = self._engine.portfolio, self._table.at_ms
        for turn in self._high_turns(stretch):
            for market, symbol in stretch.value.quantities:
                marks = self._horizon.course.marks((market, symbol))
                portfolio.mark_candle(market, symbol, float(marks[turn]))
            portfolio.observe(int(at_ms[turn]))

    def _high_turns(self, stretch: Stretch) -> list[int]:
        if not stretch.value.quantities:
            return []
        net_value = self._engine.portfolio.net_value
        units = stretch.equity / float(net_value.units)
        high = max(float(units.max()), float(net_value.highest))
        return [stretch.first + int(turn) for turn in np.flatnonzero(units >= high * (1 - NEAR))]

    def _mark(self, closing: Closing) -> None:
        """Let the histories go on, and set the last price of each instrument in the order in which candles come."""
        for source, low, high in sorted(closing, key=lambda one: int(one[0].close_ms[one[2] - 1])):
            self._engine.world.histories.history(*source.name).advance(high - low)
            self._engine.portfolio.mark_candle(source.market, source.symbol, float(source.column("close")[high - 1]))

    def _quote(self, closing: Closing, since_ms: int) -> None:
        """Show the latest prices; what is seen before two finest candles with no other beside them doesn't count."""
        by_key: dict[Key, Closing] = {}
        for one in closing:
            by_key.setdefault((one[0].market, one[0].symbol), []).append(one)
        for same in by_key.values():
            from_ms = _settled_ms(same, since_ms)
            rows = [(one[0], row) for one in same for row in _from(one, from_ms)]
            for source, row in sorted(rows, key=_close_ms):
                self._engine.world.board.see_candle(source.candle(row))

    def _track(self, closing: Closing) -> None:
        """Take the ranges into the best and worst prices of what is held."""
        portfolio = self._engine.portfolio
        for source, low, high in closing:
            if portfolio.is_held(source.market, source.symbol):
                highs, lows = source.column("high")[low:high], source.column("low")[low:high]
                portfolio.track_range(source.market, source.symbol, float(highs.max()), float(lows.min()))

    def _last_prices(self, stretch: Stretch, opened_before: int) -> dict[Key, float]:
        """What the exchange has seen last: the opening of a candle that is under way, or else the last close."""
        prices: dict[Key, float] = {}
        for source in self._table.sources:
            if source.finest:
                low, high = source.closing_in(stretch.first, stretch.end)
                opened = source.opened_before(opened_before) - 1
                if opened >= high and source.opening[opened] >= stretch.first:
                    prices[source.market, source.symbol] = float(source.column("open")[opened])
                elif high > low:
                    prices[source.market, source.symbol] = float(source.column("close")[high - 1])
        return prices

    def _closing(self, stretch: Stretch) -> Closing:
        ranges = ((source, *source.closing_in(stretch.first, stretch.end)) for source in self._table.sources)
        return [one for one in ranges if one[1] < one[2]]


def _close_ms(one: tuple[Source, int]) -> int:
    return int(one[0].close_ms[one[1]])


def _settled_ms(same: Closing, since_ms: int) -> int:
    """Give the close of a candle before which nothing has to be shown; `since_ms` is the turn before the first row.

    Of the finest series two candles in a row will do beside which no other candle closes: whatever was seen before, the
    first is taken for the latest price, and the second with its jump from the first.
    """
    finest = next((one for one in same if one[0].finest), None)
    others = [source.close_ms[low:high] for source, low, high in same if not source.finest]
    source, low, high = finest or (same[0][0], 0, 0)
    alone = 0
    for row in range(high - 1, low - 1, -1):
        open_ms, close_ms = source.open_ms[row], source.close_ms[row]
        beside = any(np.diff(closes.searchsorted((open_ms, close_ms), "right"))[0] for closes in others)
        alone = 0 if beside or open_ms < since_ms else alone + 1
        if alone == SHOWN:
            return int(close_ms)
    return 0


def _from(one: tuple[Source, int, int], from_ms: int) -> range:
    """The rows of a range that close at a moment or later."""
    source, low, high = one
    return range(low + int(source.close_ms[low:high].searchsorted(from_ms)), high)

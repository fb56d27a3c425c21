"""Passes over turns of a back-test in which nothing can happen, and leaves everything as stepping would have."""

from collections import deque
from collections.abc import Iterable, Sequence
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


class Witness(Protocol):
    """Who is told of what no step tells."""

    def pass_over(self, candles: int) -> None:
        """Hear of candles in which nothing happened."""

    def moved(self, moved: Moved) -> None:
        """Hear of a decision that has moved a stop."""


class Passage(Protocol):
    """Who lets happen what happens on the way."""

    def seen(self, at_ms: int) -> Iterable[FactObserved]:
        """What becomes known up to a moment."""

    def settle(self, at_ms: int) -> None:
        """Let everybody know what becomes known up to a moment, and the exchange settle funding."""

    def answered(self, events: Iterable[Event]) -> None:
        """Let the engine know what the exchange says."""


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

    def pass_over(self, stretch: Stretch, passage: Passage) -> int:
        """Let the turns of a stretch be over; returns the number of their candles.

        Where it ends at midnight, the engine has still to end the day, and the exchange to open the next candles.
        """
        engine, closing = self._engine, self._closing(stretch)
        last = stretch.end - ends_day(int(self._table.at_ms[stretch.end - 1]))
        self._observe(stretch, passage)
        facts = tuple(passage.seen(int(self._table.at_ms[stretch.end - 1])))
        for fact in facts:
            engine.world.board.observe(fact)
        self._follow(stretch.moves, passage)
        engine.world.board.moment.now_ms = int(self._table.at_ms[stretch.end - 1])
        engine.sequence += last - stretch.first + len(facts)
        self._mark(closing)
        engine.portfolio.observe(engine.world.board.moment.now_ms)
        self._quote(closing, int(self._table.at_ms[stretch.first - 1]))
        self._track(closing)
        self._exchange.pass_over(self._last_prices(stretch.first, stretch.end, last))
        candles = sum(high - low for _, low, high in closing)
        seen_later = sum(source.closes[last] >= 0 for source, _, _ in closing if last < stretch.end)
        self._witness.pass_over(candles - seen_later)
        self.leapt += last - stretch.first
        return candles

    def _observe(self, stretch: Stretch, passage: Passage) -> None:
        """Take in, in their order, funding and the equities that may be the highest ever."""
        highs = self._high_turns(stretch)
        for turn in stretch.settlements:
            while highs and highs[0] < turn:
                self._observe_high(stretch, highs.popleft())
            self._exchange.pass_over(self._last_prices(stretch.first, turn + 1, turn))
            passage.settle(int(self._table.at_ms[turn]))
        for turn in highs:
            self._observe_high(stretch, turn)

    def _observe_high(self, stretch: Stretch, turn: int) -> None:
        """Take in an equity as the decimal that it is."""
        portfolio = self._engine.portfolio
        for market, symbol in stretch.value.quantities:
            marks = self._horizon.course.marks((market, symbol))
            portfolio.mark_candle(market, symbol, float(marks[turn]))
        portfolio.observe(int(self._table.at_ms[turn]))

    def _follow(self, moves: Sequence[Move], passage: Passage) -> None:
        """Let stops follow the price; the exchange is asked for where each ends, as if it had gone all the way."""
        trails: dict[int, Trail] = {}
        for move in moves:
            trail = trails.get(id(move.of)) or trails.setdefault(id(move.of), Trail(self._engine, move.of))
            moved = trail.follow(move, int(self._table.at_ms[move.turn]))
            if moved is not None:
                self._witness.moved(moved)
        for trail in trails.values():
            self._ask(trail, passage)

    def _ask(self, trail: Trail, passage: Passage) -> None:
        if trail.last is not None:
            at_ms, request = trail.last
            self._exchange.pass_over({(trail.market, request.symbol): trail.price})
            self._engine.protection.note([request])
            # The last answer counts itself.
            self._engine.sequence += trail.changes - 1
            passage.answered(self._exchange.submit(request, at_ms))

    def _high_turns(self, stretch: Stretch) -> deque[int]:
        if not stretch.value.quantities:
            return deque()
        net_value = self._engine.portfolio.net_value
        units = stretch.equity / float(net_value.units)
        high = max(float(units.max()), float(net_value.highest))
        return deque(stretch.first + int(turn) for turn in np.flatnonzero(units >= high * (1 - NEAR)))

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

    def _last_prices(self, first: int, end: int, opened_before: int) -> dict[Key, float]:
        """What the exchange has seen last: the opening of a candle that is under way, or else the last close."""
        prices: dict[Key, float] = {}
        for source in self._table.sources:
            if source.finest:
                low, high = source.closing_in(first, end)
                opened = source.opened_before(opened_before) - 1
                if opened >= high and source.opening[opened] >= first:
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

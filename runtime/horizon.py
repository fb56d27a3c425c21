"""How far a back-test can see: up to the first turn in which anything could happen."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from runtime import gate
from runtime.course import Course, Key, usable
from runtime.engine import Engine
from runtime.fact_columns import OF_ACCOUNT, Outlook
from runtime.feed import Timetable, distinct, next_of
from runtime.following import Move, Path
from runtime.foresight import reads_any
from runtime.foretold import Foretold
from runtime.instance import Instance
from runtime.instrument import Market
from runtime.ladder_reach import first_move, measures_drawdown
from runtime.linear_value import LinearValue
from runtime.market_data import MarketData
from runtime.ports import LeapingExchange
from runtime.prospects import Prospects
from runtime.quote_columns import QuoteColumns
from runtime.settlements import Settled, Settlements

DAY_MS = 86_400_000
# Looking further costs more than it saves.
LONGEST = 2_048
MOST_SPARED_DAYS = 15
FUNDING_RATE = "funding.rate"
# A leap costs as much as some steps do.
WORTH = 2
# Where what is held and owed is so many times the equity, floats can't tell thresholds from what is beside them.
LARGEST_GROSS = 1_000
Floats = NDArray[np.float64]
Turns = NDArray[np.int64]
NONE: Turns = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Turns from `first` up to, not including, `end` in which nothing can happen, and the equity at each, nearly.

    In `settlements` funding is paid. `moves` are those in which stops may follow the price, in the order in which their
    machines decide.
    """

    first: int
    end: int
    value: LinearValue
    equity: Floats
    settlements: tuple[int, ...] = ()
    moves: tuple[Move, ...] = ()

    def days(self, at_ms: Turns) -> Iterator["Stretch"]:
        """Give its parts, each up to a midnight; the last one may end anywhere. `at_ms` are all moments."""
        first = self.first
        for last in np.flatnonzero(at_ms[self.first : self.end] % DAY_MS == 0).tolist():
            yield self.part(first, self.first + last + 1)
            first = self.first + last + 1
        if first < self.end:
            yield self.part(first, self.end)

    def part(self, first: int, end: int) -> "Stretch":
        """Give some of its turns."""
        settlements = tuple(turn for turn in self.settlements if first <= turn < end)
        moves = tuple(move for move in self.moves if first <= move.turn < end)
        equity = self.equity[first - self.first : end - self.first]
        return Stretch(first, end, self.value, equity, settlements, moves)


class Horizon:
    """What could happen is bounded from above, and never decided here.

    The bounds are decisions, settlements, prices near a stop or a liquidation, drawdowns near a threshold, days that
    don't end at midnight, and candles that can't be true. At midnights the shares are looked at all the same.
    """

    def __init__(self, engine: Engine, exchange: LeapingExchange, table: Timetable, data: MarketData) -> None:
        self.course = Course(table)
        self._engine, self._exchange, self._table, self._data = engine, exchange, table, data
        self._untrue = self._untrue_turns()
        self._halts = self._halting_turns()
        self._settlements = {symbol: self._settlements_of(symbol, frame) for symbol, frame in data.funding.items()}
        self._concerned = [one for one in engine.instances.values() if looks_at_payments(one)]
        self._observed = {name: self._turns(frame) for name, frame in data.facts.items()}
        if self._settlements:
            self._observed[FUNDING_RATE] = distinct([one.turns for one in self._settlements.values()])
        self._unexpected = list(table.sources)
        self._untrue_before = 0
        self._prospects: list[Prospects] = []
        self._look_again_ms = self._spared_days = 0
        self._changes = -1
        self._room: dict[Key, tuple[float, float]] | None = None
        self._value: LinearValue | None = None

    @staticmethod
    def obstacle(engine: Engine) -> str:
        """Say why nothing can be seen ahead at all; empty where something can."""
        ladder = engine.ladder
        if ladder is None or measures_drawdown(ladder):
            return ""
        on = ladder.rules.on
        return f"the breaker measures `{on.text}`, of which there is no column ({on.place})"

    def _settlements_of(self, symbol: str, frame: pl.DataFrame) -> Settlements:
        marks = self.course.marks((Market.LINEAR, symbol))
        finest = self.course.finest((Market.LINEAR, symbol))
        return Settlements(symbol, self._turns(frame), frame["rate"].to_numpy(), marks, finest)

    def _turns(self, frame: pl.DataFrame) -> Turns:
        """The turns at which moments of a frame are taken in."""
        return np.searchsorted(self._table.at_ms, frame["at_ms"].to_numpy())

    def _untrue_turns(self) -> Turns:
        """The turns with a candle that can't be true."""
        return distinct([s.closing[~usable(s)] for s in self._table.sources])

    def _halting_turns(self) -> Turns:
        """The turns that are always stepped through: up to the first candles there is nothing to go by."""
        without = np.ones(len(self._table), dtype=bool)
        for source in self._table.sources:
            without[source.closing] = False
        closing = np.flatnonzero(~without)
        return distinct([closing[:1], self._untrue, np.flatnonzero(without), self._days_without_end(closing)])

    def _days_without_end(self, closing: Turns) -> Turns:
        """The first turns of days with candles, where the day before, or the one that begins, has none at midnight."""
        at_ms = self._table.at_ms[closing]
        before, after = at_ms[:-1], at_ms[1:]
        unended = ((before - 1) // DAY_MS != (after - 1) // DAY_MS) & (before % DAY_MS != 0)
        unbegun = (before // DAY_MS != after // DAY_MS) & (after % DAY_MS != 0)
        first: Turns = closing[1:][unended | unbegun]
        return first

    # ── what is ahead ───────────────────────────────────────────────────────────────────────────────────────────────

    def ahead(self, first: int, end: int, before_ms: int, changes: int) -> Stretch | None:
        """Give the turns from `first` up to `end` in which nothing can happen; None where there are hardly any.

        `before_ms` was the turn before. `changes` grows with all that happens in other turns.
        """
        end = min(end, self._end(first, before_ms))
        if end - first < WORTH or not self._calm(before_ms):
            return None
        funding = self._funding(first, end)
        end = min((end, *(one.end for one in funding)))
        if end - first < WORTH or not self._as_expected(first):
            return None
        end = self._beyond_midnight(before_ms, end, self._before_decisions(first, end))
        if end - first < WORTH:
            return None
        self._notice(changes)
        end = self._before_stops(first, end)
        paths = self._paths(first, end)
        end = min((end, *(path.end for path in paths)))
        stretch = self._before_breaker(first, end, funding) if end - first >= WORTH else None
        return stretch if stretch is None or not paths else replace(stretch, moves=moves_of(paths, stretch.end))

    def _end(self, first: int, before_ms: int) -> int:
        end = next_of(self._halts, first, min(len(self._table), first + LONGEST))
        return min(end, self._midnight(before_ms)) if before_ms < self._look_again_ms else end

    def _midnight(self, before_ms: int) -> int:
        return self._table.after((before_ms // DAY_MS + 1) * DAY_MS - 1)

    def _beyond_midnight(self, before_ms: int, asked: int, end: int) -> int:
        """Where something is decided at each midnight, it isn't asked beforehand for some days."""
        midnight = self._midnight(before_ms)
        if asked > midnight <= end:
            self._spared_days = 0 if end > midnight else min(2 * self._spared_days + 1, MOST_SPARED_DAYS)
            self._look_again_ms = (before_ms // DAY_MS + 1 + self._spared_days) * DAY_MS if self._spared_days else 0
        return end

    def _calm(self, now_ms: int) -> bool:
        engine = self._engine
        if engine.restless(now_ms) or engine.reconciliation.running or not self._exchange.idle:
            return False
        return engine.portfolio.net_value.steady and (engine.ladder is None or not engine.ladder.unknown)

    def _notice(self, changes: int) -> None:
        """Forget what was known of holdings when anything has happened."""
        if changes != self._changes:
            self._changes, self._value = changes, self._engine.portfolio.linear_value()
            self._look_around()

    def _look_around(self) -> None:
        reach = self._exchange.reach()
        self._room = None if reach is None else {(Market.LINEAR, symbol): room for symbol, room in reach.items()}

    # ── bounds ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _funding(self, first: int, end: int) -> list[Settled]:
        """What is settled for held perpetuals; where a payment may lead to decisions it is stepped through."""
        return [
            settlements.between(first, end, only_before=self._concerns(symbol))
            for symbol, settlements in self._settlements.items()
            if self._exchange.held(symbol)
        ]

    def _concerns(self, symbol: str) -> bool:
        """Whether a machine that looks at payments has the position that is paid for."""
        key, holds = (Market.LINEAR, symbol), self._engine.portfolio.has
        return any(holds(one.book.account, key) for one in self._concerned if symbol in one.symbols)

    def _before_stops(self, first: int, end: int) -> int:
        inside = self._inside(first, end)
        if inside - first < WORTH and inside < end:
            self._look_around()
            return self._inside(first, end)
        return inside

    def _paths(self, first: int, end: int) -> list[Path]:
        """The stops that follow the price on the way."""
        if end - first < WORTH or not gate.decides(self._engine.world.status):
            return []
        deciding = (one for one in self._prospects if self._engine.fences.decides(one.instance.book.name))
        return [following.path(first, end) for one in deciding for following in one.followings()]

    def _inside(self, first: int, end: int) -> int:
        if self._room is None:
            return first
        for key, (low, high) in self._room.items():
            end = min(end, self.course.leaves(key, low, high, first, end))
        return end

    def _as_expected(self, first: int) -> bool:
        """Whether the candles to come are those that the histories have; they stay so until one can't be true."""
        histories = self._engine.world.histories
        untrue = int(self._untrue.searchsorted(first))
        if untrue != self._untrue_before:
            self._untrue_before, self._unexpected, self._prospects = untrue, list(self._table.sources), []
        self._unexpected = [
            source
            for source in self._unexpected
            if not histories.history(*source.name).expects(source.open_ms[source.closing_in(first, first)[0] :])
        ]
        if not self._unexpected and not self._prospects:
            board, instances = self._engine.world.board, self._engine.instances.values()
            foretold = Foretold(self._data, self._table, board, first)
            outlook = Outlook(self.course, QuoteColumns(self.course, board.quotes, first), foretold)
            self._prospects = [Prospects(one, self._table, outlook, board.moment, first) for one in instances]
        return not self._unexpected

    def _before_decisions(self, first: int, end: int) -> int:
        engine = self._engine
        if not gate.decides(engine.world.status):
            return end
        for prospects in self._prospects:
            if prospects.decides_in(first, end) and engine.fences.decides(prospects.instance.book.name):
                for name in prospects.looks_at():
                    seen = next_of(self._observed.get(name, NONE), first, end)
                    end = next_of(prospects.due, seen, end)
                end = prospects.next(first, end)
            if end - first < WORTH:
                return first
        return end

    def _before_breaker(self, first: int, end: int, funding: Sequence[Settled]) -> Stretch | None:
        value, ladder, net_value = self._value, self._engine.ladder, self._engine.portfolio.net_value
        if value is None or not self._priced(value, first, end):
            return None
        equity = self._equity(value, first, end, funding)
        if equity is None:
            return None
        if ladder is not None:
            units = equity / float(net_value.units)
            highest = np.maximum(np.maximum.accumulate(units), float(net_value.highest))
            end = first + first_move(ladder, 1 - units / highest, self._table.at_ms[first:end])
        settlements = tuple(distinct([one.turns for one in funding if len(one.turns)]).tolist())
        stretch = Stretch(first, end, value, equity, settlements)
        return stretch.part(first, end) if end - first >= WORTH else None

    def _priced(self, value: LinearValue, first: int, end: int) -> bool:
        """Whether everything held has a price, and keeps the source of it all the way."""
        portfolio, marks = self._engine.portfolio, self.course.marks
        better = (one for key in value.quantities for one in portfolio.better_sources(key))
        replaced = (portfolio.mark_of(*one) is None and not np.isnan(marks(one)[end - 1]) for one in better)
        return not any(np.isnan(marks(key)[first]) for key in value.quantities) and not any(replaced)

    def _equity(self, value: LinearValue, first: int, end: int, funding: Sequence[Settled]) -> Floats | None:
        """Equity at each turn as floats, funding paid; None where they can't be relied on."""
        equity: Floats = np.full(end - first, value.constant)
        gross = value.gross
        for one in funding:
            equity += one.paid(value.quantities.get((Market.LINEAR, one.symbol), 0.0), first, end)
        for key, quantity in value.quantities.items():
            marks = self.course.marks(key)[first:end]
            equity += quantity * marks
            gross += abs(quantity) * float(marks.max())
        return None if gross > LARGEST_GROSS * float(equity.min()) else equity


def looks_at_payments(instance: Instance) -> bool:
    """Whether rules of a machine may decide otherwise because its account has paid funding, or received it."""
    return instance.machine.table.hedges or any(reads_any(rule.when, OF_ACCOUNT) for rule in instance.book.rules)


def moves_of(paths: Sequence[Path], end: int) -> tuple[Move, ...]:
    """Give the moves of several stops before a turn, in the order in which they are decided."""
    return tuple(sorted((move for path in paths for move in path.moves(end)), key=lambda move: move.turn))


def ends_day(at_ms: int) -> bool:
    """Whether a moment is a midnight (UTC)."""
    return at_ms % DAY_MS == 0

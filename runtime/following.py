"""Stops that follow the price, for many turns at once: where one may move, and up to where none is reached."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from machines.intents import Direction
from rules.language.book import Mode
from runtime.course import Course
from runtime.foresight import conjuncts, has_column
from runtime.instance import Instance, LiveRule

Turns = NDArray[np.int64]
Side = Literal["left", "right"]
Floats = NDArray[np.float64]
DISTANCE = "distance"
# Nearer than this, relative to the price, the rule itself is asked.
NEAR = 1e-9


class Follows(Protocol):
    """What a machine remembers whose stop follows the price."""

    side: Direction | None
    stop: Decimal | None


@dataclass(frozen=True, slots=True)
class Moves:
    """Who moves a stop, and in which state: its machine and the rule."""

    instance: Instance
    live: LiveRule
    state: str


@dataclass(frozen=True, slots=True)
class Move:
    """A turn at which a stop may move: the best price up to then, the distance behind it, and the latest price."""

    turn: int
    of: Moves
    best: float
    distance: float
    price: float


@dataclass(frozen=True, slots=True)
class Following:
    """A rule that does nothing but let the stop of one position follow its best price, and the turns in which it does.

    `turns` are all in which its condition holds as far as candles say, each with a distance, NaN for unknown.
    """

    moves: Moves
    course: Course
    turns: Turns
    distances: Floats

    def path(self, first: int, end: int) -> "Path":
        """Foresee the stop over some turns."""
        low, high = (int(place) for place in self.turns.searchsorted((first, end)))
        return Path(self, first, end, self.turns[low:high], self.distances[low:high])


class Path:
    """Where a stop may move in some turns, and the first turn in which it may be reached or can't be foreseen.

    Everything is multiplied by the sign of the position, so that a stop always rises.
    """

    def __init__(self, rule: Following, first: int, end: int, turns: Turns, distances: Floats) -> None:
        self._rule, self._first = rule, first
        view, symbol = rule.moves.instance.view, rule.moves.instance.symbol
        key = view.market, symbol
        self._sources, finest = rule.course.sources(key), rule.course.finest(key)
        assert finest is not None
        self._finest = finest
        position, memory = view.position(symbol), remembered(rule.moves.instance)
        assert memory.stop is not None
        assert position.best_price is not None
        self._sign = 1.0 if memory.side is Direction.LONG else -1.0
        unforeseen = turns[np.isnan(distances) | (finest.rows_at(turns) < 0)]
        self.end = min(end, int(unforeseen[0])) if len(unforeseen) else end
        count = int(turns.searchsorted(self.end))
        self._turns = turns[:count]
        self._distances = distances[:count]
        self._best = self._best_prices(float(position.best_price))
        self._wanted = self._best - self._distances
        standing = np.concatenate(([self._sign * float(memory.stop)], self._wanted))
        self._stops: Floats = np.maximum.accumulate(standing)
        self.end = self._before_reached(float(view.instrument(symbol).price_step))

    def moves(self, end: int) -> list[Move]:
        """Where the stop may move before `end`."""
        before = self._stops[:-1]
        nearly = self._wanted >= before - NEAR * np.abs(before)
        chosen = nearly & (self._turns < end)
        turns, best = self._turns[chosen], self._sign * self._best[chosen]
        distances = self._distances[chosen]
        prices = self._finest.column("close")[self._finest.rows_at(turns)]
        columns = (turns.tolist(), best.tolist(), distances.tolist(), prices.tolist())
        return [Move(turn, self._rule.moves, *seen) for turn, *seen in zip(*columns, strict=True)]

    def _best_prices(self, known: float) -> Floats:
        """The best price since the entry at each turn, from all candles that have closed by then."""
        best: Floats = np.full(len(self._turns), self._sign * known)
        name = "high" if self._sign > 0 else "low"
        for source in self._sources:
            low, high = source.closing_in(self._first, self.end)
            if low < high:
                highest = np.maximum.accumulate(self._sign * source.column(name)[low:high])
                place = source.closing[low:high].searchsorted(self._turns, "right")
                best = np.maximum(best, np.where(place > 0, highest[place - 1], -np.inf))
        return best

    def _before_reached(self, step: float) -> int:
        """The first turn at which the stop, as it then stands, may be touched: at an opening, or inside a candle."""
        source = self._finest
        low, high = source.closing_in(self._first, self.end)[0], source.opened_before(self.end)
        opening, closing = source.opening[low:high], source.closing[low:high]
        adverse = self._sign * source.column("low" if self._sign > 0 else "high")[low:high]
        jumped = self._reached(self._sign * source.column("open")[low:high], opening, "right", step)
        inside = self._reached(adverse, closing, "left", step)
        turns = [max(self._first, int(at)) for at in (*opening[jumped][:1], *closing[inside][:1])]
        return min((*turns, self.end))

    def _reached(self, prices: Floats, turns: Turns, side: Side, step: float) -> NDArray[np.bool_]:
        """Mark the prices that are not above the stop as the turns before them, or they too, have left it."""
        stops = self._stops[self._turns.searchsorted(turns, side)]
        reached: NDArray[np.bool_] = prices <= stops + step + NEAR * np.abs(stops)
        return reached


def remembered(instance: Instance) -> Follows:
    """Give the side and the stop that a machine remembers."""
    memory: Follows = instance.snapshot.memory
    return memory


def only_follows(live: LiveRule, instance: Instance, symbol: str) -> bool:
    """Whether a rule can do nothing but let the stop follow, at moments and by distances that candles alone say."""
    rule = live.rule
    simple = rule.mode is Mode.LIVE and rule.expires_ms is None and not rule.held_for_ms and bool(instance.symbol)
    if not simple or not instance.machine.table.triggers[rule.trigger].follows:
        return False
    return all(has_column(part, symbol) for part in (*conjuncts(rule.when), rule.arguments[DISTANCE]))


def is_following(instance: Instance) -> bool:
    """Whether a position is held with a stop that may follow it."""
    memory, best = remembered(instance), instance.view.position(instance.symbol).best_price
    return memory.stop is not None and memory.side is not None and best is not None

"""Stops that move among candles that a back-test passes over: decided exactly, and explained when somebody asks."""

from dataclasses import dataclass
from decimal import Decimal, localcontext

from machines.intents import MoveStop
from machines.table import Firing
from runtime.decider import decision_of
from runtime.decimals import DOWNWARDS
from runtime.engine import Engine
from runtime.following import DISTANCE, Move, Moves
from runtime.instance import Ready, exact
from runtime.orders import moved_stop
from runtime.requests import ChangeStop
from runtime.step import Approved, Decision


@dataclass(frozen=True, slots=True)
class Moved:
    """A decision that has moved a stop, `number` among all, at a distance behind the best price.

    What its condition has seen are candles alone, so that it can be told later from the histories.
    """

    number: int
    at_ms: int
    moves: Moves
    distance: Decimal
    intent: MoveStop

    @property
    def key(self) -> tuple[str, str, str]:
        """Its book, its symbol and its rule."""
        return *self.moves.instance.key, self.moves.live.rule.id

    def decision(self) -> Decision:
        """Tell it in full."""
        instance, live = self.moves.instance, self.moves.live
        ready = Ready(live, instance.symbols, {DISTANCE: self.distance}, ())
        with instance.view.histories.as_of(self.at_ms):
            trace = instance.trace(live.rule)
        answers = (Approved(self.intent, (), ()),)
        return decision_of(self.number, instance, ready, (self.moves.state, self.moves.state), trace, answers)


class Trail:
    """The stop of one position on its way through turns in which nothing else happens.

    `last` is the last change that the exchange has to be asked for, with its moment, and `changes` counts all of them.
    `price` was the latest at that moment.
    """

    def __init__(self, engine: Engine, moves: Moves) -> None:
        self._engine, self._moves, self._instance = engine, moves, moves.instance
        view, symbol = moves.instance.view, moves.instance.symbol
        self._account = moves.instance.book.account
        self._instrument = view.instrument(symbol)
        self.market = view.market
        direction = view.position(symbol).direction
        assert direction is not None
        self._direction = direction
        self._stop = engine.portfolio.stop(self._account, symbol)
        self.last: tuple[int, ChangeStop] | None = None
        self.changes = 0
        self.price = 0.0

    def follow(self, move: Move, at_ms: int) -> Moved | None:
        """Fire the rule at one turn; None where the stop stays."""
        instance, rule = self._instance, self._moves.live.rule
        distance = exact(move.distance)
        assert isinstance(distance, Decimal)
        told = {DISTANCE: distance, "best": Decimal(repr(move.best))}
        firing = Firing(at_ms, instance.symbols, told, rule.id)
        outcome = instance.machine.fire(instance.snapshot, rule.trigger, firing)
        if not outcome.intents:
            return None
        instance.snapshot = outcome.after
        (intent,) = outcome.intents
        assert isinstance(intent, MoveStop)
        self._ask(intent, at_ms, move.price)
        return Moved(self._engine.decider.number(), at_ms, self._moves, distance, intent)

    def _ask(self, intent: MoveStop, at_ms: int, price: float) -> None:
        with localcontext(DOWNWARDS):
            stop, _ = moved_stop(intent, self._direction, self._stop, self._instrument, Decimal(repr(price)))
        if stop is not None:
            self._stop = stop
            self.changes += 1
            self.price = price
            self.last = at_ms, ChangeStop(self._account, self._instrument.symbol, stop)

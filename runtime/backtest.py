"""Run the engine over history: the same step as live, with the clock, the feed and the exchange replaced."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping

import polars as pl

from runtime.engine import Engine
from runtime.events import CandleClose, Event, FactObserved, OperatorCommand, Timer
from runtime.feed import Timetable, Turn
from runtime.horizon import Stretch, ends_day
from runtime.leap import Leaper
from runtime.market_data import Key, MarketData
from runtime.observations import Observation, observations_of
from runtime.ports import CandleExchange
from runtime.step import Notice, Step

Watch = Callable[[Step], None]
DASHBOARD_ONLY = "P3"
PASSING = (CandleClose, FactObserved)
"""Events that come all the time, and mostly change nothing but prices."""
TICK_MS = 10_000
# No candle is shorter, so that the next one never comes before the last tick.
MINUTE_MS = 60_000
# For every sixteen turns in a row that could not be leapt over, one more goes by before the next is asked about.
EAGER_TURNS, MOST_REST_TURNS = 16, 24


class Backtest:
    """Plays market data through an engine and an exchange, and shows every step to whoever watches."""

    def __init__(
        self,
        engine: Engine,
        exchange: CandleExchange,
        data: MarketData,
        span: tuple[int, int],
        watch: Watch,
        acknowledge_after_ms: int | None = None,
    ) -> None:
        self.engine = engine
        self.exchange = exchange
        self.data = data
        self._from_ms, self._to_ms = span
        self._watch = watch
        self._acknowledge_after_ms = acknowledge_after_ms
        self._halted_ms: int | None = None
        self._waiting: deque[Event] = deque()
        # Grows with all that happens, but for what only passes.
        self.changes = 0

    def run(
        self,
        progress: Callable[[int], None] = lambda _at_ms: None,
        until_ms: int | None = None,
        leaper: Leaper | None = None,
    ) -> int:
        """Play the span from its first candle to its last, or to a moment in it; returns the number of candles.

        A leaper passes over the turns in which nothing can happen; nobody watches those.
        """
        observations = _Queue(observations_of(self.data, self._from_ms, self._to_ms))
        table = Timetable(within(self.data.candles, self._from_ms, self._to_ms))
        end = len(table) if until_ms is None else table.after(until_ms)
        leaps = None if leaper is None or leaper.obstacle else _Leaps(self, leaper, table, observations)
        at = candles = 0
        while at < end:
            passed = (0, 0) if leaps is None else leaps.over(at, end)
            if not passed[0]:
                turn = table.turn(at)
                self.play(turn, observations.until(turn.at_ms))
                if self.engine.awaiting:
                    self.wait(turn.at_ms)
                passed = 1, len(turn.closed)
            at, candles = at + passed[0], candles + passed[1]
            progress(int(table.at_ms[at - 1]))
        return candles

    def play(self, turn: Turn, seen: Iterable[Observation] = ()) -> None:
        """First what happened inside the candles, then what became known, the decision, and the next prices."""
        if turn.finest_closed:
            self.pass_on(self.exchange.range(turn.finest_closed))
        self.observe(seen)
        if turn.closed:
            self.pass_on([CandleClose(turn.at_ms, turn.closed)])
            self._acknowledge(turn.at_ms)
        if turn.finest_opened:
            self.pass_on(self.exchange.open(turn.finest_opened))

    def wait(self, at_ms: int) -> None:
        """Let time pass before the next candle while a machine waits for its orders, so that deadlines fall due."""
        for waited_ms in range(TICK_MS, MINUTE_MS, TICK_MS):
            self.pass_on([Timer(at_ms + waited_ms)])
            if not self.engine.awaiting:
                return

    def pass_on(self, events: Iterable[Event]) -> None:
        """Let the engine take in events, and the exchange what it asks for; answers queue behind what came before."""
        self._waiting.extend(events)
        while self._waiting:
            self._carry_out(self.engine.step(self._waiting.popleft()))

    def end_day(self, turn: Turn) -> None:
        """Let a midnight be over whose candles are taken in already and lead to nothing else."""
        self._carry_out(self.engine.end_day(CandleClose(turn.at_ms, turn.closed)))
        self.pass_on(self.exchange.open(turn.finest_opened))

    def _carry_out(self, step: Step) -> None:
        self._watch(step)
        if not isinstance(step.event, PASSING) or not is_quiet(step):
            self.changes += 1
        for request in step.requests:
            self._waiting.extend(self.exchange.submit(request, step.at_ms))

    def observe(self, observations: Iterable[Observation]) -> None:
        """Let the engine know what became known, and the exchange settle funding."""
        for seen in observations:
            if seen.name == "funding.rate":
                self.pass_on(self.exchange.settle(seen.symbol, seen.value, seen.at_ms))
            if seen.name == "earn.yield":
                self.exchange.offer(seen.value, seen.at_ms)
            self.pass_on([seen.fact])

    def _acknowledge(self, at_ms: int) -> None:
        """Stand in for the operator, who looks at an emergency after a while and lets trading go on."""
        if not (self.engine.halted and self.engine.halt.complete):
            self._halted_ms = None
        elif self._halted_ms is None:
            self._halted_ms = at_ms
        elif self._acknowledge_after_ms is not None and at_ms - self._halted_ms >= self._acknowledge_after_ms:
            reason = "the time after which the operator acknowledges is over"
            self.pass_on([OperatorCommand(at_ms, "acknowledge", "back-test", reason)])


def is_quiet(step: Step) -> bool:
    """Whether a step has only taken in news: at most a notice for the dashboard came of it."""
    told = (isinstance(record, Notice) and record.severity == DASHBOARD_ONLY for record in step.records)
    return not step.requests and all(told)


class _Leaps:
    """Leaps of one run, with the funding that is settled on their way."""

    def __init__(self, backtest: Backtest, leaper: Leaper, table: Timetable, observations: "_Queue") -> None:
        self._misses = self._rests_until = 0
        self._backtest = backtest
        self._leaper = leaper
        self._horizon = leaper.begin(table, backtest.data)
        self._table, self._at_ms = table, table.at_ms
        self._observations = observations

    def over(self, at: int, end: int) -> tuple[int, int]:
        """Leap from a turn, before another; returns how many turns and candles are over, none where anything could be.

        Where turn after turn has to be stepped through, asking each of them would cost more than it brings.
        """
        if at < self._rests_until:
            return 0, 0
        passed = self._over(at, end)
        self._misses = 0 if passed[0] else self._misses + 1
        self._rests_until = at + 1 + min(self._misses // EAGER_TURNS, MOST_REST_TURNS)
        return passed

    def _over(self, at: int, end: int) -> tuple[int, int]:
        stretch = self._horizon.ahead(at, end, int(self._at_ms[at - 1]), self._backtest.changes)
        return (0, 0) if stretch is None else self._pass_over(stretch)

    def _pass_over(self, stretch: Stretch) -> tuple[int, int]:
        """Pass over a stretch day by day, as far as its midnights lead to nothing."""
        run, turns, candles = self._backtest, 0, 0
        for day in stretch.days(self._at_ms):
            candles += self._leaper.pass_over(day, self)
            turns += day.end - day.first
            before = run.changes
            if ends_day(int(self._at_ms[day.end - 1])):
                run.end_day(self._table.turn(day.end - 1))
            if run.changes != before:
                break
        return turns, candles

    def seen(self, at_ms: int) -> Iterator[FactObserved]:
        """What becomes known up to a moment."""
        return (one.fact for one in self._observations.until(at_ms))

    def settle(self, at_ms: int) -> None:
        """Let everybody know what becomes known up to a moment, and the exchange settle funding."""
        self._backtest.observe(self._observations.until(at_ms))

    def answered(self, events: Iterable[Event]) -> None:
        """Let the engine know what the exchange says."""
        self._backtest.pass_on(events)


class _Queue:
    """Observations in order of time, taken as time passes."""

    def __init__(self, observations: list[Observation]) -> None:
        self._waiting: Iterator[Observation] = iter(observations)
        self._next = next(self._waiting, None)

    def until(self, at_ms: int) -> Iterator[Observation]:
        """Everything seen up to and including a moment."""
        while self._next is not None and self._next.at_ms <= at_ms:
            yield self._next
            self._next = next(self._waiting, None)


def within(candles: Mapping[Key, pl.DataFrame], from_ms: int, to_ms: int) -> dict[Key, pl.DataFrame]:
    """Only the candles that open at or after the start and close by the end."""
    return {
        key: frame.filter((pl.col("open_ms") >= from_ms) & (pl.col("close_ms") <= to_ms))
        for key, frame in candles.items()
    }

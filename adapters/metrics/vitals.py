"""Whether a running engine is alive, and whether it could trade now: the truth, with the reason."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from runtime.engine import Engine
from runtime.events import CandleClose, ExchangeBack, ExchangeLost, Started
from runtime.instrument import Market
from runtime.ports import Clock
from runtime.step import Step
from runtime.timeframe import timeframe_ms

LONGEST_SILENCE_S = 10.0
LATEST_CANDLE_MS = 60_000
Series = tuple[Market, str, str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether all is well, and otherwise what is not, by name."""

    reasons: Mapping[str, str]

    @property
    def well(self) -> bool:
        """Whether nothing is wrong."""
        return not self.reasons


class Vitals:
    """To be told of every step in the engine's own thread; asked from any.

    `unwritten` counts the steps that wait for the database. Candles may
    come `late_ms` after their close, in the time of the exchange. `seconds` is a clock that never jumps. `fenced` says
    why books and accounts are fenced off; the rest of the engine is none the worse for it.
    """

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        unwritten: Callable[[], int],
        seconds: Callable[[], float],
        late_ms: int = LATEST_CANDLE_MS,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._unwritten = unwritten
        self._seconds = seconds
        self._late_ms = late_ms
        self._beat_s: float | None = None
        self._lost = ""
        self._closed_ms: Mapping[Series, int | None] = {}
        self.fenced: Mapping[str, str] = engine.fences.reasons
        self._look()

    def beat(self) -> None:
        """The loop has turned."""
        self._beat_s = self._seconds()

    def see(self, step: Step) -> None:
        """Take in one step."""
        self.beat()
        if isinstance(step.event, ExchangeLost):
            self._lost = step.event.reason
        elif isinstance(step.event, ExchangeBack):
            self._lost = ""
        self.fenced = self._engine.fences.reasons
        if isinstance(step.event, CandleClose | Started):
            self._look()

    def alive(self) -> Verdict:
        """Say whether the loop turns; before its first step the process is still starting, and well."""
        if self._beat_s is None:
            return Verdict({})
        silent_s = self._seconds() - self._beat_s
        if silent_s <= LONGEST_SILENCE_S:
            return Verdict({})
        return Verdict({"loop": f"The engine's loop has not turned for {silent_s:.0f} s."})

    def ready(self) -> Verdict:
        """Say whether it could trade now."""
        found = {"loop": self.alive().reasons.get("loop", ""), "reconciled": self._reconciled()}
        found |= {"feed": self._feed(), "database": self._database()}
        return Verdict({name: reason for name, reason in found.items() if reason})

    def _reconciled(self) -> str:
        if self._beat_s is not None and self._engine.ready:
            return ""
        return "The accounts have not been reconciled with the exchange yet."

    def _feed(self) -> str:
        if self._lost:
            return f"The exchange can't be reached: {self._lost}"
        now_ms = self._clock.now_ms()
        for (market, symbol, timeframe), closed_ms in self._closed_ms.items():
            if closed_ms is None:
                return f"No {timeframe} candle of {symbol} ({market}) has been seen."
            late_ms = now_ms - closed_ms - timeframe_ms(timeframe)
            if late_ms > self._late_ms:
                return f"The {timeframe} candle of {symbol} ({market}) is {late_ms / 1000:.0f} s late."
        return ""

    def _database(self) -> str:
        waiting = self._unwritten()
        return f"{waiting} steps wait to be written to the database." if waiting else ""

    def _look(self) -> None:
        """Note the last candle of every series, in the engine's thread, where they change."""
        histories = self._engine.world.histories
        series = [(Market(b.market), s, b.timeframe) for b in self._engine.books.values() for s in b.symbols]
        self._closed_ms = {key: histories.history(*key).close_ms_last for key in series}

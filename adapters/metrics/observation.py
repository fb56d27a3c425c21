"""Everything that watches a running engine, as one thing: numbers, health and the log."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from adapters.metrics.meters import Meters
from adapters.metrics.step_log import StepLog
from adapters.metrics.vitals import Vitals
from runtime.engine import Engine
from runtime.ports import Clock
from runtime.step import Step

SECOND_MS = 1_000


class Observation:
    """To be told of every step and turn in the engine's thread; what goes wrong in here never reaches the engine."""

    def __init__(
        self, engine: Engine, clock: Clock, unwritten: Callable[[], int], seconds: Callable[[], float], version: str
    ) -> None:
        self.meters = Meters(engine, version, seconds)
        self.vitals = Vitals(engine, clock, unwritten, seconds)
        self._log = StepLog()
        self._failed = False
        self.meters.show.ready.set_function(lambda: float(self.vitals.ready().well))

    def see(self, step: Step) -> None:
        """Take in one step."""
        for part in (self.vitals, self.meters, self._log):
            try:
                part.see(step)
            # A number that can't be shown is no reason to stop trading; it is told once.
            except Exception:
                if not self._failed:
                    structlog.get_logger("eternal").exception("a step could not be shown", sequence=step.sequence)
                self._failed = True

    def beat(self, late_ms: int) -> None:
        """Take in one turn of the loop, and by how much it was late."""
        self.vitals.beat()
        self.meters.show.loop_lag.set(late_ms / SECOND_MS)

    @contextmanager
    def served(self, host: str, port: int) -> Iterator[int]:
        """Serve `/metrics`, `/health` and `/ready` while the context lasts, and give the port."""
        from adapters.metrics.server import serving  # noqa: PLC0415 - a web server, which few engines have

        with serving(self.meters.show.registry, self.vitals, host, port) as found:
            yield found

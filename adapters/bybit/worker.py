"""One account's thread: what protects goes first, what would go out late does not go out."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from threading import Condition, Thread

from adapters.bybit.client import NoAnswerError
from adapters.clock import monotonic_ms

ENTRY_PATIENCE_MS = 10_000
IDLE_S = 0.5


class Turn(IntEnum):
    """Who goes first."""

    PROTECTION = 0
    ENTRY = 1
    READING = 2


@dataclass(frozen=True, slots=True)
class Job:
    """One thing to do, step by step: each step sends at most one request, and more urgent jobs go between steps.

    `endpoint` is that of the first request; `too_late` is called instead when the job has waited too long to start.
    """

    turn: Turn
    endpoint: str
    steps: Callable[[], Iterator[None]]
    too_late: Callable[[], None] | None = None


class Worker:
    """Does one job at a time, the most urgent first, each as soon as the account's limits allow it."""

    def __init__(
        self,
        name: str,
        wait_ms: Callable[[str], int],
        failed: Callable[[BaseException], None],
        entry_patience_ms: int = ENTRY_PATIENCE_MS,
    ) -> None:
        self._wait_ms, self._failed, self._patience_ms = wait_ms, failed, entry_patience_ms
        self._queues: dict[Turn, deque[tuple[int, Job]]] = {turn: deque() for turn in Turn}
        self._under_way: dict[Turn, Iterator[None]] = {}
        self._changed = Condition()
        self._stopping = False
        self._thread = Thread(target=self._run, name=f"bybit {name}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def put(self, job: Job) -> None:
        """Queue a job."""
        with self._changed:
            self._queues[job.turn].append((monotonic_ms(), job))
            self._changed.notify()

    def stop(self, timeout_s: float = 10) -> None:
        """End after the request that is under way; what is queued is not sent."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def pause(self, seconds: float) -> None:
        """Wait between two requests; raises NoAnswerError where there will be no second one."""
        with self._changed:
            self._changed.wait(seconds)
            if self._stopping:
                raise NoAnswerError("The engine is stopping.")

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._stopping:
                    return
                turn, wait_s = self._next()
                if turn is None:
                    self._changed.wait(wait_s)
                    continue
                steps = self._steps(turn)
            self._step(turn, steps)

    def _next(self) -> tuple[Turn | None, float]:
        """Choose whose turn it is, or say how long to wait."""
        wait_s = IDLE_S
        for turn in Turn:
            self._drop_late(turn)
            if turn in self._under_way:
                return turn, 0
            if self._queues[turn]:
                wait_ms = self._wait_ms(self._queues[turn][0][1].endpoint)
                if wait_ms <= 0:
                    return turn, 0
                wait_s = min(wait_s, wait_ms / 1000)
        return None, wait_s

    def _drop_late(self, turn: Turn) -> None:
        queue = self._queues[turn]
        while queue and queue[0][1].too_late and monotonic_ms() - queue[0][0] > self._patience_ms:
            _, job = queue.popleft()
            assert job.too_late is not None
            job.too_late()

    def _steps(self, turn: Turn) -> Iterator[None]:
        if turn not in self._under_way:
            self._under_way[turn] = self._queues[turn].popleft()[1].steps()
        return self._under_way[turn]

    def _step(self, turn: Turn, steps: Iterator[None]) -> None:
        try:
            next(steps)
        except StopIteration:
            del self._under_way[turn]
        except Exception as problem:
            del self._under_way[turn]
            self._failed(problem)

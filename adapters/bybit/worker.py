"""One account's thread: what protects goes first, what would go out late does not go out."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from threading import Condition, Thread

from adapters.bybit.client import NoAnswerError
from adapters.clock import monotonic_ms
from runtime.requests import PlaceOrder

ENTRY_PATIENCE_MS = 10_000
IDLE_S = 0.5


class Turn(IntEnum):
    """Who goes first."""

    PROTECTION = 0
    ENTRY = 1
    READING = 2


@dataclass(frozen=True)
class Batch:
    """One request for several orders, at most so many; all orders that may go together have the same one.

    `endpoint` counts each of them.
    """

    endpoint: str
    most: int
    steps: Callable[[Sequence[PlaceOrder]], Iterator[None]]


@dataclass(frozen=True, slots=True)
class Job:
    """One thing to do, step by step: each step sends at most one request, and more urgent jobs go between steps.

    `endpoint` is that of the first request; `too_late` is called instead when the job has waited too long to start.
    Where jobs with the same `batch` follow each other, their orders leave together.
    """

    turn: Turn
    endpoint: str
    steps: Callable[[], Iterator[None]]
    too_late: Callable[[], None] | None = None
    order: PlaceOrder | None = None
    batch: Batch | None = None


class Worker:
    """Does one job at a time, the most urgent first, each as soon as the account's limits allow it."""

    def __init__(
        self,
        name: str,
        wait_ms: Callable[[str], int],
        failed: Callable[[BaseException], None],
        entry_patience_ms: int = ENTRY_PATIENCE_MS,
        room: Callable[[str], int] = lambda _endpoint: 1,
    ) -> None:
        self._wait_ms, self._failed, self._patience_ms, self._room = wait_ms, failed, entry_patience_ms, room
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
                batch = self._batch(turn)
                wait_ms = self._wait_ms(batch.endpoint if batch else self._queues[turn][0][1].endpoint)
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
            batch = self._batch(turn)
            steps = self._queues[turn].popleft()[1].steps if batch is None else self._together(turn, batch)
            self._under_way[turn] = steps()
        return self._under_way[turn]

    def _batch(self, turn: Turn) -> Batch | None:
        """Give what the next two have in common, if they may go together."""
        queue = self._queues[turn]
        batch = queue[0][1].batch if len(queue) > 1 else None
        return batch if batch is not None and queue[1][1].batch is batch else None

    def _together(self, turn: Turn, batch: Batch) -> Callable[[], Iterator[None]]:
        """Take all that may go together now."""
        queue, orders = self._queues[turn], list[PlaceOrder]()
        most = max(1, min(batch.most, self._room(batch.endpoint)))
        while queue and queue[0][1].batch is batch and len(orders) < most:
            order = queue.popleft()[1].order
            assert order is not None
            orders.append(order)
        return lambda: batch.steps(orders)

    def _step(self, turn: Turn, steps: Iterator[None]) -> None:
        try:
            next(steps)
        except StopIteration:
            del self._under_way[turn]
        except Exception as problem:
            del self._under_way[turn]
            self._failed(problem)

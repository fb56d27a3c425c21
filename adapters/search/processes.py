"""A crew on this machine: this process alone, or several."""

import os
import signal
import threading
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process

from adapters.search.crew import Bench, MakeBench
from runtime.trial import Trial, Tried

_BENCH: list[Bench] = []


class Alone:
    """Runs trials in this process, one at a time."""

    size = 1
    lost: tuple[type[Exception], ...] = ()

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def submit(self, trial: Trial) -> "Future[Tried]":
        """Run a trial."""
        future: Future[Tried] = Future()
        future.set_result(self._bench.perform(trial))
        return future

    def close(self) -> None:
        """There is nobody to send home."""


class Processes:
    """Runs trials in processes of their own, each with a bench that is set up once."""

    def __init__(self, make: MakeBench, size: int) -> None:
        self.size = size
        self.lost: tuple[type[Exception], ...] = (BrokenProcessPool,)
        # Not forked: a copy of a process whose other threads hold locks may wait for them forever.
        self._pool = ProcessPoolExecutor(size, get_context("spawn"), _begin, (make,))

    def submit(self, trial: Trial) -> "Future[Tried]":
        """Hand out a trial."""
        return self._pool.submit(_perform, trial)

    def close(self) -> None:
        """Let the processes finish what they are at, and end."""
        self._pool.shutdown(cancel_futures=True)


def _begin(make: MakeBench) -> None:
    """Set up a process: one thread each, and no life of its own after whoever started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["POLARS_MAX_THREADS"] = "1"
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _BENCH.append(make())


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _perform(trial: Trial) -> Tried:
    return _BENCH[0].perform(trial)

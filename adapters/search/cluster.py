"""A crew on a Ray cluster."""

import logging
import os
import socket
from concurrent.futures import Future
from typing import Any

from adapters.search.crew import Bench, MakeBench
from adapters.search.missing import MissingLibrary, SearchError
from runtime.trial import Trial, Tried

LOCAL = "local"
ANSWERS_WITHIN_S = 5.0
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "POLARS_MAX_THREADS": "1"}


class Cluster:
    """Runs trials on a Ray cluster: one bench for each processor, or as many as are asked for.

    `address` is that of a cluster, `auto` for the one that this machine belongs to, or `local` for a new one on this
    machine, which ends with the search. Every machine needs this program, and the market data at the same path.
    """

    def __init__(self, make: MakeBench, address: str, size: int | None) -> None:
        self._ray = _ray()
        self._connect(address, size)
        self.lost: tuple[type[Exception], ...] = (self._ray.exceptions.RayActorError,)
        processors = int(self._ray.cluster_resources().get("CPU", 0))
        self.size = max(1, min(size or processors, processors))
        actor = self._ray.remote(num_cpus=1)(_Actor)
        self._actors = [actor.remote(make) for _ in range(self.size)]
        self._at_work = [0] * self.size

    def submit(self, trial: Trial) -> "Future[Tried]":
        """Hand out a trial to whoever has least to do."""
        place = min(range(self.size), key=lambda each: self._at_work[each])
        self._at_work[place] += 1
        future: Future[Tried] = self._actors[place].perform.remote(trial).future()
        future.add_done_callback(lambda _: self._finished(place))
        return future

    def close(self) -> None:
        """Leave the cluster."""
        for actor in self._actors:
            self._ray.kill(actor)
        self._ray.shutdown()

    def _finished(self, place: int) -> None:
        self._at_work[place] -= 1

    def _connect(self, address: str, size: int | None) -> None:
        own: dict[str, Any] = {"num_cpus": size, "include_dashboard": False} if address == LOCAL else {}
        try:
            _knock(address)
            self._ray.init(
                address=address,
                log_to_driver=False,
                logging_level=logging.ERROR,
                runtime_env={"env_vars": QUIET},
                **own,
            )
        except (ConnectionError, OSError, RuntimeError, ValueError) as problem:
            told = getattr(problem, "strerror", None) or str(problem).strip() or type(problem).__name__
            first = told.splitlines()[0]
            raise SearchError(
                f'Expected a Ray cluster at "{address}", found none: {first.rstrip(".")}. '
                "Start one with `ray start --head`, or write `--ray local` for one on this machine."
            ) from None


def _knock(address: str) -> None:
    """See whether somebody answers at an address; Ray itself would wait for many minutes.

    Raises OSError where nobody does.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host, int(port)), ANSWERS_WITHIN_S).close()


class _Actor:
    """A bench on some machine of the cluster."""

    def __init__(self, make: MakeBench) -> None:
        self._bench: Bench = make()

    def perform(self, trial: Trial) -> Tried:
        """Run a trial."""
        return self._bench.perform(trial)


def _ray() -> Any:
    os.environ.update(QUIET)
    try:
        import ray  # noqa: PLC0415 - an extra that is not always there
    except ImportError:
        raise MissingLibrary("Ray", "cluster", "A search on a cluster") from None
    return ray

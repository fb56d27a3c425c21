"""Who tries what a search asks for."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol

from runtime.trial import Trial, Tried


class Bench(Protocol):
    """Where trials are run, one after another."""

    def perform(self, trial: Trial) -> Tried:
        """Run a trial; the same trial ends in the same way on every bench."""
        ...


MakeBench = Callable[[], Bench]
"""Makes a bench on whichever process or machine it is called; it can be pickled."""


class Crew(Protocol):
    """Several benches at work; `size` is how many, `lost` what is raised when one is gone."""

    size: int
    lost: tuple[type[Exception], ...]

    def submit(self, trial: Trial) -> "Future[Tried]":
        """Hand out a trial."""
        ...

    def close(self) -> None:
        """Send everyone home; what was not begun is dropped."""
        ...

"""Work on the store in a thread of its own, beside the engine and never in its way."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from threading import Event as Signal
from threading import Thread
from types import TracebackType
from typing import ClassVar, Self

import psycopg

from adapters.postgres.connection import Connection, connect
from adapters.postgres.failure import StoreError


class Beside(ABC):
    """Something that works on a connection of its own from `with` to its end; a database that is away delays it."""

    patient: ClassVar[bool] = False
    """Whether a statement may take longer than the store lets the engine wait."""
    away_s: ClassVar[float] = 1.0
    """How long to wait, in seconds, before a database that is away is tried again."""

    def __init__(self, name: str, find: Callable[[], str]) -> None:
        self._find = find
        self._stopping = Signal()
        self._thread = Thread(target=self._run, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._stop()
        self._thread.join()

    def _stop(self) -> None:
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with connect(self._find(), patient=self.patient) as connection:
                    self._work(connection)
            except (StoreError, psycopg.OperationalError, psycopg.InterfaceError):
                self._stopping.wait(self.away_s)

    @abstractmethod
    def _work(self, connection: Connection) -> None:
        """Work until `_stopping` is set."""

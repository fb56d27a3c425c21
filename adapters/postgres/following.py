"""Keeps the tables up to date while the engine runs, beside it and never in its way."""

from collections.abc import Callable
from threading import Event as Signal
from threading import Thread
from types import TracebackType

import psycopg

from adapters.postgres.connection import connect
from adapters.postgres.failure import StoreError
from adapters.postgres.projections import Projector

EVERY_S = 2.0


class TableFollower:
    """Carries the tables to the end of the journal every `every_s` and once more at the end.

    A database that is away delays it.
    """

    def __init__(self, find: Callable[[], str], every_s: float = EVERY_S) -> None:
        self._find, self._every_s = find, every_s
        self._stopping = Signal()
        self._thread = Thread(target=self._run, name="tables", daemon=True)

    def __enter__(self) -> "TableFollower":
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._follow()
            except (StoreError, psycopg.OperationalError, psycopg.InterfaceError):
                self._stopping.wait(self._every_s)

    def _follow(self) -> None:
        with connect(self._find(), patient=True) as connection:
            projector = Projector(connection)
            while not self._stopping.wait(self._every_s):
                projector.catch_up()
            projector.catch_up()

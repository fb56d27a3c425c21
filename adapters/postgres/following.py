"""Keeps the tables up to date while the engine runs, beside it and never in its way."""

from collections.abc import Callable

from adapters.postgres.beside import Beside
from adapters.postgres.connection import Connection
from adapters.postgres.projections import Projector

EVERY_S = 2.0


class TableFollower(Beside):
    """Carries the tables to the end of the journal every `every_s` and once more at the end."""

    patient = True

    def __init__(self, find: Callable[[], str], every_s: float = EVERY_S) -> None:
        super().__init__("tables", find)
        self._every_s = every_s

    def _work(self, connection: Connection) -> None:
        projector = Projector(connection)
        while not self._stopping.wait(self._every_s):
            projector.catch_up()
        projector.catch_up()

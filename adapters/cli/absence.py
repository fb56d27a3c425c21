"""How long the database was away, for whoever runs the engine."""

import logging
from collections.abc import Callable

LOG = logging.getLogger(__name__)
AWAY = "The database is away or its disk is full: what protects goes on, and nothing that adds risk leaves."


class Absence:
    """Tells when the journal can't be written: at once in the log, and as an alert as soon as there is a journal again.

    Meanwhile the dispatcher of alerts tells the channels by itself.
    """

    def __init__(self, tell: Callable[[str, str], None]) -> None:
        self._tell = tell
        self._since_ms: int | None = None

    def look(self, unwritten: int, now_ms: int) -> None:
        """See how many entries wait for the journal, at a moment of the steady clock."""
        if unwritten and self._since_ms is None:
            self._since_ms = now_ms
            LOG.error(AWAY)
        elif not unwritten and self._since_ms is not None:
            away_s, self._since_ms = (now_ms - self._since_ms) / 1000, None
            self._tell("P1", f"The database was away for {away_s:.0f} s. What happened meanwhile is written now.")

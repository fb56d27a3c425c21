"""The outbox in PostgreSQL: what the journal put there, and what came of it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from adapters.postgres.connection import Connection, connect, first_line
from adapters.postgres.failure import StoreError
from runtime.outbox import Alert, Delivery, OutboxAwayError

PAGE = 200
"""The sequence of what is told from around the engine; its steps count from 1."""

TELL = """
INSERT INTO outbox (seq, place, at_ms, severity, book, text)
SELECT 0, coalesce(max(place), 0) + 1, %s, %s, %s, %s FROM outbox WHERE seq = 0
"""
UNROUTED = """
SELECT seq, place, at_ms, severity, book, text FROM outbox WHERE NOT routed ORDER BY seq, place LIMIT %s
"""
ROUTED = """
UPDATE outbox SET routed = true, delivered_at = CASE WHEN %s THEN clock_timestamp() ELSE delivered_at END
WHERE seq = %s AND place = %s
"""
DELIVERY = "INSERT INTO deliveries (seq, place, channel, route, due_ms) VALUES (%s, %s, %s, %s, %s)"
LAST_SENT = """
SELECT max(d.sent_ms) FROM deliveries d JOIN outbox o USING (seq, place)
WHERE d.channel = %s AND d.sent_ms > %s AND o.severity = %s AND o.book = %s AND o.text = %s
AND o.acknowledged_ms IS NULL
"""
WAITING = """
SELECT o.seq, o.place, o.at_ms, o.severity, o.book, o.text, d.channel, d.route, d.due_ms, d.sent_ms
FROM deliveries d JOIN outbox o USING (seq, place) WHERE d.channel = %s AND d.due_ms IS NOT NULL ORDER BY o.at_ms, 1, 2
"""
SENT = "SELECT DISTINCT sent_ms FROM deliveries WHERE channel = %s AND route = %s AND sent_ms > %s ORDER BY sent_ms"
DELIVERED = """
WITH sent AS (
    UPDATE deliveries SET sent_ms = %(at_ms)s, due_ms = %(again_ms)s, tries = tries + 1
    WHERE channel = %(channel)s AND (seq, place) IN (SELECT * FROM unnest(%(seqs)s::bigint[], %(places)s::int[]))
    RETURNING seq, place
)
UPDATE outbox SET delivered_at = coalesce(delivered_at, clock_timestamp()), tries = tries + 1
FROM sent WHERE outbox.seq = sent.seq AND outbox.place = sent.place
"""
FAILED = """
UPDATE deliveries SET tries = tries + 1
WHERE channel = %(channel)s AND (seq, place) IN (SELECT * FROM unnest(%(seqs)s::bigint[], %(places)s::int[]))
"""
REPEATED = """
UPDATE outbox o SET acknowledged_ms = {moment} FROM (
    SELECT DISTINCT seq, place FROM deliveries WHERE due_ms IS NOT NULL AND sent_ms IS NOT NULL
) AS told
WHERE o.acknowledged_ms IS NULL AND o.seq = told.seq AND o.place = told.place
"""
ACKNOWLEDGE = REPEATED.format(moment="%s")
# An operator's word that reached the engine is an answer to everything that was said before it.
COMMANDED = (
    REPEATED.format(moment="command.at_ms").replace(
        ") AS told",
        """) AS told, (
    SELECT max(at_ms) AS at_ms FROM journal WHERE kind = 'OperatorCommand' AND body->'event'->>'name' = 'acknowledge'
) AS command""",
    )
    + "AND o.at_ms <= command.at_ms"
)
END = """
UPDATE deliveries d SET due_ms = NULL FROM outbox o WHERE d.due_ms IS NOT NULL AND d.sent_ms IS NOT NULL
AND o.seq = d.seq AND o.place = d.place AND o.acknowledged_ms IS NOT NULL
"""
LIST = """
SELECT o.at_ms, o.severity, o.book, o.text, o.routed, o.acknowledged_ms IS NOT NULL,
       coalesce(array_agg(d.channel ORDER BY d.channel) FILTER (WHERE d.sent_ms IS NOT NULL), '{}'),
       coalesce(array_agg(d.channel ORDER BY d.channel) FILTER (WHERE d.channel <> '' AND d.sent_ms IS NULL), '{}')
FROM outbox o LEFT JOIN deliveries d USING (seq, place) WHERE NOT %s OR o.delivered_at IS NULL
GROUP BY o.seq, o.place ORDER BY o.at_ms DESC, o.seq DESC, o.place DESC LIMIT %s
"""


class PostgresOutbox:
    """Carries alerts from the journal to those who send them; `find` gives the URL of the database."""

    def __init__(self, find: Callable[[], str]) -> None:
        self._find = find
        self._connection: Connection | None = None

    def close(self) -> None:
        """Close the connection; it is opened again when it is needed."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def tell(self, at_ms: int, severity: str, book: str, text: str) -> None:
        """Keep an alert that comes from around the engine."""
        with self._connected() as connection:
            connection.execute(TELL, (at_ms, severity, book, text))

    def unrouted(self) -> Sequence[Alert]:
        """Give the oldest alerts of which nobody knows yet where they go."""
        with self._connected() as connection:
            return [Alert(*row) for row in connection.execute(UNROUTED, (PAGE,))]

    def route(self, alert: Alert, deliveries: Sequence[Delivery]) -> None:
        """Keep where an alert goes, all of it or nothing; without deliveries it stays on the dashboard."""
        with self._connected() as connection, connection.transaction():
            connection.execute(ROUTED, (not deliveries, alert.sequence, alert.place))
            for one in deliveries:
                connection.execute(DELIVERY, (alert.sequence, alert.place, one.channel, one.route, one.due_ms))

    def last_sent_ms(self, alert: Alert, channel: str, since_ms: int) -> int | None:
        """Tell when the same sentence was last sent to a channel after a moment."""
        with self._connected() as connection:
            same = (channel, since_ms, alert.severity, alert.book, alert.text)
            row = connection.execute(LAST_SENT, same).fetchone()
        return None if row is None else row[0]

    def waiting(self, channel: str) -> Sequence[Delivery]:
        """Give what is still to be sent to a channel, oldest first."""
        with self._connected() as connection:
            return [Delivery(Alert(*row[:6]), *row[6:]) for row in connection.execute(WAITING, (channel,))]

    def sent_since(self, channel: str, route: str, since_ms: int) -> Sequence[int]:
        """Give the moments at which messages of a route left for a channel after a moment, oldest first."""
        with self._connected() as connection:
            return [row[0] for row in connection.execute(SENT, (channel, route, since_ms))]

    def delivered(self, deliveries: Sequence[Delivery], at_ms: int, again_ms: int | None) -> None:
        """Mark as sent, all in one message; with `again_ms` they are due again then, unless acknowledged."""
        with self._connected() as connection:
            connection.execute(DELIVERED, {**_keys(deliveries), "at_ms": at_ms, "again_ms": again_ms})

    def failed(self, deliveries: Sequence[Delivery]) -> None:
        """Count a try that came to nothing."""
        with self._connected() as connection:
            connection.execute(FAILED, _keys(deliveries))

    def end_acknowledged(self) -> None:
        """Repeat no more what a person has acknowledged."""
        with self._connected() as connection:
            connection.execute(COMMANDED.encode())
            connection.execute(END)

    def acknowledge(self, at_ms: int) -> int:
        """Let a person have seen everything that is being repeated; returns how many alerts that was."""
        with self._connected() as connection:
            return connection.execute(ACKNOWLEDGE.encode(), (at_ms,)).rowcount

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        try:
            if self._connection is None or self._connection.closed:
                self._connection = connect(self._find())
            yield self._connection
        except (psycopg.Error, StoreError) as error:
            self.close()
            raise OutboxAwayError(f"The alerts can't be read: {first_line(error)}.") from None


def _keys(deliveries: Sequence[Delivery]) -> dict[str, object]:
    return {
        "channel": deliveries[0].channel,
        "seqs": [one.alert.sequence for one in deliveries],
        "places": [one.alert.place for one in deliveries],
    }


@dataclass(frozen=True, slots=True)
class Listed:
    """An alert with the channels at which it has arrived, and those for which it waits."""

    at_ms: int
    severity: str
    book: str
    text: str
    routed: bool
    acknowledged: bool
    arrived: list[str]
    waiting: list[str]


def listed(connection: Connection, last: int, waiting: bool) -> list[Listed]:
    """Return the newest alerts, oldest first; with `waiting` those that have arrived nowhere."""
    return [Listed(*row) for row in connection.execute(LIST, (waiting, last)).fetchall()][::-1]

"""How a store is doing, in a few numbers."""

from dataclasses import dataclass

from adapters.postgres.connection import Connection
from adapters.postgres.lease import Holder, holder_of

READ = """
SELECT (SELECT max(number) FROM migrations), current_setting('server_version'), pg_database_size(current_database()),
       (SELECT max(seq) FROM journal), (SELECT at_ms FROM journal ORDER BY seq DESC LIMIT 1),
       (SELECT max(seq) FROM snapshots), (SELECT seq FROM projected),
       (SELECT count(*) FROM outbox WHERE delivered_at IS NULL)
"""


@dataclass(frozen=True, slots=True)
class Status:
    """What there is: `size` in bytes, `last_ms` the time of the last event, numbers of entries else.

    `snapshot` is the entry of the newest snapshot, `projected` the last one in the tables that follow.
    """

    schema: int
    server: str
    size: int
    entries: int
    last_ms: int | None
    snapshot: int | None
    projected: int
    undelivered: int
    holder: Holder | None


def status(connection: Connection) -> Status:
    """Look at a store."""
    row = connection.execute(READ).fetchone()
    assert row is not None
    schema, server, size, entries, last_ms, snapshot, projected, undelivered = row
    holder = holder_of(connection)
    return Status(schema, server, size, entries or 0, last_ms, snapshot, projected or 0, undelivered, holder)

"""Who may write: one process at a time, and whoever has lost the lease can't commit."""

import os
import socket
from dataclasses import dataclass

from psycopg.errors import LockNotAvailable

from adapters.clock import monotonic_ms
from adapters.postgres.connection import Connection
from adapters.postgres.failure import LeaseHeldError
from runtime.ports import LeaseLostError

TTL_S = 15.0
# What the last writer committed just before its time was up may still be under way to the exchange for so long.
GRACE_S = 5.0

ACQUIRE = """
INSERT INTO lease AS held (name, epoch, taken, holder, deadline)
VALUES ('writer', 1, 1, %(holder)s, clock_timestamp() + %(ttl_s)s * interval '1 second')
ON CONFLICT (name) DO UPDATE
SET epoch = held.epoch + 1, taken = held.epoch + 1, holder = EXCLUDED.holder, deadline = EXCLUDED.deadline
WHERE held.deadline + %(grace_s)s * interval '1 second' < clock_timestamp()
RETURNING epoch
"""
TAKE_AGAIN = """
UPDATE lease SET epoch = epoch + 1, deadline = clock_timestamp() + %(ttl_s)s * interval '1 second'
WHERE name = 'writer' AND taken = %(taken)s RETURNING epoch
"""
RENEW = """
UPDATE lease SET deadline = clock_timestamp() + %(ttl_s)s * interval '1 second'
WHERE name = 'writer' AND epoch = %(epoch)s AND deadline > clock_timestamp() RETURNING epoch
"""
RELEASE = "UPDATE lease SET deadline = '-infinity' WHERE name = 'writer' AND epoch = %(epoch)s"
HOLDER = """
SELECT holder, epoch, deadline > clock_timestamp(),
       greatest(0, ceil(extract(epoch FROM deadline - clock_timestamp()) + %s))::int
FROM lease WHERE name = 'writer' AND deadline > '-infinity'
"""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has the lease; `free_in_s` is how long nobody else gets it unless it is renewed."""

    name: str
    epoch: int
    alive: bool
    free_in_s: int


def this_process(name: str) -> str:
    """Name this process so that a person finds it."""
    return f"{name} (process {os.getpid()} on {socket.gethostname()})"


def holder_of(connection: Connection, grace_s: float = GRACE_S) -> Holder | None:
    """Return who has the lease, or None where nobody has."""
    row = connection.execute(HOLDER, (grace_s,)).fetchone()
    return None if row is None else Holder(*row)


class Lease:
    """The right to write, as long as it is renewed in time; every append renews it."""

    def __init__(self, holder: str, epoch: int, ttl_s: float, renewed_ms: int) -> None:
        self.holder = holder
        self.epoch = epoch
        self.ttl_s = ttl_s
        self._taken = epoch
        self._renewed_ms = renewed_ms

    @classmethod
    def acquire(cls, connection: Connection, name: str, ttl_s: float = TTL_S, grace_s: float = GRACE_S) -> "Lease":
        """Take the lease where nobody has it; raises LeaseHeldError, which names the holder, at once otherwise."""
        holder, asked_ms = this_process(name), monotonic_ms()
        try:
            row = connection.execute(ACQUIRE, {"holder": holder, "ttl_s": ttl_s, "grace_s": grace_s}).fetchone()
        except LockNotAvailable:
            row = None
        if row is None:
            raise LeaseHeldError(refusal(holder_of(connection, grace_s)))
        return cls(holder, row[0], ttl_s, asked_ms)

    @property
    def taken(self) -> int:
        """The epoch under which this process came; it stays when the lease is taken again."""
        return self._taken

    @property
    def is_fresh(self) -> bool:
        """Whether nobody else can have it yet, by this machine's steady clock: the database need not be asked."""
        return monotonic_ms() - self._renewed_ms < self.ttl_s * 1000

    def renewed(self, asked_ms: int) -> None:
        """It holds for its whole time again, counted from when that was asked for."""
        self._renewed_ms = asked_ms

    def take_again(self, connection: Connection) -> None:
        """Go on under a new epoch, so that nothing that was written under the old one can still arrive.

        It waits for what is being written. Raises LeaseLostError where another process has the lease by now.
        """
        asked_ms = monotonic_ms()
        row = connection.execute(TAKE_AGAIN, {"ttl_s": self.ttl_s, "taken": self._taken}).fetchone()
        if row is None:
            raise self.lost(connection)
        self.epoch = row[0]
        self.renewed(asked_ms)

    def renew(self, connection: Connection) -> None:
        """Hold on to the lease while nothing is written; raises LeaseLostError where it is too late."""
        asked_ms = monotonic_ms()
        if connection.execute(RENEW, {"ttl_s": self.ttl_s, "epoch": self.epoch}).fetchone() is None:
            raise self.lost(connection)
        self.renewed(asked_ms)

    def release(self, connection: Connection) -> None:
        """Let the next process write at once."""
        connection.execute(RELEASE, {"epoch": self.epoch})

    def lost(self, connection: Connection) -> LeaseLostError:
        """Say who has the lease instead of this process."""
        other = holder_of(connection)
        by = "nobody" if other is None else f"{other.name} with epoch {other.epoch}"
        return LeaseLostError(
            f"{self.holder} no longer has the lease of epoch {self.epoch}: it is held by {by}. This process stops and "
            "sends nothing more."
        )


def refusal(holder: Holder | None) -> str:
    """Say who writes the store."""
    if holder is None:
        return "Another process is taking the lease at this moment. Try again."
    wait = f"Stop it, or wait {holder.free_in_s} s in case it was killed."
    return f"The store is written by {holder.name}, and only one process may write. {wait}"

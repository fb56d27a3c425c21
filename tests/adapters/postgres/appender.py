"""A process that appends numbered steps until it is killed, and says each number that was acknowledged."""

import sys

from adapters.postgres.connection import connect
from adapters.postgres.failure import LeaseHeldError
from adapters.postgres.journal import PostgresJournal
from adapters.postgres.lease import Lease
from runtime.events import Timer
from runtime.step import Notice, Step


def numbered_step(number: int) -> Step:
    """A step of which everything follows from its number; each third tells the operator something."""
    told = (Notice("P2", "core-hodl", f"This is step {number}."),) if number % 3 == 0 else ()
    return Step(number, number * 1_000, Timer(number * 1_000), told, ())


def main(url: str, batch: int) -> None:
    lease = None
    with connect(url) as connection:
        while lease is None:
            try:
                lease = Lease.acquire(connection, "the appender", ttl_s=0.2, grace_s=0.0)
            except LeaseHeldError:
                continue
    journal = PostgresJournal(lambda: url, lease, "rules-1")
    while True:
        journal.append_all([numbered_step(journal.seq + 1 + index) for index in range(batch)])
        print(journal.seq, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

"""The journal in PostgreSQL: a step is kept, with its place in the chain and its notices, or it is not."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

import psycopg

from adapters.clock import monotonic_ms
from adapters.postgres.chain import GENESIS, Entry, entry_of
from adapters.postgres.connection import Connection, connect, first_line
from adapters.postgres.failure import BrokenJournalError, StoreError
from adapters.postgres.lease import Lease
from runtime.ports import JournalAwayError, LeaseLostError
from runtime.step import Notice, Step, VersionTaken

PAGE = 500
AWAY = (psycopg.OperationalError, psycopg.InterfaceError)
READ = """
SELECT seq, epoch, at_ms, kind, rules, body::text, hash_prev, hash FROM journal
WHERE seq > %s AND (%s::bigint IS NULL OR seq <= %s) ORDER BY seq LIMIT %s
"""

# One statement is one transaction and one trip: the lease is renewed and thereby locked, the entries follow the last
# one there is, and their notices are kept with them. Where the lease has another epoch nothing is written.
# Bodies go as they are (%b): as an array in words every quotation mark in them would be escaped.
APPEND = """
WITH held AS (
    UPDATE lease SET deadline = clock_timestamp() + %(ttl_s)s * interval '1 second'
    WHERE name = 'writer' AND epoch = %(epoch)s AND deadline > clock_timestamp()
    AND %(hash_prev)s = CASE WHEN %(first)s = 1 THEN %(genesis)s
                             ELSE (SELECT hash FROM journal WHERE seq = %(first)s - 1) END
    RETURNING epoch
), written AS (
    INSERT INTO journal (seq, epoch, at_ms, kind, rules, body, hash_prev, hash)
    SELECT entry.seq, held.epoch, entry.at_ms, entry.kind, entry.rules, entry.body::json, entry.hash_prev, entry.hash
    FROM held, unnest(%(seqs)s::bigint[], %(times)s::bigint[], %(kinds)s::text[], %(rules)s::text[], %(bodies)b::text[],
                      %(prevs)s::bytea[], %(hashes)s::bytea[])
               AS entry (seq, at_ms, kind, rules, body, hash_prev, hash)
    RETURNING seq
), told AS (
    INSERT INTO outbox (seq, place, at_ms, severity, book, text)
    SELECT notice.* FROM held, unnest(%(of)s::bigint[], %(places)s::int[], %(told_ms)s::bigint[],
                                      %(severities)s::text[], %(books)s::text[], %(texts)s::text[]) AS notice
)
SELECT count(*) FROM written
"""


class PostgresJournal:
    """Appends steps under a lease; `rules` is the version of the rule files in force, until a step takes another one.

    `find` gives the URL of the database whenever a connection has to be opened.
    """

    def __init__(self, find: Callable[[], str], lease: Lease, rules: str) -> None:
        self.rules = rules
        self.lease = lease
        self._find = find
        self._connection: Connection | None = connect(find())
        self.seq, self.hash = head(self._connection)
        self._unconfirmed: Sequence[Entry] = ()

    @property
    def connection(self) -> Connection:
        """The connection, opened anew where it was lost; raises JournalAwayError where it can't be."""
        if self._connection is None or self._connection.closed:
            try:
                self._connection = connect(self._find())
            except StoreError as error:
                raise JournalAwayError(str(error)) from None
        return self._connection

    def append(self, step: Step) -> None:
        """Keep a step; returns when it is durable.

        Raises JournalAwayError where the database is away or its disk is full: the step has to be given again.
        Raises LeaseLostError where another process writes, BrokenJournalError where the journal doesn't end where this
        process left it.
        """
        self.append_all((step,))

    def append_all(self, steps: Sequence[Step]) -> None:
        """Keep several steps in one transaction: all of them or none; it raises what `append` does."""
        try:
            self._append(steps)
        except AWAY:
            self._drop_connection()
            self._append_again(steps)

    def _append_again(self, steps: Sequence[Step]) -> None:
        """Try once more on a new connection: the first may have been lost while nothing happened."""
        try:
            self._append(steps)
        except AWAY as error:
            self._drop_connection()
            raise JournalAwayError(f"The journal can't be written: {first_line(error)}.") from None

    def renew(self) -> None:
        """Hold on to the lease while nothing is written; where it ran out and nobody took it, take it again.

        Raises LeaseLostError, which names who has it, and JournalAwayError.
        """
        try:
            connection = self.connection
            try:
                self.lease.renew(connection)
            except LeaseLostError:
                self.lease.take_again(connection)
        except psycopg.Error as error:
            self._drop_connection()
            raise JournalAwayError(f"The lease can't be renewed: {first_line(error)}.") from None

    def is_held(self) -> bool:
        """Whether this process still has the lease for certain; False where the database is away and can't tell.

        It is asked only where the lease's time has passed by the steady clock, as after a machine slept. Raises
        LeaseLostError where another process has it.
        """
        if self.lease.is_fresh:
            return True
        try:
            self.renew()
        except JournalAwayError:
            return False
        return True

    def close(self) -> None:
        """Give back the lease, so that the next process need not wait, and the connection."""
        if self._connection is not None and not self._connection.closed:
            # Where the database is away the lease runs out by itself.
            with suppress(psycopg.Error):
                self.lease.release(self._connection)
        self._drop_connection()

    def _append(self, steps: Sequence[Step]) -> None:
        self._settle()
        fresh = [step for step in steps if step.sequence > self.seq]
        if not fresh:
            return
        self._expect(fresh)
        if self._write(fresh):
            return
        # Nobody renewed the lease in time. If nobody else has taken it, it is taken again.
        self.lease.take_again(self.connection)
        if not self._write(fresh):
            raise self._broken()

    def _settle(self) -> None:
        """Find out whether entries were written whose commit nobody confirmed.

        First a new epoch keeps whatever is still under way from arriving; then the journal itself says what is there.
        """
        if not self._unconfirmed:
            return
        self.lease.take_again(self.connection)
        last = self._unconfirmed[-1]
        row = self.connection.execute("SELECT hash FROM journal WHERE seq = %s", (last.seq,)).fetchone()
        if row is not None and row[0] != last.hash:
            raise self._broken()
        if row is not None:
            self._stand_at(last)
        self._unconfirmed = ()

    def _write(self, steps: Sequence[Step]) -> bool:
        """Write steps behind the last entry; False where the lease or the journal isn't as it was left."""
        entries: list[Entry] = []
        rules, hash_prev = self.rules, self.hash
        for step in steps:
            rules = version_after(step, rules)
            entries.append(entry_of(step, rules, self.lease.epoch, hash_prev))
            hash_prev = entries[-1].hash
        connection, asked_ms = self.connection, monotonic_ms()
        self._unconfirmed = entries
        try:
            values = {**self._held(), **columns(entries), **told(steps)}
            row = connection.execute(APPEND, values, prepare=True).fetchone()
        except psycopg.IntegrityError:
            raise self._broken() from None
        self._unconfirmed = ()
        if row is None or row[0] != len(entries):
            return False
        self.lease.renewed(asked_ms)
        self._stand_at(entries[-1])
        return True

    def _stand_at(self, entry: Entry) -> None:
        self.seq, self.hash, self.rules = entry.seq, entry.hash, entry.rules

    def _held(self) -> dict[str, object]:
        return {
            "ttl_s": self.lease.ttl_s,
            "epoch": self.lease.epoch,
            "first": self.seq + 1,
            "hash_prev": self.hash,
            "genesis": GENESIS,
        }

    def _expect(self, steps: Sequence[Step]) -> None:
        found = [step.sequence for step in steps]
        if found != list(range(self.seq + 1, self.seq + 1 + len(steps))):
            raise BrokenJournalError(
                f"Expected step {self.seq + 1} after the last entry of the journal, found step {found[0]}. Start the "
                "engine from this journal."
            )

    def _broken(self) -> BrokenJournalError:
        return BrokenJournalError(
            f"The journal does not end with entry {self.seq} as this process left it. Run `eternal store verify`."
        )

    def _drop_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def version_after(step: Step, before: str) -> str:
    """Give the version of the rule files that is in force after a step: the one before, unless it took another one."""
    taken = [one.after for one in step.records if isinstance(one, VersionTaken) and not one.book]
    return taken[-1] if taken else before


def columns(entries: Sequence[Entry]) -> dict[str, object]:
    """Return entries as columns."""
    return {
        "seqs": [entry.seq for entry in entries],
        "times": [entry.at_ms for entry in entries],
        "kinds": [entry.kind for entry in entries],
        "rules": [entry.rules for entry in entries],
        "bodies": [entry.body for entry in entries],
        "prevs": [entry.hash_prev for entry in entries],
        "hashes": [entry.hash for entry in entries],
    }


def told(steps: Sequence[Step]) -> dict[str, object]:
    """Return the notices of steps as columns; step and place tell one from every other, however often it is sent."""
    notices = [
        (step, place, record)
        for step in steps
        for place, record in enumerate(step.records)
        if isinstance(record, Notice)
    ]
    return {
        "of": [step.sequence for step, _, _ in notices],
        "places": [place for _, place, _ in notices],
        "told_ms": [step.at_ms for step, _, _ in notices],
        "severities": [notice.severity for _, _, notice in notices],
        "books": [notice.book for _, _, notice in notices],
        "texts": [notice.text for _, _, notice in notices],
    }


def head(connection: Connection) -> tuple[int, bytes]:
    """Return the number and the hash of the last entry; 0 and zeros where there is none."""
    row = connection.execute("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
    return (0, GENESIS) if row is None else (row[0], row[1])


def entries(connection: Connection, after: int = 0, until: int | None = None) -> Iterator[Entry]:
    """Yield the entries after one and up to another, in order, read page by page."""
    last = after
    while True:
        rows = connection.execute(READ, (last, until, until, PAGE)).fetchall()
        for row in rows:
            yield Entry(*row)
        if len(rows) < PAGE:
            return
        last = rows[-1][0]

"""Tables that follow from the journal: orders, fills, positions, trades, money and who asked for what."""

import json
from collections.abc import Iterator, Sequence
from itertools import islice

from adapters.postgres.bundles import bundles
from adapters.postgres.chain import Entry
from adapters.postgres.connection import Connection
from adapters.postgres.journal import entries
from adapters.postgres.ledger import Ledger
from adapters.postgres.openings import Instruments, Opening, states_since
from adapters.postgres.owners import Owners
from adapters.postgres.rows import Row, Rows

TABLES = (
    "orders",
    "fills",
    "positions",
    "trades",
    "funding_payments",
    "transfers",
    "cash_flows",
    "days",
    "audit",
)
PAGE = 500
# So often the ledger's memory is kept: after a restart no more than this is played once more.
LEDGER_EVERY = 10_000
IN_FORCE = "SELECT coalesce(max(seq), 0) FROM openings WHERE seq <= %s"


class Projector:
    """Carries the tables forward to the end of the journal; one at a time."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._openings: dict[int, Opening] = {}
        self._instruments: Instruments = {}
        self._owners = Owners(connection)
        self._rows = Rows(self._owners)
        self.seq = self._kept_seq = 0
        self._resume()

    def catch_up(self) -> int:
        """Bring the tables up to date; returns how many entries were new."""
        self._openings = {opening.seq: opening for opening in states_since(self._connection, self.seq)}
        begun = self.seq
        waiting = entries(self._connection, self.seq)
        while page := list(islice(waiting, PAGE)):
            with self._connection.transaction():
                self._write(page)
        return self.seq - begun

    def _write(self, page: Sequence[Entry]) -> None:
        rows = [row for entry in page for row in self._follow(entry)]
        with self._connection.pipeline(), self._connection.cursor() as cursor:
            for bundle in bundles(rows):
                cursor.executemany(bundle.statement, bundle.values)
        self._owners.written()
        self.seq = page[-1].seq
        self._connection.execute("UPDATE projected SET seq = %s", (self.seq,))
        if self.seq - self._kept_seq >= LEDGER_EVERY and self._rows.ledger is not None:
            self._kept_seq = self.seq
            # The order of names is part of what a ledger remembers, so the text is kept as it is.
            kept = json.dumps(self._rows.ledger.to_plain())
            self._connection.execute("UPDATE projected SET ledger_seq = %s, ledger = %s", (self.seq, kept))

    def _follow(self, entry: Entry) -> Iterator[Row]:
        """What follows from an entry; the first opening says what was there before it."""
        opening = self._openings.get(entry.seq - 1)
        if opening is not None:
            self._instruments = opening.instruments
            if self._rows.ledger is None:
                self._rows.ledger = Ledger(opening)
                yield from self._rows.begun(opening.seq)
            else:
                self._rows.ledger = Ledger.from_plain(opening.instruments, self._rows.ledger.to_plain())
        yield from self._rows.of(entry)

    def _resume(self) -> None:
        """Stand again where the tables stand: load the ledger as it was kept, and play what came after it."""
        connection = self._connection
        connection.execute("INSERT INTO projected (seq, ledger_seq) VALUES (0, 0) ON CONFLICT DO NOTHING")
        row = connection.execute("SELECT seq, ledger_seq, ledger FROM projected").fetchone()
        assert row is not None
        self.seq, self._kept_seq, ledger = row
        begun = connection.execute(IN_FORCE, (self._kept_seq,)).fetchone()
        assert begun is not None
        self._openings = {opening.seq: opening for opening in states_since(connection, begun[0])}
        if ledger is not None:
            before = [opening for seq, opening in self._openings.items() if seq <= self._kept_seq]
            self._instruments = before[-1].instruments if before else {}
            self._rows.ledger = Ledger.from_plain(self._instruments, ledger)
        for entry in entries(connection, self._kept_seq, self.seq):
            for _ in self._follow(entry):
                pass


def rebuild(connection: Connection) -> int:
    """Forget everything that follows from the journal and build it again; returns the number of entries."""
    with connection.transaction():
        connection.execute(f"TRUNCATE projected, {', '.join(TABLES)}".encode())
        connection.execute("INSERT INTO projected (seq, ledger_seq) VALUES (0, 0)")
    return Projector(connection).catch_up()

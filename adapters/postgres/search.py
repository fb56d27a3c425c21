"""Entries of the journal that somebody looks for."""

from dataclasses import dataclass

from adapters.postgres.chain import Entry
from adapters.postgres.connection import Connection

FIND = """
SELECT seq, epoch, at_ms, kind, rules, body::text, hash_prev, hash FROM journal
WHERE seq > %(after)s AND (%(kind)s::text IS NULL OR kind = %(kind)s)
AND (%(from_ms)s::bigint IS NULL OR at_ms >= %(from_ms)s) AND (%(to_ms)s::bigint IS NULL OR at_ms <= %(to_ms)s)
AND (%(book)s::text IS NULL OR body #>> '{event,book}' = %(book)s OR EXISTS (
    SELECT FROM json_array_elements(body -> 'records') AS record WHERE record ->> 'book' = %(book)s))
ORDER BY seq DESC LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What entries have to have; None asks for nothing. `most` is how many of the newest are given.

    `after` is the number of an entry that comes before all of them.
    """

    most: int
    kind: str | None = None
    book: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    after: int = 0


def search(connection: Connection, wanted: Wanted) -> list[Entry]:
    """Return the newest entries that are wanted, in their order."""
    values = {
        "most": wanted.most,
        "after": wanted.after,
        "kind": wanted.kind,
        "book": wanted.book,
        "from_ms": wanted.from_ms,
        "to_ms": wanted.to_ms,
    }
    return [Entry(*row) for row in reversed(connection.execute(FIND, values).fetchall())]


def kinds(connection: Connection) -> list[str]:
    """Return the kinds of events that the journal has."""
    return [kind for (kind,) in connection.execute("SELECT DISTINCT kind FROM journal ORDER BY kind")]

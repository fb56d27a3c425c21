"""What the engine remembered after an entry, so that a restart replays only what came later."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from adapters.postgres.connection import Connection

KEPT = 12
WRITE = """
INSERT INTO snapshots (seq, hash, rules, state, digest) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (seq) DO UPDATE SET hash = EXCLUDED.hash, rules = EXCLUDED.rules, state = EXCLUDED.state,
                                digest = EXCLUDED.digest
"""
FORGET = "DELETE FROM snapshots WHERE seq NOT IN (SELECT seq FROM snapshots ORDER BY seq DESC LIMIT %s)"
READ = """
SELECT snapshots.seq, snapshots.rules, state::text, digest FROM snapshots
JOIN journal ON journal.seq = snapshots.seq AND journal.hash = snapshots.hash ORDER BY snapshots.seq DESC
"""


@dataclass(frozen=True)
class Snapshot:
    """What `Engine.to_plain` gave after the entry `seq`, under a version of the rule files."""

    seq: int
    rules: str
    state: Mapping[str, Any]


def take_snapshot(connection: Connection, snapshot: Snapshot, hash_: bytes) -> None:
    """Keep a snapshot together with the hash of its entry, and forget the oldest ones."""
    # The order of names is part of what an engine remembers, so the text is kept as it is.
    text = json.dumps(snapshot.state, separators=(",", ":"), allow_nan=False)
    with connection.transaction():
        digest = sha256(text.encode()).digest()
        connection.execute(WRITE, (snapshot.seq, hash_, snapshot.rules, text, digest))
        connection.execute(FORGET, (KEPT,))


def latest_snapshot(connection: Connection) -> Snapshot | None:
    """Return the newest snapshot that is whole and belongs to this journal."""
    return next(iter(valid_snapshots(connection)), None)


def valid_snapshots(connection: Connection) -> list[Snapshot]:
    """Return every snapshot that is whole and belongs to this journal, the newest first."""
    found = connection.execute(READ).fetchall()
    whole = [row for row in found if sha256(row[2].encode()).digest() == row[3]]
    return [Snapshot(seq, rules, json.loads(text)) for seq, rules, text, _ in whole]

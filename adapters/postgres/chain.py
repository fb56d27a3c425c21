"""What binds the journal together: each entry's hash covers the entry before it."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256

from adapters.postgres.failure import BrokenJournalError
from runtime.codec import canonical, from_plain, to_plain
from runtime.step import Step

GENESIS = bytes(32)


@dataclass(frozen=True)
class Entry:
    """One row of the journal: a step as canonical JSON, the rules that decided it, and its place in the chain."""

    seq: int
    epoch: int
    at_ms: int
    kind: str
    rules: str
    body: str
    hash_prev: bytes
    hash: bytes

    @cached_property
    def step(self) -> Step:
        """The step; raises CodecError where this program doesn't know what is in it."""
        step: Step = from_plain(Step, json.loads(self.body))
        return step

    def computed_hash(self) -> bytes:
        """Compute the hash that an untouched entry has."""
        head = f"{self.epoch} {self.seq} {self.at_ms} {self.kind} {self.rules}\n"
        return sha256(self.hash_prev + head.encode() + self.body.encode()).digest()


def entry_of(step: Step, rules: str, epoch: int, hash_prev: bytes) -> Entry:
    """Write a step as the entry that follows the one with the hash given."""
    body = canonical(to_plain(step)).decode("ascii")
    kind = type(step.event).__name__
    entry = Entry(step.sequence, epoch, step.at_ms, kind, rules, body, hash_prev, b"")
    return replace(entry, hash=entry.computed_hash())


def checked(entries: Iterable[Entry], seq: int = 0, hash_prev: bytes = GENESIS) -> Iterator[Entry]:
    """Pass on entries that follow each other without a gap or a change.

    Raises BrokenJournalError at the first that doesn't.
    """
    epoch = 0
    for entry in entries:
        problem = _problem(entry, seq + 1, epoch, hash_prev)
        if problem:
            raise BrokenJournalError(
                f"The journal is broken at entry {entry.seq}: {problem}. What comes before it is sound. Restore a "
                "backup, and let the engine reconcile with the exchange."
            )
        yield entry
        seq, epoch, hash_prev = entry.seq, entry.epoch, entry.hash


def _problem(entry: Entry, seq: int, epoch: int, hash_prev: bytes) -> str:
    if entry.seq != seq:
        return f"entry {seq} is missing"
    if entry.epoch < epoch:
        return f"its epoch is {entry.epoch} after {epoch}"
    if entry.hash_prev != hash_prev:
        return "it does not follow the entry before it"
    return "" if entry.hash == entry.computed_hash() else "its content was changed after it was written"

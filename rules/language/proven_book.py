"""Books of engines that were read and proved already: one that has not changed is not looked at again."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from rules.language.collecting import Enough, Findings
from rules.language.document import Document
from rules.language.engine_book import EngineBook, VocabularyFor, read_engine_book
from rules.language.findings import Finding, Severity
from rules.language.machine_shape import MachineShape
from rules.language.overlay import Lineage
from rules.language.proofs import prove
from rules.language.reading import MOST_KEPT


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """All that a book depends on: its lineage from the `documents`, and whether these have the form of their kinds.

    Documents, machines and the vocabulary never change, so that what is the same object has the same content.
    """

    documents: tuple[Document, ...]
    lineage: Lineage
    machines: Mapping[str, MachineShape]
    vocabulary_for: VocabularyFor
    sound: bool

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Source) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple[object, ...]:
        return tuple(map(id, self.documents)), id(self.machines), self.vocabulary_for, self.sound


@lru_cache(MOST_KEPT)
def proven(source: Source) -> tuple[EngineBook | None, tuple[Finding, ...]]:
    """Read a book and prove it; None where it has an error, and what was found either way."""
    found = Findings()
    try:
        engine = read_engine_book(source.lineage, source.machines, source.vocabulary_for, found)
        if not source.sound:
            # What is missing from such a book may only be misspelt.
            engine = replace(engine, complete=False, readable=False)
        found.extend(prove(engine))
    except Enough:
        return None, tuple(found)
    wrong = any(finding.severity is Severity.ERROR for finding in found)
    return None if wrong else engine, tuple(found)

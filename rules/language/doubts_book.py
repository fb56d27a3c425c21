"""From the tree of a book of doubts to the doubts."""

from collections.abc import Iterator

from rules.language.document import Document, Fields
from rules.language.doubts import Doubt, DoubtOf
from rules.language.governance_books import GovernanceScope
from rules.language.measured import DOUBT

DOUBTS = "doubts"


def read_doubts(document: Document, scope: GovernanceScope) -> tuple[Doubt, ...]:
    """Read every doubt that can be read, in the order of the file."""
    return tuple(_doubts(document.root.section(DOUBTS), scope))


def _doubts(section: Fields, scope: GovernanceScope) -> Iterator[Doubt]:
    for key, fields in section:
        if not isinstance(fields, Fields):
            continue
        condition = DOUBT.read(key.value, fields.scalar("when"), scope)
        if condition is None:
            continue
        of = next((each for each in DoubtOf if each == fields.word("of")), DoubtOf.PORTFOLIO)
        yield Doubt(key.value, of, condition, fields.word("says"), key.place)

"""From the tree of a book of doubts to the doubts."""

from collections.abc import Iterator

from rules.language.document import Document, Fields
from rules.language.doubts import Doubt, DoubtOf
from rules.language.findings import error
from rules.language.governance_books import GovernanceScope
from rules.language.phases_book import calendar_parts
from rules.language.proofs import warning
from rules.language.rule_reading import CONDITION

DOUBTS = "doubts"


def read_doubts(document: Document, scope: GovernanceScope) -> tuple[Doubt, ...]:
    """Read every doubt that can be read, in the order of the file."""
    return tuple(_doubts(document.root.section(DOUBTS), scope))


def _doubts(section: Fields, scope: GovernanceScope) -> Iterator[Doubt]:
    for key, fields in section:
        if not isinstance(fields, Fields):
            continue
        condition = scope.typed(fields.scalar("when"), CONDITION)
        if condition is None:
            continue
        if condition.constant:
            sentence = f"The doubt `{key.value}` is always the same: nothing of a result is in it."
            scope.findings.append(warning("P008", condition.place, sentence, "Name a fact, or take the doubt out."))
        for part in calendar_parts(condition):
            sentence = f"`{part.text}` is read from the calendar; a doubt is about a result."
            scope.findings.append(error("R058", part.place, sentence, "Name a fact."))
        of = next((each for each in DoubtOf if each == fields.word("of")), DoubtOf.PORTFOLIO)
        yield Doubt(key.value, of, condition, fields.word("says"), key.place)

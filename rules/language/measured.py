"""Conditions over what was measured, which have neither candles nor a calendar: those of gates and of doubts."""

from collections.abc import Iterator
from dataclasses import dataclass

from rules.language.document import Scalar
from rules.language.findings import error
from rules.language.governance_books import GovernanceScope
from rules.language.proofs import warning
from rules.language.rule_reading import CONDITION
from rules.language.typed import Calendar, Typed


@dataclass(frozen=True, slots=True)
class Measured:
    """What such a condition is called, and what it is about in the words of a finding."""

    noun: str
    nothing: str
    about: str

    def read(self, name: str, written: Scalar | None, scope: GovernanceScope) -> Typed | None:
        """Read the condition of a name; None after reporting why it can't be meant."""
        condition = scope.typed(written, CONDITION)
        if condition is None:
            return None
        if condition.constant:
            sentence = f"The {self.noun} `{name}` is always the same: nothing {self.nothing} is in it."
            hint = f"Name a fact, or take the {self.noun} out."
            scope.findings.append(warning("P008", condition.place, sentence, hint))
        for part in _calendar_parts(condition):
            sentence = f"`{part.text}` is read from the calendar; a {self.noun} is about {self.about}."
            scope.findings.append(error("R058", part.place, sentence, "Name a fact."))
        return condition


GATE = Measured("gate", "that is measured", "what was measured")
DOUBT = Measured("doubt", "of a result", "a result")


def _calendar_parts(condition: Typed) -> Iterator[Typed]:
    if isinstance(condition, Calendar):
        yield condition
    for child in condition.children:
        yield from _calendar_parts(child)

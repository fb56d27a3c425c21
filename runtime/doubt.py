"""A doubt that holds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HeldDoubt:
    """Why a result is worth less than it looks: the sentence, the condition, what was measured, and where it stands.

    `book` is empty where the whole portfolio is meant.
    """

    doubt: str
    book: str
    says: str
    when: str
    value: str
    place: str

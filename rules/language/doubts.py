"""What makes the result of a back-test doubtful, resolved and typed."""

from dataclasses import dataclass
from enum import StrEnum

from rules.language.source import Place
from rules.language.typed import Typed


class DoubtOf(StrEnum):
    """Whose result is looked at: that of the whole portfolio, of each book, or of each directional book by itself."""

    PORTFOLIO = "portfolio"
    BOOK = "book"
    DIRECTIONAL = "directional"


@dataclass(frozen=True, slots=True)
class Doubt:
    """A condition over a result and what it means where it holds; unknown does not hold."""

    name: str
    of: DoubtOf
    condition: Typed
    says: str
    place: Place

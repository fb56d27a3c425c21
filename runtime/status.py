"""What governs everything at this moment: the engine's life, the breaker, and what is held back by name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from runtime.figures import Figures


class Hold(StrEnum):
    """Why a book may open nothing: a person's pause, an error or a bad rule file that fenced it off, its retirement."""

    PAUSED = "paused"
    FENCED = "fenced"
    FAULTY = "faulty"
    RETIRED = "retired"


@dataclass(slots=True)
class Status:
    """`level` and `lifecycle` are states of their machines; `revoked` are accounts whose key the exchange refuses.

    A pause of the whole engine is a person's (`paused`), an outage's (`exchange_away`), or both. `figures` are those of
    each engine, by its name and those of its books.
    """

    level: str = "NORMAL"
    entries_allowed: bool = True
    drawdown_known: bool = True
    lifecycle: str = "STOPPED"
    paused: bool = False
    exchange_away: bool = False
    holds: dict[str, frozenset[Hold]] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)
    figures: dict[str, Figures] = field(default_factory=dict)

    def hold(self, book: str, why: Hold) -> None:
        """Let a book open nothing until it is released."""
        self.holds[book] = self.holds.get(book, frozenset()) | {why}

    def release(self, book: str, why: Hold) -> None:
        """Take one reason away; the others stay."""
        left = self.holds.pop(book, frozenset()) - {why}
        if left:
            self.holds[book] = left

    def held(self, why: Hold) -> frozenset[str]:
        """The books that are held back for this reason."""
        return frozenset(book for book, reasons in self.holds.items() if why in reasons)

    def to_plain(self) -> dict[str, Any]:
        """What no machine remembers, as plain data."""
        return {
            "holds": {book: sorted(reasons) for book, reasons in sorted(self.holds.items())},
            "revoked": sorted(self.revoked),
        }

    def restore(self, plain: Mapping[str, Any]) -> None:
        """Take back what `to_plain` gave."""
        self.holds = {book: frozenset(map(Hold, reasons)) for book, reasons in plain["holds"].items()}
        self.revoked = set(plain["revoked"])

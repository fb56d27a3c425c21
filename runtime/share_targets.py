"""Which shares are in force: the first market condition that holds, once it has held for long enough."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from rules.language.evaluate import Value
from rules.language.sharing import OTHERWISE, ShareCondition, Sharing
from runtime.holders import Holder, exact

HALF = Decimal("0.5")


class ShareTargets:
    """The condition in force, and the one that waits to be confirmed; it looks once a day."""

    def __init__(self, sharing: Sharing, when: Mapping[str, Callable[[], Value]]) -> None:
        self.in_force = OTHERWISE
        self.waiting = ""
        self.since_ms = 0
        self._sharing = sharing
        self._when = when

    def look(self, now_ms: int) -> str | None:
        """Take in what holds now; gives the condition that was in force before when the shares change."""
        found = self._holding()
        if found is None or found == self.in_force:
            self.waiting = ""
            return None
        if found != self.waiting:
            self.waiting, self.since_ms = found, now_ms
        if now_ms - self.since_ms < self._sharing.change_after_ms:
            return None
        before, self.in_force, self.waiting = self.in_force, found, ""
        return before

    def condition(self) -> ShareCondition | None:
        """Give the condition in force; None when it is none of them."""
        return next((one for one in self._sharing.conditions if one.name == self.in_force), None)

    def target(self, holder: Holder, halved: bool, retired: frozenset[str]) -> Decimal:
        """Give an engine's share: that of those of its books that run and are not retired."""
        share = exact(self._sharing.shares(self.in_force)[holder.name])
        parts = sum((part for book, part in holder.parts.items() if book not in retired), Decimal(0))
        return share * parts * (HALF if halved else 1)

    def _holding(self) -> str | None:
        """Give the first condition that holds; None when one above it can't be told, so that nothing is known."""
        for condition in self._sharing.conditions:
            holds = self._when[condition.name]()
            if holds is None:
                return None
            if holds:
                return condition.name
        return OTHERWISE

    def to_plain(self) -> dict[str, Any]:
        """Give what is in force and what waits as plain data."""
        return {"in_force": self.in_force, "waiting": self.waiting, "since_ms": self.since_ms}

    def restore(self, plain: Mapping[str, Any]) -> None:
        """Take back what `to_plain` gave; a condition that the rules no longer have gives way to the base."""
        self.in_force = plain["in_force"] if plain["in_force"] in self._sharing.names else OTHERWISE
        self.waiting, self.since_ms = plain["waiting"], plain["since_ms"]

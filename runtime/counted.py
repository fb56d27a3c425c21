"""Names of what has counted already, so that nothing counts twice, however often it is told."""

from collections.abc import Mapping, Sequence
from typing import Any

DAY_MS = 86_400_000
REMEMBERED_MS = 30 * DAY_MS
"""The exchange tells an execution again for a week, and what happened while nobody listened from an hour before it."""


class Counted:
    """Remembers each name for at least 30 days of the events' own time, and forgets it at most one such time later.

    Names go together, 30 days of them at once, and never because time has passed without any: after an absence
    everything that was counted before it is still known, for as long as what was missed is told.
    """

    def __init__(self) -> None:
        self._since_ms = 0
        self._before: dict[str, None] = {}
        self._now: dict[str, None] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._now or name in self._before

    def __len__(self) -> int:
        return len(self._now) + len(self._before)

    def first(self, name: str, at_ms: int) -> bool:
        """Count a name; False where it was counted before."""
        if name in self:
            return False
        if at_ms - self._since_ms >= REMEMBERED_MS:
            self._since_ms, self._before, self._now = at_ms, self._now, {}
        self._now[name] = None
        return True

    def to_plain(self) -> dict[str, Any]:
        """Give everything as JSON-able data."""
        return {"since_ms": self._since_ms, "before": list(self._before), "now": list(self._now)}

    @classmethod
    def from_plain(cls, data: Mapping[str, Any] | Sequence[str]) -> "Counted":
        """Read what `to_plain` wrote, or the mere list of names that stores of earlier versions have."""
        counted = cls()
        if isinstance(data, Mapping):
            counted._since_ms = data["since_ms"]
            counted._before, counted._now = dict.fromkeys(data["before"]), dict.fromkeys(data["now"])
        else:
            counted._now = dict.fromkeys(data)
        return counted

"""How often each account may ask."""

from collections import deque
from dataclasses import dataclass

from adapters.clock import Stopwatch

WINDOW_S = 1.0
UNLIMITED = 1_000_000
"""What clients that learn their limits from headers are told where nothing is enforced."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one bucket allows now; `reset_s` is when it is full again, in seconds of this machine."""

    limit: int
    left: int
    reset_s: float
    is_granted: bool = True


class RateLimits:
    """A rolling second for each account and bucket; with `enforced=False` everything is granted."""

    def __init__(self, *, enforced: bool) -> None:
        self.enforced = enforced
        self._clock = Stopwatch()
        self._asked: dict[tuple[str, str], deque[float]] = {}

    def ask(self, account: str, bucket: str, limit: int, cost: int = 1) -> Allowance:
        """Count one request, or several orders at once, against a bucket."""
        if not self.enforced:
            return Allowance(UNLIMITED, UNLIMITED, WINDOW_S)
        now, asked = self._clock.elapsed_s(), self._within(account, bucket)
        reset_s = asked[0] + WINDOW_S - now if asked else WINDOW_S
        if len(asked) + cost > limit:
            return Allowance(limit, max(limit - len(asked), 0), reset_s, is_granted=False)
        asked.extend([now] * cost)
        return Allowance(limit, max(limit - len(asked), 0), reset_s)

    def left(self, account: str, bucket: str, limit: int) -> Allowance:
        """Tell what a bucket allows now, without counting anything."""
        return self.ask(account, bucket, limit, cost=0)

    def _within(self, account: str, bucket: str) -> deque[float]:
        """Give the moments within the window at which it was asked."""
        asked = self._asked.setdefault((account, bucket), deque())
        while asked and asked[0] <= self._clock.elapsed_s() - WINDOW_S:
            asked.popleft()
        return asked

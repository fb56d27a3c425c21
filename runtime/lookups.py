"""Orders of which nobody knows whether they were taken: when to ask again, and when the answer is certain."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import Enum, auto
from typing import Any

ROUNDS_MS = (1_000, 5_000, 15_000)
ALARM_MS = 20_000
AGAIN_MS = 60_000
# An order is refused by the exchange when it arrives later than its receive window of 3 s; 10 s are for what is slow.
WINDOW_MS = 13_000
CLEAN_ROUNDS = 2


class Verdict(Enum):
    """What the look-ups of an order say so far."""

    FOUND = auto()
    NEVER_PLACED = auto()
    OPEN = auto()


@dataclass(slots=True)
class Search:
    """The look-ups of one order; `known` says that the exchange had taken it before the answer was lost."""

    since_ms: int
    next_ms: int
    known: bool
    rounds: int = 0
    negatives: int = 0
    alarmed: bool = False

    def went_out(self, now_ms: int) -> None:
        """Count a round and say when the next one is due."""
        self.rounds += 1
        planned = self.since_ms + ROUNDS_MS[self.rounds] if self.rounds < len(ROUNDS_MS) else now_ms + AGAIN_MS
        self.next_ms = max(planned, now_ms + 1)


class Lookups:
    """All searches: three rounds after 1, 5 and 15 s, then one a minute until somebody knows."""

    def __init__(self) -> None:
        self._searches: dict[str, Search] = {}

    @property
    def idle(self) -> bool:
        """Whether nothing is looked for."""
        return not self._searches

    def begin(self, order_id: str, now_ms: int, known: bool) -> bool:
        """Begin to look for an order; False where that is under way already."""
        if order_id in self._searches:
            return False
        self._searches[order_id] = Search(now_ms, now_ms + ROUNDS_MS[0], known)
        return True

    def end(self, order_id: str) -> None:
        """Stop looking: it is known what became of the order."""
        self._searches.pop(order_id, None)

    def under_way(self, order_id: str) -> bool:
        """Whether an order is being looked for."""
        return order_id in self._searches

    def due(self, now_ms: int) -> Iterator[str]:
        """Count a round for every order whose next look-up is due, and give their ids."""
        for order_id, search in tuple(self._searches.items()):
            if now_ms >= search.next_ms:
                search.went_out(now_ms)
                yield order_id

    def is_due(self, now_ms: int) -> bool:
        """Whether the next look-up of any order is due."""
        return any(now_ms >= search.next_ms for search in self._searches.values())

    def hasten(self, now_ms: int) -> None:
        """Look for every order soon: a process has begun, and whoever asked before it hears no answer."""
        for search in self._searches.values():
            search.next_ms = min(search.next_ms, now_ms + ROUNDS_MS[0])

    def alarms(self, now_ms: int) -> Iterator[str]:
        """Give, once each, the orders that three rounds have not explained."""
        for order_id, search in self._searches.items():
            if not search.alarmed and search.rounds >= len(ROUNDS_MS) and now_ms >= search.since_ms + ALARM_MS:
                search.alarmed = True
                yield order_id

    def answered(self, order_id: str, found: bool, complete: bool, now_ms: int) -> Verdict:
        """Count the end of a round.

        An order was never placed when two complete rounds have not found it, the last of them after it could still
        have arrived; one that was there before can't be that.
        """
        search = self._searches.get(order_id)
        if search is None:
            return Verdict.OPEN
        if found:
            return Verdict.FOUND
        search.negatives += complete
        certain = complete and search.negatives >= CLEAN_ROUNDS and now_ms >= search.since_ms + WINDOW_MS
        return Verdict.NEVER_PLACED if certain and not search.known else Verdict.OPEN

    def to_plain(self) -> dict[str, Any]:
        """All searches as plain data."""
        return {order_id: asdict(search) for order_id, search in self._searches.items()}

    def restore(self, plain: Mapping[str, Mapping[str, Any]]) -> None:
        """Take back what `to_plain` gave."""
        self._searches = {order_id: Search(**search) for order_id, search in plain.items()}

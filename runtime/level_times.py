"""How long the breaker stood at each of its levels."""

from collections.abc import Sequence
from dataclasses import dataclass

from runtime.ladder import NORMAL
from runtime.run import LevelChange


@dataclass(frozen=True, slots=True)
class LevelTime:
    """One level: how long it was in force, in milliseconds and as a ratio of the run, and how often it was entered."""

    level: str
    length_ms: int
    share: float
    entered: int


def level_times(changes: Sequence[LevelChange], levels: Sequence[str], from_ms: int, to_ms: int) -> list[LevelTime]:
    """Return the time at NORMAL and at each level, in their order; a run begins at NORMAL."""
    begins = [(from_ms, NORMAL), *((change.at_ms, change.after) for change in changes)]
    ends = [at_ms for at_ms, _ in begins[1:]] + [to_ms]
    spans = [(level, end_ms - at_ms) for (at_ms, level), end_ms in zip(begins, ends, strict=True)]
    whole = max(to_ms - from_ms, 1)
    found = []
    for level in dict.fromkeys((NORMAL, *levels, *(level for level, _ in spans))):
        length_ms = sum(length for name, length in spans if name == level)
        entered = sum(change.after == level for change in changes)
        found.append(LevelTime(level, length_ms, length_ms / whole, entered))
    return found

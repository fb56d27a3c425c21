"""The only place that looks at a clock: the wall's, and the one that measures how long something took."""

import time


def now_ms() -> int:
    """Read the wall clock, in milliseconds UTC."""
    return time.time_ns() // 1_000_000


def monotonic_ms() -> int:
    """Read the clock that never jumps, in milliseconds since any moment; good for differences only."""
    return time.monotonic_ns() // 1_000_000


class Stopwatch:
    """Runs from when it is made."""

    def __init__(self) -> None:
        self._started = time.perf_counter()

    def elapsed_s(self) -> float:
        """Tell the seconds since it was made."""
        return time.perf_counter() - self._started

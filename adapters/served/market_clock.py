"""The exchange's own time: that of the market it plays, at its speed, and never this machine's."""

from adapters.clock import Stopwatch


class MarketClock:
    """Runs between two moments of the market, and stands still where the market does.

    Times are in milliseconds UTC; `offset_ms` is how wrong the exchange's clock goes.
    """

    def __init__(self, start_ms: int, speed: float) -> None:
        self.speed = speed
        self.offset_ms = 0
        self._stopwatch = Stopwatch()
        self.hold(start_ms)

    def hold(self, at_ms: int) -> None:
        """Stand still at a moment."""
        self._from_ms = self._until_ms = at_ms

    def run(self, from_ms: int, until_ms: int) -> None:
        """Go on from a moment, at most to the last millisecond before another."""
        self._from_ms, self._until_ms = from_ms, max(until_ms - 1, from_ms)
        self._stopwatch = Stopwatch()

    def skip(self, span_ms: int) -> None:
        """Let a length of time have passed at once, at most to where the clock runs."""
        self._from_ms = min(self._from_ms + span_ms, self._until_ms)

    @property
    def true_ms(self) -> int:
        """The time of the market."""
        elapsed_ms = self._stopwatch.elapsed_s() * 1000 * self.speed
        return min(int(self._from_ms + elapsed_ms), self._until_ms)

    @property
    def now_ms(self) -> int:
        """The time that the exchange believes it is."""
        return self.true_ms + self.offset_ms

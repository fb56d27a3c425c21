"""The exchange's time, from this machine's steady clock and what the exchange last said."""

from dataclasses import dataclass
from threading import Lock

from adapters.bybit.client import Client, Reply
from adapters.bybit.fields import MalformedError, text
from adapters.clock import monotonic_ms, now_ms

ROUNDS = 3
NOTICEABLE_MS = 1000
NANOSECONDS_A_MILLISECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Offset:
    """How far this machine's clock is ahead of the exchange's (behind, when negative), give or take `accuracy_ms`."""

    ahead_ms: int
    accuracy_ms: int


class ExchangeClock:
    """Tells the exchange's time and never goes back; for any thread.

    `speed` is how many of the exchange's seconds pass in one of ours: 1, but for a local exchange that replays history.
    """

    def __init__(self, speed: float = 1) -> None:
        self._speed = speed
        self._lock = Lock()
        self._exchange_ms = 0
        self._local_ms = monotonic_ms()

    def now_ms(self) -> int:
        """Milliseconds UTC by the exchange's clock."""
        with self._lock:
            return self._estimate()

    def heard(self, exchange_ms: int) -> None:
        """Learn that it is at least this late at the exchange: a message says so."""
        with self._lock:
            if exchange_ms > self._estimate():
                self._exchange_ms, self._local_ms = exchange_ms, monotonic_ms()

    def measure(self, client: Client) -> Offset:
        """Ask the exchange for its time and set this clock by the quickest answer.

        Raises RefusedError, NoAnswerError or MalformedError.
        """
        wall_ms, exchange_ms, trip_ms, local_ms = min((_round(client) for _ in range(ROUNDS)), key=lambda r: r[2])
        with self._lock:
            self._exchange_ms = max(exchange_ms, self._estimate())
            self._local_ms = max(local_ms, self._local_ms) if self._exchange_ms == exchange_ms else monotonic_ms()
        return Offset(wall_ms - exchange_ms, trip_ms // 2)

    def _estimate(self) -> int:
        return self._exchange_ms + int((monotonic_ms() - self._local_ms) * self._speed)


def _round(client: Client) -> tuple[int, int, int, int]:
    """Ask once: the wall's and the exchange's time in the middle of the trip, its length, and the local time of it."""
    wall_ms, start_ms = now_ms(), monotonic_ms()
    reply = client.call("get_server_time")
    end_ms = monotonic_ms()
    trip_ms = end_ms - start_ms
    return wall_ms + trip_ms // 2, server_time_ms(reply), trip_ms, start_ms + trip_ms // 2


def server_time_ms(reply: Reply) -> int:
    """Read the exchange's time to the millisecond; raises MalformedError."""
    nanoseconds = text(reply.result, "timeNano")
    if not (nanoseconds.isascii() and nanoseconds.isdigit() and len(nanoseconds) < 25):
        raise MalformedError(f"timeNano: expected nanoseconds, found {nanoseconds[:30]!r}.")
    return int(nanoseconds) // NANOSECONDS_A_MILLISECOND

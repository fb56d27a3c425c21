"""How many requests an account may send, learned from the headers of its answers."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock

SECOND_MS = 1000
IP_LIMIT, IP_WINDOW_MS = 600, 5000
BAN_MS = 600_000
"""How long the exchange keeps an address out that has sent too much (HTTP 403)."""
LONGEST_PAUSE_MS = 10_000

READS = 50
PER_SECOND = {
    "place_order:spot": 20,
    "place_batch_order:spot": 20,
    "place_batch_order:linear": 10,
    "cancel_order:spot": 10,
    "place_order:linear": 10,
    "cancel_order:linear": 10,
    "set_trading_stop:linear": 10,
    "set_leverage:linear": 10,
    "get_api_key_information:": 10,
    "get_transaction_log:linear": 25,
    "create_universal_transfer:": 5,
    "stake_or_redeem:FlexibleSaving": 5,
    "get_stake_or_redemption_history:FlexibleSaving": 10,
    "get_staked_position:FlexibleSaving": 10,
    "get_yield:FlexibleSaving": 10,
}


@dataclass(slots=True)
class Window:
    """At most `limit` requests in any `span_ms`, and none before `paused_until_ms`."""

    limit: int
    span_ms: int = SECOND_MS
    paused_until_ms: int = 0
    _sent: deque[int] = field(default_factory=deque)

    def wait_ms(self, now_ms: int, count: int = 1) -> int:
        """Tell how long to wait before the next request, which counts as so many; 0 is now."""
        self._forget(now_ms)
        over = len(self._sent) + min(count, self.limit) - self.limit
        full = self._sent[over - 1] + self.span_ms - now_ms if over > 0 else 0
        return max(0, full, self.paused_until_ms - now_ms)

    def room(self, now_ms: int) -> int:
        """Tell how many may be sent now."""
        self._forget(now_ms)
        return 0 if self.paused_until_ms > now_ms else max(0, self.limit - len(self._sent))

    def sent(self, now_ms: int, count: int = 1) -> None:
        """Count a request, as so many."""
        self._sent.extend([now_ms] * count)

    def counted(self, now_ms: int, count: int) -> None:
        """Learn that the last ones may have been counted as late as now."""
        for place in range(1, min(count, len(self._sent)) + 1):
            self._sent[-place] = now_ms

    def _forget(self, now_ms: int) -> None:
        while self._sent and self._sent[0] <= now_ms - self.span_ms:
            self._sent.popleft()


class AddressLimit:
    """What everybody behind one IP address may send together, None for no limit; for all threads."""

    def __init__(self, limit: int | None = IP_LIMIT) -> None:
        self._window = Window(limit or 2**31, IP_WINDOW_MS)
        self._lock = Lock()

    def wait_ms(self, now_ms: int) -> int:
        """Tell how long to wait before the next request; 0 is now."""
        with self._lock:
            return self._window.wait_ms(now_ms)

    def sent(self, now_ms: int) -> None:
        """Count a request."""
        with self._lock:
            self._window.sent(now_ms)

    def ban(self, now_ms: int) -> None:
        """Stay away as long as the exchange wants it."""
        with self._lock:
            self._window.paused_until_ms = now_ms + BAN_MS


class Limits:
    """One account's limits, a window for each endpoint and market (`place_order:linear`); for one thread.

    A batch counts as many as there are orders in it, but is one request of its address.
    Times are of the local monotonic clock, in milliseconds.
    """

    def __init__(self, address: AddressLimit, now_ms: Callable[[], int]) -> None:
        self._address = address
        self._now_ms = now_ms
        self._windows: dict[str, Window] = {}

    def wait_ms(self, endpoint: str, count: int = 1) -> int:
        """Tell how long to wait before a request to this endpoint; 0 is now."""
        now = self._now_ms()
        return max(self._window(endpoint).wait_ms(now, count), self._address.wait_ms(now))

    def room(self, endpoint: str) -> int:
        """Tell how many orders this endpoint takes now."""
        return self._window(endpoint).room(self._now_ms())

    def sent(self, endpoint: str, count: int = 1) -> None:
        """Count a request."""
        now = self._now_ms()
        self._window(endpoint).sent(now, count)
        self._address.sent(now)

    def heard(self, endpoint: str, headers: Mapping[str, str], exchange_ms: int, count: int = 1) -> None:
        """Learn the limit of an endpoint, and when it is used up, from an answer at the exchange's time.

        The orders of a batch are counted one after another, each at some moment before the answer.
        """
        window = self._window(endpoint)
        if count > 1:
            window.counted(self._now_ms(), count)
        limit, left = _number(headers, "X-Bapi-Limit"), _number(headers, "X-Bapi-Limit-Status")
        if limit:
            window.limit = limit
        if left == 0:
            reset = reset_ms(headers, exchange_ms)
            window.paused_until_ms = self._now_ms() + (reset - exchange_ms if reset else 0)

    def ban(self) -> None:
        """Stay away from the exchange: it has shut this address out."""
        self._address.ban(self._now_ms())

    def _window(self, endpoint: str) -> Window:
        if endpoint not in self._windows:
            self._windows[endpoint] = Window(PER_SECOND.get(endpoint, READS))
        return self._windows[endpoint]


def reset_ms(headers: Mapping[str, str], exchange_ms: int) -> int | None:
    """Tell when, in the exchange's time, a used-up limit is whole again; None where that is past or not said."""
    reset = _number(headers, "X-Bapi-Limit-Reset-Timestamp")
    if reset is None or reset <= exchange_ms:
        return None
    return min(reset, exchange_ms + LONGEST_PAUSE_MS)


def _number(headers: Mapping[str, str], name: str) -> int | None:
    value = headers.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 16 else None

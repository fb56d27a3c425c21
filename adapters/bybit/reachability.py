"""Whether the exchange can be reached, and whether its clock and ours agree."""

from collections.abc import Callable

from adapters.bybit.client import RECEIVE_WINDOW_MS
from adapters.bybit.offset import NOTICEABLE_MS, Offset
from runtime.events import Event, ExchangeBack, ExchangeLost

PATIENCE_MS = 30_000
GOOD_PROBES = 3
# What is stamped later than this by the exchange's clock is refused, whatever the receive window.
AHEAD_MS = 1000


class Reachability:
    """Says once that the exchange is lost, after a time without any answer, and once that it is back.

    `local_ms` are of a clock that never jumps. `checks_clock` is off for an exchange with a time of its own.
    """

    def __init__(
        self,
        put: Callable[[Event], None],
        tell: Callable[[str, str], None],
        local_ms: int,
        patience_ms: int = PATIENCE_MS,
        checks_clock: bool = True,
    ) -> None:
        self._put, self._tell, self._patience_ms, self._checks_clock = put, tell, patience_ms, checks_clock
        self._good_ms = local_ms
        self._good_probes = 0
        self._noticed = False
        self.lost = False

    def answered(self, offset: Offset, exchange_ms: int, local_ms: int) -> None:
        """A probe has come back, with how far the clocks are apart."""
        apart = max(0, abs(offset.ahead_ms) - offset.accuracy_ms) if self._checks_clock else 0
        self._notice(offset, apart)
        if apart > (AHEAD_MS if offset.ahead_ms > 0 else RECEIVE_WINDOW_MS):
            self._lose(exchange_ms, f"this machine's clock is {_seconds(offset)} the exchange's, which refuses orders")
            return
        self._good_ms, self._good_probes = local_ms, self._good_probes + 1
        if self.lost and self._good_probes >= GOOD_PROBES:
            self.lost = False
            self._put(ExchangeBack(exchange_ms))

    def silent(self, what: str, exchange_ms: int, local_ms: int) -> None:
        """A probe stayed without an answer, or a stream brings nothing."""
        self._good_probes = 0
        if local_ms - self._good_ms >= self._patience_ms:
            self._lose(exchange_ms, f"{what} for {(local_ms - self._good_ms) // 1000} s")

    def _lose(self, exchange_ms: int, reason: str) -> None:
        self._good_probes = 0
        if not self.lost:
            self.lost = True
            self._put(ExchangeLost(exchange_ms, reason))

    def _notice(self, offset: Offset, apart: int) -> None:
        noticeable = apart > NOTICEABLE_MS
        if noticeable and not self._noticed:
            self._tell("P1", f"This machine's clock is {_seconds(offset)} the exchange's. Set it by a time server.")
        self._noticed = noticeable


def _seconds(offset: Offset) -> str:
    return f"{abs(offset.ahead_ms) / 1000:.1f} s {'ahead of' if offset.ahead_ms > 0 else 'behind'}"

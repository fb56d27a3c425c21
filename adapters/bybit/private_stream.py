"""What happens in one account, as the exchange pushes it."""

from collections.abc import Callable, Iterator

from adapters.bybit.client import NOT_ANSWERED
from adapters.bybit.executions import market_of
from adapters.bybit.fields import MalformedError, Row, milliseconds, rows, shown
from adapters.bybit.ledger import Ledger
from adapters.bybit.offset import ExchangeClock
from adapters.bybit.venue import Desk
from adapters.clock import monotonic_ms
from runtime.instrument import Market

LEDGER_EVERY_MS = 60_000
AFTER_A_CHANGE_MS, SOONEST_MS = 1000, 10_000
"""A change is looked up after a second; where each second has one, there is time between two readings."""
TRY_AGAIN_MS = 2000


class PrivateListener:
    """Reads one account's messages, and after each new connection everything that was said before it."""

    topics = ("order", "execution", "position", "wallet")

    def __init__(self, desk: Desk, ledger: Ledger, clock: ExchangeClock, since_ms: int) -> None:
        self._desk, self._ledger, self._clock = desk, ledger, clock
        self._since_ms = since_ms
        self._stands = False
        self._gaps = 0
        self._filled = 0
        self._asked_ms: int | None = None
        self._ledger_due_ms = self._ledger_read_ms = 0

    @property
    def whole(self) -> bool:
        """Whether everything up to now has been told: a connection stands, and the last gap is filled."""
        return self._stands and self._filled == self._gaps

    def connected(self) -> None:
        """What was said before this connection was missed."""
        self._stands = True
        self._missed()

    def disconnected(self) -> None:
        """A gap begins."""
        self._stands = False

    def _missed(self) -> None:
        self._gaps += 1

    def tick(self) -> None:
        """Ask for what was missed, until it has come; look into the ledger from time to time."""
        now = monotonic_ms()
        if self._stands and not self.whole and (self._asked_ms is None or now - self._asked_ms > TRY_AGAIN_MS):
            self._asked_ms = now
            gap = self._gaps
            self._desk.read(lambda: self._fill(gap))
        if self.whole and now >= self._ledger_due_ms:
            self._ledger_due_ms, self._ledger_read_ms = now + LEDGER_EVERY_MS, now
            self._desk.read(self._ledger.read)

    def _fill(self, gap: int) -> Iterator[None]:
        """Ask for executions and the ledger since the last ones, then look at the whole account."""
        if self._filled >= gap:
            return
        since_ms = max(self._since_ms, self._desk.news.latest_execution_ms)
        try:
            yield from self._desk.looks.since(since_ms)
            yield from self._ledger.read()
        except NOT_ANSWERED:
            # It is asked again; as long as it has no answer nothing new is decided.
            return
        yield from self._desk.looks.account()
        self._filled = max(self._filled, gap)

    def read(self, message: Row, topic: str) -> None:
        """Take in one message; a row that can't be read takes no other with it. Raises MalformedError for the first."""
        self._clock.heard(milliseconds(message, "creationTime"))
        tell = self._reader(topic.partition(".")[0])
        problem: MalformedError | None = None
        for data in rows(message, "data"):
            try:
                tell(data)
            except MalformedError as found:
                problem = problem or found
        if problem is not None:
            # The account is asked what this message could not say.
            self._missed()
            raise problem

    def _reader(self, topic: str) -> Callable[[Row], None]:
        news = self._desk.news
        readers: dict[str, Callable[[Row], None]] = {
            "order": lambda data: news.order(data, market_of(data.get("category"))),
            "execution": lambda data: news.execution(data, market_of(data.get("category"))),
            "position": self._position,
            "wallet": self._wallet,
        }
        if topic not in readers:
            raise MalformedError(f"topic: expected one that was asked for, found {shown(topic)}.")
        return readers[topic]

    def _position(self, data: Row) -> None:
        if market_of(data.get("category")) is Market.LINEAR:
            self._desk.news.position(data)

    def _wallet(self, _data: Row) -> None:
        """A balance has changed: the ledger says why."""
        soon_ms = max(monotonic_ms() + AFTER_A_CHANGE_MS, self._ledger_read_ms + SOONEST_MS)
        self._ledger_due_ms = min(self._ledger_due_ms, soon_ms)

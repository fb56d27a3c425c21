"""A stream that comes back by itself: one thread that reads, watches the age of the data and opens a new connection."""

from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Event as Flag
from threading import Thread
from typing import Protocol

from adapters.bybit.fields import MalformedError, Row, parse
from adapters.bybit.socket import Socket
from adapters.clock import monotonic_ms

Tell = Callable[[str, str], None]
FIRST_WAIT_MS, LONGEST_WAIT_MS = 250, 30_000
BREATH_S = 0.05
TELL_AGAIN_MS = 10_000


class Listener(Protocol):
    """What a stream is for; everything is called from the stream's own thread."""

    @property
    def topics(self) -> Sequence[str]:
        """What to ask the exchange for."""

    def connected(self) -> None:
        """A new connection stands and its topics are asked for: what was said before it was missed."""

    def disconnected(self) -> None:
        """The connection is gone."""

    def read(self, message: Row, topic: str) -> None:
        """Take in one message of a topic; raises MalformedError."""

    def tick(self) -> None:
        """Do what time brings; called many times a second."""


class Stream:
    """Keeps one connection alive; silence longer than `silent_ms` is taken for a dead one.

    A public connection is silent when no data comes, whatever else does; a private one, when not even pongs come.
    """

    def __init__(
        self,
        name: str,
        open_socket: Callable[[Callable[[str], None]], Socket],
        listener: Listener,
        tell: Tell,
        silent_ms: int,
        pongs_count: bool = False,
    ) -> None:
        self.name, self._open, self._listener, self._tell = name, open_socket, listener, tell
        self._silent_ms, self._pongs_count = silent_ms, pongs_count
        self._texts: SimpleQueue[str] = SimpleQueue()
        self._socket: Socket | None = None
        self._heard_ms = self._next_try_ms = monotonic_ms()
        self._wait_ms = FIRST_WAIT_MS
        self._told_ms: dict[str, int] = {}
        self._stopping = Flag()
        self._thread = Thread(target=self._run, name=f"bybit {name}", daemon=True)

    @property
    def stands(self) -> bool:
        """Whether a connection is there."""
        return self._socket is not None and self._socket.stands

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout_s: float = 15) -> None:
        """End the connection and the thread."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._safely(self._tend)
            self._take()
            self._safely(self._listener.tick)
        self._drop()

    def _take(self) -> None:
        """Read what has come; wait a breath where there is nothing."""
        try:
            text = self._texts.get(timeout=BREATH_S)
            while True:
                self._safely(lambda text=text: self._read(text))  # type: ignore[misc]
                text = self._texts.get_nowait()
        except Empty:
            return

    def _read(self, text: str) -> None:
        message = parse(text)
        topic = message.get("topic")
        if isinstance(topic, str) or self._pongs_count:
            self._heard_ms = monotonic_ms()
        if isinstance(topic, str) or message.get("success") is True:
            self._wait_ms = FIRST_WAIT_MS
        if isinstance(topic, str):
            self._listener.read(message, topic)
        elif message.get("success") is False:
            self._refused(message)

    def _refused(self, message: Row) -> None:
        said = str(message.get("ret_msg"))[:200]
        self._tell("P1", f"The exchange refused to open the stream {self.name}: {said}.")
        if message.get("op") == "auth":
            self._drop()

    # ── the connection ──────────────────────────────────────────────────────────────────────────────────────────────

    def _tend(self) -> None:
        now = monotonic_ms()
        if self._socket is not None and (not self._socket.stands or now - self._heard_ms > self._silent_ms):
            self._drop()
        if self._socket is None and now >= self._next_try_ms:
            self._connect(now)

    def _connect(self, now: int) -> None:
        self._next_try_ms = now + self._wait_ms
        self._wait_ms = min(2 * self._wait_ms, LONGEST_WAIT_MS)
        try:
            self._socket = self._open(self._texts.put)
            self._socket.subscribe_to(self._listener.topics)
        except Exception as problem:
            self._socket = None
            self._say("P2", f"The stream {self.name} can't be opened ({type(problem).__name__}); it is tried again.")
            return
        self._heard_ms = monotonic_ms()
        self._listener.connected()

    def _drop(self) -> None:
        if self._socket is not None:
            socket, self._socket = self._socket, None
            self._listener.disconnected()
            socket.end()

    # ── nothing ends the thread ─────────────────────────────────────────────────────────────────────────────────────

    def _safely(self, work: Callable[[], None]) -> None:
        try:
            work()
        except MalformedError as problem:
            self._say("P2", f"A message of {self.name} is left out: {problem}")
        except Exception as problem:
            self._say("P1", f"{self.name}: an error inside the engine's reader ({type(problem).__name__}: {problem})")

    def _say(self, priority: str, sentence: str) -> None:
        """Tell, but not a thousand times; what is less severe hides nothing that is more so."""
        now = monotonic_ms()
        if priority not in self._told_ms or now - self._told_ms[priority] > TELL_AGAIN_MS:
            self._told_ms[priority] = now
            self._tell(priority, sentence)

"""Where events wait for the engine: any thread may put, one takes, first in, first out."""

from queue import Empty, SimpleQueue

from runtime.events import Event


class EventInbox:
    """A queue without a bound: an execution is never dropped, however far behind the engine is."""

    def __init__(self) -> None:
        self._events: SimpleQueue[Event] = SimpleQueue()

    def put(self, event: Event) -> None:
        """Add an event; never waits."""
        self._events.put(event)

    def take(self, timeout_s: float) -> Event | None:
        """Take the oldest event; None when none came in time."""
        try:
            return self._events.get(timeout=timeout_s) if timeout_s > 0 else self._events.get_nowait()
        except Empty:
            return None

    def __len__(self) -> int:
        """How many events wait, more or less."""
        return self._events.qsize()

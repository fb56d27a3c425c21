"""A channel to a person, with a thread of its own: what is slow or broken there is slow or broken only there."""

from collections.abc import Callable, Mapping
from queue import SimpleQueue
from threading import Thread
from types import MappingProxyType

from adapters.alerts.message import Message

KINDS: Mapping[str, str] = MappingProxyType({"P0": "failure", "P1": "warning"})
Answer = Callable[[bool], None]


class ChannelError(Exception):
    """A channel whose address can't be used; the sentence does not tell the address, which may hold a secret."""


class Channel:
    """Sends one message after the other; each is answered from the channel's thread."""

    def __init__(self, name: str, url: str) -> None:
        from apprise import Apprise  # noqa: PLC0415 - it loads much, and few engines have a channel

        self.name = name
        self._apprise = Apprise()
        if not self._apprise.add(url):
            raise ChannelError(
                f"Expected an Apprise URL for the channel {name}, found one that Apprise can't read. Its documentation "
                "lists the form of each service."
            )
        self._waiting: SimpleQueue[tuple[Message, Answer] | None] = SimpleQueue()
        self._thread = Thread(target=self._work, name=f"alerts-{name}", daemon=True)
        self._thread.start()

    def put(self, message: Message, answer: Answer) -> None:
        """Send a message when those before it are through; never waits."""
        self._waiting.put((message, answer))

    def send(self, message: Message) -> bool:
        """Send a message now, and tell whether the other side took it."""
        try:
            kind = KINDS.get(message.severity, "info")
            return bool(self._apprise.notify(body=message.body, title=message.title, notify_type=kind))
        # Whatever a service's plugin raises, the message has not arrived and is tried again.
        except Exception:
            return False

    def close(self) -> None:
        """End after what is being sent; waits for nothing."""
        self._waiting.put(None)

    def _work(self) -> None:
        while (one := self._waiting.get()) is not None:
            message, answer = one
            answer(self.send(message))

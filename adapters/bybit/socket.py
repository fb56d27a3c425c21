"""One connection of pybit's, kept from all that would end it in silence."""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from socket import SHUT_RDWR

import websocket
from pybit.unified_trading import WebSocket

from adapters.bybit.client import Keys

TOPICS_AT_ONCE = 10
CONNECT_TIMEOUT_S = 10
PROOF_IS_GOOD_FOR_S = 10
# pybit counts the tries down before it looks whether the first one has worked: two are one.
ONE_TRY = 2
PRIVATE = "private"


class Socket(WebSocket):  # type: ignore[misc]
    """Hands each message on as the text that it is, and stays down once it is down: whoever opened it opens a new one.

    The constructor returns when the connection stands, and raises when it can't.
    """

    def __init__(self, address: str, channel: str, on_text: Callable[[str], None], keys: Keys | None = None) -> None:
        self._address, self._on_text = address, on_text
        websocket.setdefaulttimeout(CONNECT_TIMEOUT_S)
        super().__init__(
            channel_type=channel,
            testnet=False,
            api_key=keys.key if keys else None,
            api_secret=keys.secret if keys else None,
            retries=ONE_TRY,
            restart_on_error=False,
            private_auth_expire=PROOF_IS_GOOD_FOR_S,
        )
        self._line = self.ws.sock
        self._read_at_once()

    def _read_at_once(self) -> None:
        """Let each text be checked once, by Python itself: byte by byte it would take longer than all that follows."""
        if self._line is not None:
            self._line.cont_frame.skip_utf8_validation = True

    def subscribe_to(self, topics: Sequence[str]) -> None:
        """Ask for topics; raises when the connection is gone, where pybit's own way would wait for ever."""
        for start in range(0, len(topics), TOPICS_AT_ONCE):
            some = list(topics[start : start + TOPICS_AT_ONCE])
            self.ws.send(json.dumps({"op": "subscribe", "req_id": f"{self.ws_name}-{start}", "args": some}))

    @property
    def stands(self) -> bool:
        """Whether the connection is there."""
        return not self.exited and bool(self.is_connected())

    def end(self) -> None:
        """Hang up at once; below pybit a connection that the other side has closed would stay open as a socket."""
        self.exited = True
        if self._line is not None and self._line.sock is not None:
            with suppress(OSError):
                self._line.sock.shutdown(SHUT_RDWR)
        self.exit()
        if self._line is not None:
            self._line.shutdown()

    def _on_message(self, message: str) -> None:
        self._on_text(message)

    def _connect(self, _url: str) -> None:
        super()._connect(self._address)

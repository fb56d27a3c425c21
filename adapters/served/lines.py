"""The lines to the clients, so that one can be cut."""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

Client = tuple[str, int]


class Lines:
    """Open connections by the address of the client."""

    def __init__(self) -> None:
        self._transports: dict[Client, asyncio.Transport] = {}

    def cut(self, client: Any) -> None:
        """Break the line to a client without a farewell."""
        transport = self._transports.get((client.host, client.port))
        if transport is not None:
            transport.abort()

    def protocol(self) -> type[asyncio.Protocol]:
        """Give the server's HTTP protocol with these lines listening in."""
        transports: dict[Client, asyncio.Transport] = self._transports

        class ListedProtocol(H11Protocol):
            """HTTP on a line that is listed while it is open; a WebSocket takes over the same line."""

            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                super().connection_made(transport)
                if self.client is not None:
                    transports[self.client] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                if self.client is not None:
                    transports.pop(self.client, None)
                super().connection_lost(exc)

        return ListedProtocol

"""Runs the exchange on loopback, in the foreground or in a thread of a test."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from adapters.served.application import Application
from adapters.served.exchange import Setting
from adapters.served.member import Member

LOOPBACK = "127.0.0.1"
BACKLOG = 2048
START_S, STOP_S = 20.0, 10.0


class _Server(uvicorn.Server):
    """A server that tells when it is up, and on which loop it runs."""

    def __init__(self, application: Application) -> None:
        config = uvicorn.Config(
            application.web,
            http=application.lines.protocol(),
            ws="websockets-sansio",
            log_level="warning",
            access_log=False,
            ws_ping_interval=None,
            timeout_graceful_shutdown=1,
        )
        super().__init__(config)
        self.is_up = threading.Event()
        self.loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening."""
        await super().startup(sockets)
        self.loop = asyncio.get_running_loop()
        self.is_up.set()


class Served:
    """A running exchange, as a test holds it: its address, its members, and its levers."""

    def __init__(self, application: Application, port: int, server: _Server) -> None:
        self.port = port
        self.application = application
        self._server = server

    @property
    def http(self) -> str:
        """The address for REST."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def websocket(self) -> str:
        """The address for WebSockets, without the path."""
        return f"ws://{LOOPBACK}:{self.port}"

    def member(self, account: str) -> Member:
        """Give key and secret of an account."""
        return self.application.exchange.members.named(account)

    def pull(self, lever: str, **values: Any) -> dict[str, Any]:
        """Pull a lever (a control endpoint) and wait until it has worked; raises what it raises."""
        assert self._server.loop is not None

        async def work() -> dict[str, Any]:
            return self.application.levers[lever](values)

        return asyncio.run_coroutine_threadsafe(work(), self._server.loop).result(START_S)

    def advance(self, moments: int = 1, until: str = "gap") -> dict[str, Any]:
        """Let the market go on by so many moments, until it stands in a gap, or has just opened."""
        return self.pull("advance", moments=moments, until=until)

    def fault(self, kind: str, **fields: Any) -> None:
        """Let something go wrong from now on; the fields are those of Fault."""
        self.pull("faults", kind=kind, **fields)


@contextmanager
def serve(setting: Setting, port: int = 0) -> Iterator[Served]:
    """Serve an exchange in a thread while the context lasts; port 0 takes any that is free."""
    with serving(Application(setting), port) as served:
        yield served


@contextmanager
def serving(application: Application, port: int = 0) -> Iterator[Served]:
    """Serve an exchange that stands ready, as `serve` does."""
    server = _Server(application)
    listening = listen(port)
    thread = threading.Thread(target=server.run, args=([listening],), name="served-exchange", daemon=True)
    thread.start()
    try:
        if not server.is_up.wait(START_S):
            raise TimeoutError(f"Expected the exchange to be up within {START_S:g} s; it is not.")
        yield Served(application, listening.getsockname()[1], server)
    finally:
        server.should_exit = True
        thread.join(STOP_S)
        listening.close()


def run(application: Application, listening: socket.socket) -> None:
    """Serve an exchange until it is interrupted."""
    _Server(application).run([listening])


def listen(port: int) -> socket.socket:
    """Open a port on loopback, so that clients can come from now on; raises OSError where it is taken."""
    # Only where the protocol is named are answers sent without waiting for the client's acknowledgement.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((LOOPBACK, port))
    listening.listen(BACKLOG)
    return listening

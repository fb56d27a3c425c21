"""Shows numbers and health over HTTP, from a thread of its own."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.metrics.vitals import Verdict, Vitals

START_S, STOP_S = 10.0, 5.0
AWAY = 503


class _Server(uvicorn.Server):
    """A server that tells when it is up."""

    def __init__(self, application: Starlette) -> None:
        super().__init__(uvicorn.Config(application, log_level="warning", access_log=False, lifespan="off"))
        self.is_up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening."""
        await super().startup(sockets)
        self.is_up.set()


def application(registry: CollectorRegistry, vitals: Vitals) -> Starlette:
    """Make the pages: `/metrics`, `/health` (alive) and `/ready` (could trade now)."""

    def metrics(_request: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    def page(ask: Callable[[], Verdict]) -> Callable[[Request], Response]:
        def answer(_request: Request) -> Response:
            verdict = ask()
            body = {"ok": verdict.well, "reasons": dict(verdict.reasons), "fenced": dict(vitals.fenced)}
            return JSONResponse(body, status_code=200 if verdict.well else AWAY)

        return answer

    return Starlette(
        routes=[
            Route("/metrics", metrics),
            Route("/health", page(vitals.alive)),
            Route("/ready", page(vitals.ready)),
        ]
    )


@contextmanager
def serving(registry: CollectorRegistry, vitals: Vitals, host: str = "127.0.0.1", port: int = 0) -> Iterator[int]:
    """Serve while the context lasts and give the port; port 0 takes any that is free, OSError says it is taken."""
    server = _Server(application(registry, vitals))
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(64)
        thread = threading.Thread(target=server.run, args=([listening],), name="metrics", daemon=True)
        thread.start()
        try:
            if not server.is_up.wait(START_S):
                raise TimeoutError(f"Expected the metrics to be served within {START_S:g} s; they are not.")
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(STOP_S)

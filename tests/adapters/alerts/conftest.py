"""A real PostgreSQL server, real Apprise, and somebody on loopback who takes what it sends."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Lock, Thread

import pytest

from adapters.alerts.channels import channels_of
from adapters.alerts.dispatcher import Dispatcher
from adapters.clock import Stopwatch
from adapters.postgres.connection import Connection, connect
from adapters.postgres.migrations import migrate
from adapters.postgres.outbox import PostgresOutbox
from adapters.postgres.server import PrivateServer
from machines.catalogue import MACHINES
from rules.language.routes import Routes
from rules.language.rulebook import load
from runtime.facts import vocabulary_for

Until = Callable[[Dispatcher, Callable[[], bool]], None]
DEADLINE_S = 20.0
NOON_MS = 1_800_000_000_000
ROUTES = """\
book: routes
channels:
  chat: json://127.0.0.1:PORT/chat?rto=20
  mail: json://127.0.0.1:PORT/mail?rto=20
routes:
  P0: { to: [chat, mail], repeat_every: 10m, until: acknowledged }
  P1: { to: [chat, mail], at_most: 2 per hour }
  P2: { to: [mail], group_for: 1h }
  P3: { to: [] }
"""


@dataclass
class Clock:
    """Virtual time."""

    at_ms: int = NOON_MS

    def now_ms(self) -> int:
        return self.at_ms

    def pass_minutes(self, minutes: float) -> None:
        self.at_ms += round(minutes * 60_000)


@dataclass
class Post:
    """Somebody who takes messages; a channel in `down` refuses them, one in `slow` waits before it takes them."""

    port: int = 0
    down: set[str] = field(default_factory=set)
    slow: dict[str, Event] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    taken: list[tuple[str, str, str, str]] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def take(self, channel: str, message: dict[str, str]) -> int:
        with self.lock:
            self.asked.append(channel)
        if channel in self.slow:
            self.slow[channel].wait(DEADLINE_S)
        if channel in self.down:
            return 503
        with self.lock:
            self.taken.append((channel, message["title"], message["message"], message["type"]))
        return 200

    def titles(self, channel: str) -> list[str]:
        return [title for name, title, _, _ in self.taken if name == channel]

    def bodies(self, channel: str) -> list[str]:
        return [body for name, _, body, _ in self.taken if name == channel]


@pytest.fixture
def post() -> Iterator[Post]:
    post = Post()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = post.take(self.path.split("?")[0].strip("/"), json.loads(body))
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    post.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield post
    for gate in post.slow.values():
        gate.set()
    server.shutdown()
    server.server_close()
    thread.join(DEADLINE_S)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def routes(tmp_path: Path, post: Post) -> Routes:
    (tmp_path / "routes.yaml").write_text(ROUTES.replace("PORT", str(post.port)))
    rulebook, findings = load([tmp_path / "routes.yaml"], MACHINES, vocabulary_for)
    assert rulebook is not None, findings
    assert rulebook.routes is not None
    return rulebook.routes


@pytest.fixture(scope="session")
def store() -> Iterator[str]:
    """The URL of a store that all tests share."""
    # Not below pytest's own folder: the user who runs PostgreSQL could lose the right to enter that at any moment.
    folder = Path(tempfile.mkdtemp(prefix="eternal-alerts-"))
    server = PrivateServer(folder / "postgres")
    url = server.start()
    with connect(url, patient=True) as connection:
        migrate(connection)
    yield url
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture
def connection(store: str) -> Iterator[Connection]:
    """A connection to a store in which nothing has happened."""
    with connect(store, patient=True) as connection:
        connection.execute(b"SET session_replication_role = replica")
        for table in ("outbox", "deliveries", "journal", "lease"):
            connection.execute(f"DELETE FROM {table}".encode())
        connection.execute(b"SET session_replication_role = origin")
        yield connection


@pytest.fixture
def outbox(store: str, connection: Connection) -> Iterator[PostgresOutbox]:
    outbox = PostgresOutbox(lambda: store)
    yield outbox
    outbox.close()


@pytest.fixture
def dispatch(routes: Routes, outbox: PostgresOutbox, clock: Clock) -> Iterator[Callable[[], Dispatcher]]:
    """Makes dispatchers, each as a new process would be."""
    made = []

    def make() -> Dispatcher:
        channels = channels_of(routes, {})
        assert not channels.unused
        made.append(channels)
        return Dispatcher(routes, outbox, clock, channels.used)

    yield make
    for channels in made:
        channels.close()


@pytest.fixture
def until() -> Until:
    """Let a dispatcher take its turns until something holds."""

    def until(dispatcher: Dispatcher, holds: Callable[[], bool]) -> None:
        watch = Stopwatch()
        while not holds():
            assert watch.elapsed_s() < DEADLINE_S, "what was expected did not happen in time"
            dispatcher.turn(0.02)

    return until


@pytest.fixture
def settle(until: Until) -> Callable[[Dispatcher], None]:
    """Let a dispatcher do everything that there is to do now, and hear how it ended."""

    def settle(dispatcher: Dispatcher) -> None:
        dispatcher.turn()
        while dispatcher.busy:
            until(dispatcher, lambda: not dispatcher.busy)
            dispatcher.turn()

    return settle

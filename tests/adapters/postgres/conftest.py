"""A real PostgreSQL server for the session, and an empty store for each test."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from adapters.cli.main import app
from adapters.postgres.connection import Connection, connect
from adapters.postgres.journal import PostgresJournal
from adapters.postgres.lease import Lease
from adapters.postgres.migrations import migrate
from adapters.postgres.server import PrivateServer
from runtime.events import Timer
from runtime.step import Notice, Step

STORE = "store"
NUMBERS = count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[PrivateServer]:
    # Not below pytest's own folder: the user who runs PostgreSQL could lose the right to enter that at any moment.
    folder = Path(tempfile.mkdtemp(prefix="eternal-store-"))
    server = PrivateServer(folder / "postgres")
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def admin(server: PrivateServer) -> Iterator[Connection]:
    """A connection beside the store, which has all tables."""
    with psycopg.connect(server.start(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {STORE}".encode())
        with connect(url_of(server, STORE), patient=True) as store:
            migrate(store)
        yield connection


@pytest.fixture
def empty(server: PrivateServer, admin: Connection) -> Iterator[str]:
    """The URL of a database without any tables."""
    name = f"store_{next(NUMBERS)}"
    admin.execute(f"CREATE DATABASE {name}".encode())
    yield url_of(server, name)
    admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def url(server: PrivateServer, admin: Connection) -> str:
    """The URL of an empty store."""
    url = url_of(server, STORE)
    with connect(url, patient=True) as connection:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
        connection.execute(others, (STORE,))
        connection.execute(b"SET session_replication_role = replica")
        for (table,) in connection.execute(b"SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall():
            if table != "migrations":
                connection.execute(f"DELETE FROM {table}".encode())
    return url


@pytest.fixture
def connection(url: str) -> Iterator[Connection]:
    with connect(url, patient=True) as connection:
        yield connection


@pytest.fixture
def journal(url: str, connection: Connection) -> Iterator[PostgresJournal]:
    """The journal of the only writer."""
    journal = PostgresJournal(lambda: url, Lease.acquire(connection, "the test"), "rules-1")
    yield journal
    journal.close()


@pytest.fixture
def eternal(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run a command on the store, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", url)
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def step() -> Callable[[int], Step]:
    return numbered_step


def numbered_step(number: int) -> Step:
    """A step of which everything follows from its number; each third tells the operator something."""
    told = (Notice("P2", "core-hodl", f"This is step {number}."),) if number % 3 == 0 else ()
    return Step(number, number * 1_000, Timer(number * 1_000), told, ())


def url_of(server: PrivateServer, database: str) -> str:
    return server.start().replace("/postgres?", f"/{database}?")

"""The private server: started where none is, found where one is, and none the worse for a kill."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from adapters.postgres.connection import connect
from adapters.postgres.failure import StoreError
from adapters.postgres.server import PrivateServer, locator

pytestmark = pytest.mark.spec("STATE-01")


@pytest.fixture(scope="module")
def own() -> Iterator[PrivateServer]:
    with TemporaryDirectory(prefix="eternal-server-") as folder:
        server = PrivateServer(Path(folder) / "store")
        yield server
        server.stop()


def _postmaster(server: PrivateServer) -> int:
    return int((server.folder / "postmaster.pid").read_text().split()[0])


def until_refused(ask: Callable[[], None], expected: type[Exception]) -> Exception:
    """Ask again and again, since a signal takes its time to be heard."""
    for _ in range(2_000):
        try:
            ask()
        except expected as error:
            return error
    raise AssertionError("it was never refused")


def test_it_keeps_what_was_committed_when_it_is_stopped_or_killed(own: PrivateServer) -> None:
    with connect(own.start()) as connection:
        connection.execute("CREATE TABLE kept (number int)")
    own.stop()
    assert not (own.folder / "postmaster.pid").exists()
    with connect(own.start()) as connection:
        connection.execute("INSERT INTO kept VALUES (7)")
        killed = _postmaster(own)
        os.kill(killed, signal.SIGKILL)
        until_refused(lambda: connection.execute("SELECT pg_sleep(0.01)").close(), psycopg.OperationalError)
    with connect(own.start()) as connection:
        assert connection.execute("SELECT number FROM kept").fetchall() == [(7,)]
    assert _postmaster(own) != killed


def test_it_is_found_by_the_next_process_after_the_one_that_started_it_was_killed(own: PrivateServer) -> None:
    own.stop()
    program = (
        "import os, signal, sys; from pathlib import Path; from adapters.postgres.server import PrivateServer; "
        "PrivateServer(Path(sys.argv[1])).start(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(own.folder)], check=False)
    assert ended.returncode == -signal.SIGKILL
    left = _postmaster(own)
    with connect(own.start()):
        assert _postmaster(own) == left


def test_it_goes_on_while_another_process_is_connected(own: PrivateServer) -> None:
    with connect(own.start()) as connection:
        own.stop()
        assert connection.execute("SELECT 1").fetchone() == (1,)
    own.stop()
    assert not (own.folder / "postmaster.pid").exists()


def test_a_process_id_that_now_belongs_to_something_else_does_not_keep_it_from_starting(own: PrivateServer) -> None:
    own.start()
    pid_file = own.folder / "postmaster.pid"
    written = pid_file.read_text().split("\n")
    own.stop()
    pid_file.write_text("\n".join([str(os.getpid()), *written[1:]]))
    with connect(own.start()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_folder_of_another_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "PG_VERSION").write_text("12\n")
    with pytest.raises(StoreError, match="found data of version 12"):
        PrivateServer(tmp_path).start()


def test_a_named_database_needs_no_server_of_our_own(tmp_path: Path) -> None:
    assert locator("postgresql://elsewhere/store", tmp_path / "unused")() == "postgresql://elsewhere/store"
    assert not (tmp_path / "unused").exists()


def test_a_database_that_is_not_there_is_said_in_a_sentence() -> None:
    with pytest.raises(StoreError, match=r"The database can't be reached: .*Check DATABASE_URL\."):
        connect("postgresql://127.0.0.1:1/nothing")


@pytest.mark.parametrize("setting", ["synchronous_commit", "fsync", "full_page_writes"])
def test_a_server_that_may_lose_what_it_committed_is_refused(own: PrivateServer, setting: str) -> None:
    url = own.start()
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"ALTER SYSTEM SET {setting} = off".encode())
        admin.execute("SELECT pg_reload_conf()")
        try:
            refusal = until_refused(lambda: connect(url).close(), StoreError)
            assert f"found {setting} = off" in str(refusal)
        finally:
            admin.execute(f"ALTER SYSTEM RESET {setting}".encode())
            admin.execute("SELECT pg_reload_conf()")


def test_threads_of_one_process_may_look_for_it_at_the_same_time(own: PrivateServer) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = {*threads.map(lambda _: own.start(), range(64))}
    assert len(found) == 1

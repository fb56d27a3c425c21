"""The real process while its database dies, its disk is full, or another engine has taken its place."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from adapters.clock import Stopwatch
from adapters.postgres.chain import checked
from adapters.postgres.connection import connect
from adapters.postgres.journal import entries
from adapters.postgres.lease import Lease, holder_of
from adapters.postgres.server import PrivateServer
from adapters.served.serving import Served
from runtime.events import CandleClose, OrderRejected
from runtime.loop import UNWRITTEN
from tests.adapters.cli import running

DISK_MIB = 160
MOST_DAYS = 30
LEASE_AND_GRACE_S = 1.5 + 0.5
AWAY = "The database is away"
Trouble = Callable[[PrivateServer], Any]


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Mount a small disk in memory; skips where this is not permitted."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m,mode=0755", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("Mounting a small disk is not permitted here; as root it is.")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def own_server() -> Iterator[PrivateServer]:
    """A server for one test, on a small disk of its own."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="eternal-small-")))
        disk = folder / "disk"
        disk.mkdir()
        folder.chmod(0o755)
        stack.enter_context(small_disk(disk))
        server = PrivateServer(disk / "postgres")
        server.start()
        yield server
        server.start()
        server.stop()


@contextmanager
def dead(server: PrivateServer) -> Iterator[None]:
    """The server dies at once, as in a power failure, and is started again."""
    pid = int((server.folder / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGQUIT)
    running.wait_for(lambda: not answers(server), "the end of the server")
    yield
    server.start()


@contextmanager
def full(server: PrivateServer) -> Iterator[None]:
    """Nothing more can be written to the disk, and then there is space again."""
    ballast = server.folder.parent / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    yield
    ballast.unlink()
    server.start()


def answers(server: PrivateServer) -> bool:
    try:
        psycopg.connect(f"postgresql://postgres:@/postgres?host={server.folder}", connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def told_of_the_absence(journal: running.Journal) -> bool:
    return any("The database was away" in text for text in journal.follow().told("P1"))


@pytest.mark.spec("STATE-05", "LIFE-05")
@pytest.mark.parametrize("trouble", [dead, full])
def test_without_a_journal_no_risk_leaves_and_it_goes_on_when_there_is_one(
    tmp_path: Path, own_server: PrivateServer, served: Served, trouble: Trouble
) -> None:
    store = own_server.start()
    posted = running.counting(served)
    process = running.started(running.working_folder(tmp_path, served, store))
    try:
        process.until("reconciled")
        with closing(running.Journal(store)) as journal:
            running.pass_moments(served, journal, 2)
        before = set(posted)
        with trouble(own_server):
            watch, days = Stopwatch(), 0
            while days < MOST_DAYS and (
                days < 9 or watch.elapsed_s() < LEASE_AND_GRACE_S or not process.has_said(AWAY)
            ):
                served.advance(1)
                running.wait_until(lambda: set(posted) != before, seconds=0.2)
                days += 1
            assert process.has_said(AWAY)
        with closing(running.Journal(store)) as again:
            candles = 2 + days
            running.wait_for(lambda: len(again.follow().events(CandleClose)) == candles, "what happened meanwhile")
            running.wait_for(partial(told_of_the_absence, again), "word of it")
            refused = {one.order_id for one in again.events(OrderRejected) if UNWRITTEN in one.reason}
            assert refused
            assert not refused & set(posted)
            running.pass_moments(served, again, 1)
        process.stop()
        with connect(store) as connection:
            assert len(list(checked(entries(connection)))) >= len(again.steps)
    finally:
        process.kill()


@pytest.mark.spec("LIFE-05", "STATE-03")
def test_who_slept_while_another_took_over_ends_with_its_name_and_sends_nothing(
    tmp_path: Path, served: Served, store: str
) -> None:
    posted = running.counting(served)
    process = running.started(running.working_folder(tmp_path, served, store))
    try:
        process.until("reconciled")
        process.process.send_signal(signal.SIGSTOP)
        with connect(store) as connection:
            running.wait_for(lambda: not holder_of(connection, 0).free_in_s, "the end of its lease")
            Lease.acquire(connection, "another engine", 60, 0)
        served.advance(1)
        process.process.send_signal(signal.SIGCONT)
        assert process.process.wait(running.DEADLINE_S) == 3
        assert "another engine (process" in process.rest()[-1]
        assert not any("Traceback" in line for line in process.said)
        assert not posted
    finally:
        process.kill()

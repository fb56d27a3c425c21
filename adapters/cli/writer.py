"""Whether another process writes the store, asked before anything that takes long."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psycopg

from adapters.cli.configuration import WorkingFolder
from adapters.cli.failure import Failure
from adapters.postgres.connection import connect
from adapters.postgres.failure import StoreError
from adapters.postgres.lease import holder_of, refusal

URL = "DATABASE_URL"


def store_locator(folder: WorkingFolder) -> Callable[[], str]:
    """Give what names the database of a working folder, and starts a private one where there is no other."""
    url = folder.variables.get(URL)
    if url:
        return lambda: url
    from adapters.postgres.server import PrivateServer

    return PrivateServer(folder.place(folder.configuration.store)).start


@contextmanager
def server_of(folder: WorkingFolder) -> Iterator[None]:
    """Stop a private server afterwards, unless another process uses it."""
    try:
        yield
    finally:
        if not folder.variables.get(URL):
            from adapters.postgres.server import PrivateServer

            # One that can't be stopped is found running by the next start.
            with suppress(StoreError):
                PrivateServer(folder.place(folder.configuration.store)).stop()


def refuse_a_second(folder: WorkingFolder) -> None:
    """Fail with the name of the process that writes the store, where one does."""
    if not folder.variables.get(URL) and not (folder.place(folder.configuration.store) / "PG_VERSION").exists():
        return
    try:
        with connect(store_locator(folder)()) as connection:
            holder = holder_of(connection)
    except psycopg.errors.UndefinedTable:
        return
    except (StoreError, psycopg.Error) as error:
        raise Failure(str(error).strip()) from None
    if holder is not None and holder.alive:
        raise Failure(refusal(holder))

"""Connections that neither wait for ever nor promise what the server does not keep."""

from typing import Any

import psycopg
from psycopg.rows import TupleRow

from adapters.postgres.failure import StoreError

Connection = psycopg.Connection[TupleRow]

OLDEST_VERSION = 140_000
SETTINGS = "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')"
PROMPT = {"statement_timeout": 5_000, "lock_timeout": 1_000, "idle_in_transaction_session_timeout": 10_000}
PATIENT = {"statement_timeout": 0, "lock_timeout": 10_000, "idle_in_transaction_session_timeout": 0}


def connect(url: str, *, patient: bool = False) -> Connection:
    """Open a connection that commits each statement; without `patient` nothing on it takes more than 5 s.

    Raises StoreError with a sentence where the server isn't there or loses what it has committed.
    """
    limits = PATIENT if patient else PROMPT
    options = " ".join(f"-c {name}={value}" for name, value in limits.items())
    try:
        connection = psycopg.connect(url, autocommit=True, options=options, **_network())
    except psycopg.Error as error:
        raise StoreError(f"The database can't be reached: {first_line(error)}. Check DATABASE_URL.") from None
    try:
        _check(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _network() -> dict[str, Any]:
    return {
        "connect_timeout": 2,
        "tcp_user_timeout": 5_000,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "application_name": "eternal",
    }


def _check(connection: Connection) -> None:
    if connection.info.server_version < OLDEST_VERSION:
        found = connection.info.server_version // 10_000
        raise StoreError(f"Expected PostgreSQL {OLDEST_VERSION // 10_000} or newer, found {found}. Use a newer server.")
    for name, setting in connection.execute(SETTINGS):
        if setting == "off":
            raise StoreError(
                f"Expected a database that keeps what it has committed, found {name} = off. Set it to on: without it a "
                "power failure could lose orders that were sent."
            )


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message, without a full stop."""
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__).rstrip(".")

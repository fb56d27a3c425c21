"""The tables come by numbered files, forwards only."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from adapters.postgres.connection import connect
from adapters.postgres.failure import StoreError
from adapters.postgres.migrations import Migration, known_migrations, migrate

pytestmark = pytest.mark.spec("STATE-01")
FIRST = Migration(1, "0001_first.sql", "CREATE TABLE first (number int)")
SECOND = Migration(2, "0002_second.sql", "CREATE TABLE second (number int); INSERT INTO first VALUES (2)")


def test_the_files_are_numbered_without_a_gap() -> None:
    assert [one.number for one in known_migrations()] == list(range(1, len(known_migrations()) + 1))


def test_each_is_applied_once_and_what_came_later_is_added(empty: str) -> None:
    with connect(empty) as connection:
        migrate(connection, (FIRST,))
        migrate(connection, (FIRST, SECOND))
        migrate(connection, (FIRST, SECOND))
        assert connection.execute("SELECT number FROM first").fetchall() == [(2,)]


def test_processes_that_start_together_apply_each_once(empty: str) -> None:
    def start(_number: int) -> None:
        with connect(empty, patient=True) as connection:
            migrate(connection, (FIRST, SECOND))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(start, range(6)))
    with connect(empty) as connection:
        assert connection.execute("SELECT number FROM first").fetchall() == [(2,)]


def test_a_migration_that_fails_leaves_nothing_behind(empty: str) -> None:
    spoiled = Migration(2, "0002_spoiled.sql", "CREATE TABLE second (number int); SELECT nonsense")
    with connect(empty) as connection:
        migrate(connection, (FIRST,))
        with pytest.raises(psycopg.errors.UndefinedColumn):
            migrate(connection, (FIRST, spoiled))
        migrate(connection, (FIRST, SECOND))


def test_a_store_of_a_newer_program_is_refused(empty: str) -> None:
    with connect(empty) as connection:
        migrate(connection, (FIRST, SECOND))
        with pytest.raises(StoreError, match="schema version 1 or older, found version 2: a newer version"):
            migrate(connection, (FIRST,))


def test_a_store_built_otherwise_is_refused(empty: str) -> None:
    with connect(empty) as connection:
        migrate(connection, (FIRST,))
        with pytest.raises(StoreError, match="0001_first"):
            migrate(connection, (Migration(1, "0001_first.sql", "CREATE TABLE first (number bigint)"),))

"""While the database is away steps are remembered in order, and written first when it is back."""

from collections.abc import Callable, Sequence

import psycopg
import pytest

from adapters.postgres import buffered as buffered_module
from adapters.postgres.buffered import Buffered, BufferFullError
from adapters.postgres.chain import checked
from adapters.postgres.connection import Connection
from adapters.postgres.journal import PostgresJournal, entries
from runtime.ports import JournalAwayError
from runtime.step import Step

Steps = Callable[[int], Step]
pytestmark = pytest.mark.spec("STATE-05")
NOWHERE = "postgresql://127.0.0.1:1/nothing"


class Away:
    """A journal that is never there, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def append_all(self, steps: Sequence[Step]) -> None:
        self.asked += 1
        raise JournalAwayError("away")


def test_what_happened_meanwhile_is_journaled_when_the_database_is_back(
    journal: PostgresJournal, connection: Connection, step: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buffered_module, "BATCH", 3)
    buffered = Buffered(journal, pause_ms=0)
    buffered.append(step(1))
    found, journal._find = journal._find, lambda: NOWHERE
    connection.execute("SELECT pg_terminate_backend(%s, 1000)", (journal.connection.info.backend_pid,))
    for number in range(2, 6):
        with pytest.raises(JournalAwayError):
            buffered.append(step(number))
    assert buffered.waiting == 4
    journal._find = found
    buffered.append(step(6))
    assert buffered.waiting == 0
    assert [entry.step for entry in checked(entries(connection))] == [step(number) for number in range(1, 7)]


def test_a_disk_that_is_full_is_a_journal_that_is_away(
    journal: PostgresJournal, connection: Connection, step: Steps
) -> None:
    buffered = Buffered(journal, pause_ms=0)
    # The server refuses to write as it does when its disk is full.
    connection.execute(
        b"""CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$"""
    )
    try:
        connection.execute(b"CREATE TRIGGER full_disk BEFORE INSERT ON journal EXECUTE FUNCTION full_disk()")
        for number in (1, 2):
            with pytest.raises(JournalAwayError, match="No space left on device"):
                buffered.append(step(number))
    finally:
        connection.execute(b"DROP FUNCTION full_disk CASCADE")
    buffered.append(step(3))
    assert [entry.seq for entry in checked(entries(connection))] == [1, 2, 3]


def test_a_database_that_is_away_is_asked_once_a_second(step: Steps) -> None:
    away = Away()
    buffered = Buffered(away, pause_ms=3_000)
    for number in range(1, 8):
        with pytest.raises(JournalAwayError):
            buffered.append(step(number))
    assert away.asked == 3, "at 1, 4 and 7 s"


def test_more_than_can_be_remembered_ends_the_engine(step: Steps) -> None:
    buffered = Buffered(Away(), most=2)
    for number in (1, 2):
        with pytest.raises(JournalAwayError):
            buffered.append(step(number))
    with pytest.raises(BufferFullError, match="away for 2 steps"):
        buffered.append(step(3))


def test_a_defect_is_not_taken_for_a_database_that_is_away(
    journal: PostgresJournal, connection: Connection, step: Steps
) -> None:
    connection.execute(b"ALTER TABLE outbox RENAME TO elsewhere")
    try:
        with pytest.raises(psycopg.errors.UndefinedTable):
            Buffered(journal).append(step(1))
    finally:
        connection.execute(b"ALTER TABLE elsewhere RENAME TO outbox")

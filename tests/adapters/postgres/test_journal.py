"""The journal on a real server: what is acknowledged is there, whatever dies in between."""

from collections.abc import Callable

import psycopg
import pytest

from adapters.postgres.chain import checked
from adapters.postgres.connection import Connection
from adapters.postgres.failure import BrokenJournalError
from adapters.postgres.journal import PostgresJournal, entries, head
from adapters.postgres.lease import Lease
from runtime.codec import canonical, to_plain
from runtime.ports import JournalAwayError, LeaseLostError
from runtime.step import Step

Steps = Callable[[int], Step]
pytestmark = pytest.mark.spec("STATE-02", "STATE-03")


def test_steps_come_back_in_order_and_in_a_chain(journal: PostgresJournal, connection: Connection, step: Steps) -> None:
    for number in range(1, 4):
        journal.append(step(number))
    journal.append_all([step(number) for number in range(4, 8)])
    found = list(checked(entries(connection)))
    assert [entry.step for entry in found] == [step(number) for number in range(1, 8)]
    assert [entry.body.encode() for entry in found] == [canonical(to_plain(step(n))) for n in range(1, 8)]
    assert {entry.rules for entry in found} == {"rules-1"}
    assert head(connection) == (journal.seq, journal.hash)


def test_notices_are_kept_for_delivery_with_what_they_tell(
    journal: PostgresJournal, connection: Connection, step: Steps
) -> None:
    journal.append_all([step(number) for number in range(1, 7)])
    rows = connection.execute("SELECT seq, place, severity, text FROM outbox ORDER BY seq").fetchall()
    assert rows == [(3, 0, "P2", "This is step 3."), (6, 0, "P2", "This is step 6.")]


def test_a_step_out_of_order_is_refused(journal: PostgresJournal, step: Steps) -> None:
    journal.append(step(1))
    with pytest.raises(BrokenJournalError, match=r"Expected step 2 .* found step 3"):
        journal.append(step(3))


def test_nothing_can_be_changed_or_removed(journal: PostgresJournal, connection: Connection, step: Steps) -> None:
    journal.append(step(1))
    for statement in (b"UPDATE journal SET at_ms = 0", b"DELETE FROM journal", b"TRUNCATE journal"):
        with pytest.raises(psycopg.errors.RaiseException, match="only ever appended to"):
            connection.execute(statement)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            "UPDATE journal SET body = replace(body::text, '3000', '3001')::json WHERE seq = 3",
            "its content was changed",
        ),
        ("UPDATE journal SET rules = 'others' WHERE seq = 3", "its content was changed"),
        ("UPDATE journal SET at_ms = at_ms + 1 WHERE seq = 3", "its content was changed"),
        ("DELETE FROM journal WHERE seq = 2", "entry 2 is missing"),
        ("UPDATE journal SET hash = hash_prev WHERE seq = 2", "its content was changed"),
        ("UPDATE journal SET hash_prev = hash WHERE seq = 3", "does not follow"),
        ("UPDATE journal SET epoch = 9 WHERE seq = 2", "its content was changed"),
    ],
)
def test_a_change_behind_the_journals_back_is_found(
    journal: PostgresJournal, connection: Connection, step: Steps, change: str, sentence: str
) -> None:
    journal.append_all([step(number) for number in range(1, 5)])
    connection.execute(b"SET session_replication_role = replica")
    connection.execute(change.encode())
    with pytest.raises(BrokenJournalError, match=sentence):
        list(checked(entries(connection)))


def test_a_stale_writer_can_not_commit(journal: PostgresJournal, url: str, connection: Connection, step: Steps) -> None:
    journal.append(step(1))
    connection.execute(b"UPDATE lease SET deadline = '-infinity'")
    other = PostgresJournal(lambda: url, Lease.acquire(connection, "the other"), "rules-1")
    with pytest.raises(LeaseLostError, match=r"no longer has the lease of epoch 1: it is held by the other \(process"):
        journal.append(step(2))
    other.append(step(2))
    other.close()
    with pytest.raises(LeaseLostError):
        journal.append(step(2))
    assert [(entry.seq, entry.epoch) for entry in checked(entries(connection))] == [(1, 1), (2, 2)]


def test_a_writer_whose_time_was_up_goes_on_where_nobody_took_over(
    journal: PostgresJournal, connection: Connection, step: Steps
) -> None:
    journal.append(step(1))
    connection.execute(b"UPDATE lease SET deadline = clock_timestamp() - interval '1 second'")
    journal.append(step(2))
    assert [(entry.seq, entry.epoch) for entry in checked(entries(connection))] == [(1, 1), (2, 2)]


def test_a_connection_that_was_cut_is_opened_anew(
    journal: PostgresJournal, connection: Connection, step: Steps
) -> None:
    journal.append(step(1))
    cut(connection, journal)
    journal.append(step(2))
    assert [entry.seq for entry in checked(entries(connection))] == [1, 2]


class Cut:
    """A connection that is cut before or after its server has carried out the next append."""

    def __init__(self, journal: PostgresJournal, admin: Connection, *, committed: bool, times: int = 1) -> None:
        self.journal, self.admin, self.committed, self.times = journal, admin, committed, times

    def __enter__(self) -> None:
        self.write = psycopg.Connection.execute
        cutting = self

        def execute(connection: Connection, query: object, *rest: object, **options: object) -> object:
            append = "INSERT INTO journal" in str(query) and cutting.times > 0
            if not append:
                return cutting.write(connection, query, *rest, **options)  # type: ignore[arg-type]
            cutting.times -= 1
            if cutting.committed:
                cutting.write(connection, query, *rest, **options)  # type: ignore[arg-type]
            cutting.admin.execute("SELECT pg_terminate_backend(%s, 1000)", (connection.info.backend_pid,))
            return cutting.write(connection, "SELECT 1")

        psycopg.Connection.execute = execute  # type: ignore[assignment,method-assign]

    def __exit__(self, *_: object) -> None:
        psycopg.Connection.execute = self.write  # type: ignore[method-assign]


def cut(connection: Connection, journal: PostgresJournal) -> None:
    connection.execute("SELECT pg_terminate_backend(%s, 1000)", (journal.connection.info.backend_pid,))


@pytest.mark.parametrize("committed", [True, False], ids=["after the commit", "before the commit"])
def test_a_commit_that_nobody_confirmed_counts_once(
    journal: PostgresJournal, admin: Connection, connection: Connection, step: Steps, *, committed: bool
) -> None:
    journal.append(step(1))
    with Cut(journal, admin, committed=committed):
        journal.append_all([step(2), step(3)])
    journal.append(step(4))
    found = list(checked(entries(connection)))
    assert [entry.step for entry in found] == [step(number) for number in (1, 2, 3, 4)]
    assert connection.execute("SELECT count(*) FROM outbox").fetchone() == (1,)
    assert found[-1].epoch == 2, "a new epoch keeps what may still be under way from arriving"


@pytest.mark.parametrize("committed", [True, False], ids=["after the commit", "before the commit"])
def test_a_step_is_given_again_after_the_journal_was_away(
    journal: PostgresJournal, admin: Connection, connection: Connection, step: Steps, *, committed: bool
) -> None:
    """The database is away for both tries, and nobody knows whether the first arrived: it is asked when it is back."""
    with Cut(journal, admin, committed=committed, times=1):
        found, journal._find = journal._find, lambda: "postgresql://127.0.0.1:1/nothing"
        with pytest.raises(JournalAwayError, match="can't be reached"):
            journal.append(step(1))
    journal._find = found
    journal.append_all([step(1), step(2)])
    assert [entry.step for entry in checked(entries(connection))] == [step(1), step(2)]


def test_a_writer_that_was_cut_finds_that_another_has_taken_over(
    journal: PostgresJournal, admin: Connection, connection: Connection, step: Steps
) -> None:
    journal.append(step(1))
    with Cut(journal, admin, committed=False):
        found, journal._find = journal._find, lambda: "postgresql://127.0.0.1:1/nothing"
        with pytest.raises(JournalAwayError):
            journal.append(step(2))
    journal._find = found
    connection.execute(b"UPDATE lease SET deadline = '-infinity'")
    Lease.acquire(connection, "the other")
    with pytest.raises(LeaseLostError, match="the other"):
        journal.append(step(2))
    assert head(connection)[0] == 1


@pytest.mark.spec("STATE-05")
def test_a_disk_that_is_full_is_a_journal_that_is_away(
    journal: PostgresJournal, connection: Connection, step: Steps
) -> None:
    # The server refuses to write as it does when its disk is full.
    connection.execute(
        b"""CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$"""
    )
    try:
        connection.execute(b"CREATE TRIGGER full_disk BEFORE INSERT ON journal EXECUTE FUNCTION full_disk()")
        for _ in range(2):
            with pytest.raises(JournalAwayError, match="No space left on device"):
                journal.append(step(1))
    finally:
        connection.execute(b"DROP FUNCTION full_disk CASCADE")
    journal.append(step(1))
    assert [entry.seq for entry in checked(entries(connection))] == [1]


def test_a_defect_is_not_taken_for_a_database_that_is_away(
    journal: PostgresJournal, connection: Connection, step: Steps
) -> None:
    connection.execute(b"ALTER TABLE outbox RENAME TO elsewhere")
    try:
        with pytest.raises(psycopg.errors.UndefinedTable):
            journal.append(step(1))
    finally:
        connection.execute(b"ALTER TABLE elsewhere RENAME TO outbox")

"""What a person asks for at the terminal, through the store, of an engine that runs, and of one that doesn't."""

import getpass
import json
import socket
from collections.abc import Callable, Iterator

import pytest
from typer.testing import Result

from adapters.postgres.commands import Asked, CommandReader, answer_to, ask, withdraw
from adapters.postgres.connection import Connection, connect
from adapters.postgres.journal import PostgresJournal, entries
from adapters.postgres.lease import Lease
from runtime.events import OperatorCommand
from runtime.inbox import EventInbox
from tests.adapters.postgres.running import BOOK, Running, until

pytestmark = pytest.mark.spec("LIFE-06")
WHY = ("--reason", "a test")
Eternal = Callable[..., Result]


@pytest.fixture
def running(url: str) -> Iterator[Running]:
    with Running(url).trading() as one:
        yield one


# ── an engine that runs ────────────────────────────────────────────────────────────────────────────────────────────


def test_the_engine_is_paused_and_resumed_and_says_who_wanted_it_and_why(eternal: Eternal, running: Running) -> None:
    ended = eternal("pause", "--reason", "the exchange has announced maintenance")
    who = f"{getpass.getuser()}@{socket.gethostname()}"
    assert ended.exit_code == 0, ended.output
    assert ended.output.splitlines()[0] == f"pause by {who} (terminal): the exchange has announced maintenance"
    assert running.engine.life.state == "PAUSED"
    assert eternal("resume", *WHY).exit_code == 0
    assert running.engine.life.state == "RUNNING"
    with connect(running.url) as connection:
        events = [entry.step.event for entry in entries(connection)]
    asked = [event for event in events if isinstance(event, OperatorCommand)]
    assert [(event.name, event.actor, event.source) for event in asked] == [
        ("pause", who, "terminal"),
        ("resume", who, "terminal"),
    ]


def test_one_book_is_paused_by_name(eternal: Eternal, running: Running) -> None:
    assert eternal("pause", BOOK, *WHY).exit_code == 0
    assert running.engine.paused == {BOOK}
    ended = eternal("resume", *WHY)
    assert ended.exit_code == 0
    assert f"These books were paused by name and stay so: {BOOK}." in ended.output
    assert eternal("resume", BOOK, *WHY).exit_code == 0
    assert running.engine.paused == frozenset()


def test_what_is_held_is_sold_and_a_purchase_is_made_only_when_confirmed(eternal: Eternal, running: Running) -> None:
    running.day()
    until(running.held)
    assert eternal("flatten", BOOK, *WHY).exit_code == 0
    until(lambda: running.held() == 0)
    told = eternal("purchase", *WHY)
    assert told.exit_code == 0, told.output
    assert "would be carried out: buy BTCUSDT" in told.output
    assert running.held() == 0
    done = eternal("purchase", "--confirm", *WHY)
    assert "was carried out: buy BTCUSDT" in done.output
    until(running.held)


def test_a_halt_closes_everything_and_ends_by_an_acknowledgement(eternal: Eternal, running: Running) -> None:
    running.day()
    until(running.held)
    assert eternal("halt", *WHY).exit_code == 0
    refused = eternal("resume", *WHY)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr.strip() == "Trading is halted, so nothing can be resumed: acknowledge first."
    until(lambda: running.held() == 0)
    until(lambda: running.engine.halt.complete)
    assert eternal("ack", *WHY).exit_code == 0
    assert running.engine.life.state == "RUNNING"


def test_what_the_engine_refuses_ends_with_its_sentence_and_another_code(eternal: Eternal, running: Running) -> None:
    ended = eternal("pause", "core-hold", *WHY)
    assert ended.exit_code == 1
    assert "There is no book core-hold" in ended.stderr
    assert BOOK in ended.stderr


def test_a_program_gets_the_answer_as_data(eternal: Eternal, running: Running) -> None:
    said = json.loads(eternal("pause", BOOK, "--json", *WHY).stdout)
    assert said["queued"] is False
    assert said["answer"]["carried_out"] is True
    with connect(running.url) as connection:
        entry = next(iter(entries(connection, said["answer"]["seq"] - 1)))
    assert isinstance(entry.step.event, OperatorCommand)
    assert entry.step.event.command_id == said["command"]
    refused = eternal("retire", "nobody", "--json", *WHY)
    assert refused.exit_code == 1
    assert json.loads(refused.stdout)["answer"]["carried_out"] is False


def test_a_reason_is_demanded_of_a_program(eternal: Eternal, connection: Connection) -> None:
    for words in (("halt",), ("halt", "--reason", " ")):
        ended = eternal(*words)
        assert ended.exit_code == 2
        assert "Expected a reason" in ended.stderr
    assert connection.execute("SELECT count(*) FROM commands").fetchone() == (0,)


# ── no engine, or one that does not answer ─────────────────────────────────────────────────────────────────────────


def test_without_an_engine_nothing_is_left_behind(eternal: Eternal, connection: Connection) -> None:
    ended = eternal("flatten", *WHY)
    assert ended.exit_code == 3
    assert "No engine is running on this store" in ended.stderr
    assert connection.execute("SELECT count(*) FROM commands").fetchone() == (0,)


def test_a_queued_command_waits_for_the_next_start(eternal: Eternal, url: str, connection: Connection) -> None:
    ended = eternal("pause", "--queue", "--json", *WHY)
    assert ended.exit_code == 0
    said = json.loads(ended.stdout)
    assert said["queued"] is True
    with Running(url).trading() as running:
        answer = answer_to(connection, said["command"], 20)
        assert answer is not None
        assert answer.carried_out
        assert running.engine.life.state == "PAUSED"


def test_a_command_that_nobody_takes_is_taken_back(eternal: Eternal, connection: Connection, url: str) -> None:
    lease = Lease.acquire(connection, "an engine that hangs")
    ended = eternal("pause", "--wait", "0.1", *WHY)
    assert ended.exit_code == 3
    assert "it was taken back: nothing is done" in ended.stderr
    inbox = EventInbox()
    with CommandReader(lambda: url, lease, inbox, Clock()):
        asked = ask(connection, Asked("resume", "", "anna", "a test", "test", False))
        event = inbox.take(20)
    assert isinstance(event, OperatorCommand)
    assert (event.name, event.command_id) == ("resume", asked)
    assert inbox.take(0) is None


def test_a_command_that_was_taken_but_not_answered_is_said_to_be_under_way(
    eternal: Eternal, connection: Connection, url: str
) -> None:
    lease, inbox = Lease.acquire(connection, "an engine that hangs"), EventInbox()
    with CommandReader(lambda: url, lease, inbox, Clock()):
        until_taken = eternal("pause", "--wait", "2", *WHY)
    assert until_taken.exit_code == 3
    assert "has taken the command but not answered" in until_taken.stderr
    assert len(inbox) == 1


# ── crashes ────────────────────────────────────────────────────────────────────────────────────────────────────────


class Clock:
    """A clock that stands."""

    def now_ms(self) -> int:
        return 1_000


def test_what_a_dead_process_took_is_taken_by_the_next_and_never_twice_by_one(connection: Connection, url: str) -> None:
    first, heard = Lease.acquire(connection, "the first", ttl_s=-1), EventInbox()
    reader = CommandReader(lambda: url, first, heard, Clock())
    command_id = ask(connection, Asked("pause", "", "anna", "a test", "test", False))
    for _ in range(3):
        assert reader.turn(connection)
    assert len(heard) == 1
    assert not withdraw(connection, command_id)
    second, inbox = Lease.acquire(connection, "the second", grace_s=0), EventInbox()
    assert CommandReader(lambda: url, second, inbox, Clock()).turn(connection)
    assert len(inbox) == 1
    ask(connection, Asked("resume", "", "anna", "a test", "test", False))
    assert not reader.turn(connection)
    assert len(heard) == 1


def test_a_command_that_was_journaled_before_the_crash_is_answered_and_not_handed_over(
    connection: Connection, url: str
) -> None:
    running = Running(url)
    command_id = ask(connection, Asked("pause", BOOK, "anna", "a test", "test", False))
    running.journal.append(
        running.engine.step(OperatorCommand(1_000, "pause", "anna", "a test", BOOK, "test", command_id))
    )
    inbox = EventInbox()
    CommandReader(lambda: url, running.lease, inbox, Clock()).turn(connection)
    assert len(inbox) == 0
    answer = answer_to(connection, command_id, 0)
    assert answer is not None
    assert answer.carried_out
    assert answer.sentences[0] == "pause by anna (test): a test"
    running.journal.close()


def test_a_command_asked_while_the_database_was_away_arrives_when_it_is_back(
    connection: Connection, url: str, journal: PostgresJournal
) -> None:
    inbox = EventInbox()
    with CommandReader(lambda: url, journal.lease, inbox, Clock()):
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query LIKE %s",
            ("%commands%",),
        )
        ask(connection, Asked("pause", "", "anna", "a test", "test", False))
        assert inbox.take(20) is not None

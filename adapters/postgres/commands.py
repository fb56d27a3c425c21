"""What people ask of the running engine: written into the store by anybody, read by the one process that trades."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

from adapters.clock import Stopwatch
from adapters.postgres.beside import Beside
from adapters.postgres.chain import Entry
from adapters.postgres.connection import Connection
from adapters.postgres.lease import Lease
from runtime.commands import told
from runtime.events import OperatorCommand
from runtime.ports import Clock, Inbox
from runtime.step import Notice, Step

ASKED, ANSWERED = "commands_asked", "commands_answered"
IDLE_S, BUSY_S = 0.5, 0.05
LISTEN = {ASKED: b"LISTEN commands_asked", ANSWERED: b"LISTEN commands_answered"}
ASK = """
WITH asked AS (
    INSERT INTO commands (name, book, actor, reason, source, confirmed) VALUES (%s, %s, %s, %s, %s, %s) RETURNING id
)
SELECT id, pg_notify('commands_asked', '') FROM asked
"""
WITHDRAW = """
UPDATE commands SET withdrawn = true WHERE id = %s AND taken_by IS NULL AND NOT withdrawn RETURNING id
"""
READ = "SELECT seq, carried_out, answers FROM commands WHERE id = %s AND seq IS NOT NULL"
# Only the process that has the lease takes anything, whatever the one before it still believes.
TAKE = """
WITH taken AS (
    UPDATE commands SET taken_by = lease.taken FROM lease
    WHERE lease.name = 'writer' AND lease.taken = %s AND commands.seq IS NULL AND NOT commands.withdrawn
    RETURNING commands.*
)
SELECT id, name, book, actor, reason, source, confirmed FROM taken ORDER BY number
"""
JOURNALED = """
SELECT seq, epoch, at_ms, kind, rules, body::text, hash_prev, hash FROM journal
WHERE kind = 'OperatorCommand' AND body #>> '{event,command_id}' = ANY(%s) ORDER BY seq
"""
RELOADED = """
SELECT seq, epoch, at_ms, kind, rules, body::text, hash_prev, hash FROM journal
WHERE kind = 'RulesReloaded' AND body #>> '{event,command_id}' = %s ORDER BY seq
"""
ANSWER = """
WITH answered AS (
    UPDATE commands SET seq = %s, carried_out = %s, answers = %s WHERE id = %s AND seq IS NULL RETURNING id
)
SELECT pg_notify('commands_answered', id) FROM answered
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants; `book` is empty for all of them, `source` is where it comes from, such as terminal."""

    name: str
    book: str
    actor: str
    reason: str
    source: str
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What the engine said: in which entry of the journal, whether it was carried out, and all its sentences."""

    seq: int
    carried_out: bool
    sentences: tuple[str, ...]


def ask(connection: Connection, asked: Asked) -> str:
    """Leave a command for the engine and return its id."""
    values = (asked.name, asked.book, asked.actor, asked.reason, asked.source, asked.confirmed)
    row = connection.execute(ASK, values).fetchone()
    assert row is not None
    found: str = row[0]
    return found


def withdraw(connection: Connection, command_id: str) -> bool:
    """Take a command back; False where the engine has it already."""
    return connection.execute(WITHDRAW, (command_id,)).fetchone() is not None


def answer_to(connection: Connection, command_id: str, patience_s: float) -> Answer | None:
    """Wait for the answer to a command; None where none came in time."""
    connection.execute(LISTEN[ANSWERED])
    watch = Stopwatch()
    while True:
        row = connection.execute(READ, (command_id,)).fetchone()
        if row is not None:
            return Answer(row[0], row[1], tuple(row[2]))
        left_s = patience_s - watch.elapsed_s()
        if left_s <= 0:
            return None
        _await_news(connection, min(left_s, IDLE_S))


def reload_of(connection: Connection, command_id: str, patience_s: float) -> Step | None:
    """Wait for the step in which the engine heard of the rule files that a command let it read; None: not in time."""
    watch, pause = Stopwatch(), Event()
    while True:
        row = connection.execute(RELOADED, (command_id,)).fetchone()
        if row is not None:
            return Entry(*row).step
        left_s = patience_s - watch.elapsed_s()
        if left_s <= 0:
            return None
        pause.wait(min(left_s, IDLE_S))


class CommandReader(Beside):
    """Hands what people ask for to the engine's inbox, and keeps its answers, in a thread of its own.

    The journal says whether a command was carried out. One that a dead process had taken without writing it down is
    handed over again, and the engine itself does nothing twice. A database that is away delays all of this.
    """

    def __init__(self, find: Callable[[], str], lease: Lease, inbox: Inbox, clock: Clock) -> None:
        super().__init__("commands", find)
        self._lease, self._inbox, self._clock = lease, inbox, clock
        self._handed: set[str] = set()

    def _work(self, connection: Connection) -> None:
        connection.execute(LISTEN[ASKED])
        while not self._stopping.is_set():
            busy = self.turn(connection)
            _await_news(connection, BUSY_S if busy else IDLE_S)
        self._keep_answers(connection, list(self._handed))

    def turn(self, connection: Connection) -> bool:
        """Keep the answers there are, and hand over what is new; False where nothing is open."""
        taken = [_command(row, self._clock.now_ms()) for row in connection.execute(TAKE, (self._lease.taken,))]
        if not taken:
            return False
        answered = self._keep_answers(connection, [command.command_id for command in taken])
        for command in taken:
            if command.command_id not in answered | self._handed:
                self._inbox.put(command)
                self._handed.add(command.command_id)
        self._handed -= answered
        return True

    def _keep_answers(self, connection: Connection, ids: list[str]) -> set[str]:
        answered = set()
        for row in connection.execute(JOURNALED, (ids,)).fetchall():
            step = Entry(*row).step
            assert isinstance(step.event, OperatorCommand)
            sentences = [record.text for record in step.records if isinstance(record, Notice)]
            values = (step.sequence, carried_out(step), sentences, step.event.command_id)
            connection.execute(ANSWER, values)
            answered.add(step.event.command_id)
        return answered


def carried_out(step: Step) -> bool:
    """Whether a command was carried out: then the engine tells it before anything else."""
    assert isinstance(step.event, OperatorCommand)
    words = told(step.event)
    return any(isinstance(record, Notice) and record.text == words for record in step.records)


def _command(row: tuple[str, str, str, str, str, str, bool], at_ms: int) -> OperatorCommand:
    command_id, name, book, actor, reason, source, confirmed = row
    return OperatorCommand(at_ms, name, actor, reason, book, source, command_id, confirmed)


def _await_news(connection: Connection, most_s: float) -> None:
    for _ in connection.notifies(timeout=most_s, stop_after=1):
        return

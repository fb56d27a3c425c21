"""News are written together; whatever asks for something is written before it can leave."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from adapters.postgres.chain import checked
from adapters.postgres.connection import Connection
from adapters.postgres.gathering import MOST, Gathering
from adapters.postgres.journal import PostgresJournal, entries
from runtime.events import FactObserved, Fill, FillKind
from runtime.instrument import Market
from runtime.ports import JournalAwayError
from runtime.requests import LookAtAccount, Request, Side
from runtime.step import Step

Steps = Callable[[int], Step]
pytestmark = pytest.mark.spec("STATE-01")
NOWHERE = "postgresql://127.0.0.1:1/nothing"


def fact(number: int) -> Step:
    return Step(number, number, FactObserved(number, "quote.bid", 1.5, "BTCUSDT"), (), ())


def fill(number: int, *requests: Request) -> Step:
    """News of an order that was filled, and what follows from it."""
    where = ("order", "CORE", Market.SPOT, "BTCUSDT", Side.BUY, Decimal(1), Decimal(50_000))
    event = Fill(number, f"execution-{number}", *where, Decimal(0), "USDT", False, FillKind.TRADE, True)
    return Step(number, number, event, (), requests)


def written(connection: Connection) -> list[Step]:
    return [entry.step for entry in checked(entries(connection))]


def test_facts_wait_for_the_step_after_them(journal: PostgresJournal, connection: Connection, step: Steps) -> None:
    gathering = Gathering(journal, lambda: True)
    for number in (1, 2):
        gathering.append(fact(number))
    assert written(connection) == []
    gathering.append(step(3))
    assert written(connection) == [fact(1), fact(2), step(3)]


def test_a_fill_waits_unless_something_follows_from_it(journal: PostgresJournal, connection: Connection) -> None:
    gathering = Gathering(journal, lambda: True)
    follows = fill(3, LookAtAccount("CORE"))
    for one in (fact(1), fill(2)):
        gathering.append(one)
    assert written(connection) == []
    gathering.append(follows)
    assert written(connection) == [fact(1), fill(2), follows]


def test_the_last_fact_of_a_crowd_waits_for_nothing(journal: PostgresJournal, connection: Connection) -> None:
    waiting = [True, True, False]
    gathering = Gathering(journal, lambda: waiting.pop(0))
    for number in (1, 2, 3):
        gathering.append(fact(number))
    assert len(written(connection)) == 3


def test_what_is_held_is_written_at_the_end_and_never_grows_without_bounds(
    journal: PostgresJournal, connection: Connection
) -> None:
    gathering = Gathering(journal, lambda: True)
    for number in range(1, MOST + 4):
        gathering.append(fact(number))
    assert len(written(connection)) == MOST + 1
    gathering.flush()
    gathering.flush()
    assert len(written(connection)) == MOST + 3


def test_what_was_held_when_the_database_went_away_is_written_when_it_is_back(
    journal: PostgresJournal, connection: Connection, step: Steps
) -> None:
    gathering = Gathering(journal, lambda: True)
    gathering.append(fact(1))
    found, journal._find = journal._find, lambda: NOWHERE
    connection.execute("SELECT pg_terminate_backend(%s, 1000)", (journal.connection.info.backend_pid,))
    with pytest.raises(JournalAwayError):
        gathering.append(step(2))
    journal._find = found
    gathering.append(step(2))
    assert written(connection) == [fact(1), step(2)]

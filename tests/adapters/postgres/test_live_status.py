"""What `eternal status` shows of an engine that runs, of one that has stopped, and of a store without any."""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from typer.testing import Result

from adapters.postgres.connection import Connection
from adapters.postgres.live_status import StatusRow, live_status
from runtime.events import EarnMoved
from tests.adapters.postgres.running import ACCOUNT, BOOK, Running, until

pytestmark = pytest.mark.spec("LIFE-06", "RULE-10")
Eternal = Callable[..., Result]


@pytest.fixture(scope="module")
def prompt() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("adapters.postgres.live_status.EVERY_MS", 20)
        patch.setattr("adapters.postgres.live_status.MISSING_EVERY_MS", 20)
        patch.setattr("adapters.postgres.live_status.REST", 0)
        yield


@pytest.fixture
def running(url: str, prompt: None) -> Iterator[Running]:
    with Running(url).trading() as one:
        yield one


def shown(eternal: Eternal, fits: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    """Look until the engine has said what is waited for."""
    found: dict[str, Any] = {}

    def look() -> Any:
        found.update(json.loads(eternal("status", "--json").stdout))
        return found["sheet"] is not None and fits(found["sheet"])

    until(look)
    return found


def named(waits: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(one["symbol"], one["rule"]) for one in waits}


def test_it_shows_what_is_held_and_what_the_next_entry_waits_for(eternal: Eternal, running: Running) -> None:
    running.day()
    until(running.held)
    found = shown(eternal, lambda sheet: len(sheet["positions"]) == 2)
    assert found["running"]
    assert found["mode"] == "local"
    sheet = found["sheet"]
    assert (sheet["life"]["state"], sheet["money"]["breaker"]) == ("RUNNING", "NORMAL")
    assert [(one["book"], one["state"]) for one in sheet["engines"]] == [(BOOK, "DEPLOYING")]
    bitcoin = sheet["positions"][0]
    assert bitcoin["symbol"] == "BTCUSDT"
    assert Decimal(bitcoin["quantity"]).quantize(Decimal("0.0001")) == running.held()
    assert Decimal(bitcoin["average_price"]) == 50_000
    assert {one["rule"] for one in found["decisions"]} >= {"entries.deploy", "triggers.begin_over_many_weeks"}
    assert {one["symbol"] for one in sheet["feeds"]} == {"BTCUSDT", "ETHUSDT"}
    # The first answer may be from before the first candle.
    shown(eternal, lambda later: ("BTCUSDT", "entries.deploy") in named(later["why_not"]))


def test_a_person_reads_the_same_as_a_page(eternal: Eternal, running: Running) -> None:
    running.day()
    until(running.held)
    eternal("pause", BOOK, "--reason", "a test")
    shown(eternal, lambda sheet: sheet["positions"] and sheet["life"]["paused_books"])
    ended = eternal("status")
    assert ended.exit_code == 0, ended.output
    for words in ("RUNNING", "mode local", f"Paused by name: {BOOK}.", "50,000.00", "holding", "entries.deploy"):
        assert words in ended.output
    assert "pause by" in ended.output


def test_what_is_lent_out_is_shown_until_it_is_back(eternal: Eternal, running: Running) -> None:
    at_ms = running.outside.now_ms()
    running.inbox.put(EarnMoved(at_ms, "loan", ACCOUNT, "ETH", Decimal("1.50")))
    (loan,) = shown(eternal, lambda sheet: sheet["loans"])["sheet"]["loans"]
    assert loan == {"account": ACCOUNT, "coin": "ETH", "amount": "1.50", "moving": False}
    words = eternal("status").output
    assert [line.split() for line in words.splitlines() if line.startswith(ACCOUNT)] == [[ACCOUNT, "ETH", "1.5"]]
    assert "loans at Earn" in words
    running.inbox.put(EarnMoved(at_ms, "home", ACCOUNT, "ETH", Decimal("-1.50")))
    shown(eternal, lambda sheet: not sheet["loans"])
    assert "loans at Earn" not in eternal("status").output


def test_an_engine_that_has_stopped_is_not_shown_as_one_that_runs(eternal: Eternal, url: str, prompt: None) -> None:
    with Running(url).trading():
        shown(eternal, lambda sheet: sheet["life"]["reconciled"])
    ended = eternal("status")
    assert ended.exit_code == 1
    assert "NOT RUNNING" in ended.output
    assert "No engine is running on this store" in ended.stderr


def test_an_engine_that_says_nothing_any_more_is_noticed(
    eternal: Eternal, url: str, prompt: None, connection: Connection
) -> None:
    with Running(url).trading():
        shown(eternal, lambda sheet: sheet["life"]["reconciled"])
    connection.execute(b"UPDATE live_status SET written_at = written_at - interval '11 seconds'")
    connection.execute(b"UPDATE lease SET deadline = clock_timestamp() + interval '10 seconds'")
    ended = eternal("status")
    assert ended.exit_code == 1
    assert "says nothing" in ended.stderr


def test_a_store_on_which_nothing_ever_ran_says_so(eternal: Eternal, url: str) -> None:
    ended = eternal("status")
    assert ended.exit_code == 1
    assert "No engine has ever run on this store." in ended.stdout


def test_a_database_that_was_away_is_written_to_again(url: str, prompt: None, connection: Connection) -> None:
    running = Running(url)
    with StatusRow(lambda: url, "local") as status:
        status.look(running.engine, 1)
        until(lambda: live_status(connection) is not None)
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query LIKE %s",
            ("%live_status%",),
        )

        def again() -> bool:
            status.look(running.engine, 2)
            said = live_status(connection)
            return said is not None and said.sheet["at_ms"] == 2

        until(again)
    running.journal.close()

"""`explain` and `why-not` on the journal of an engine that trades, in the same words as on a saved run."""

import json
from collections.abc import Callable, Iterator

import pytest
from typer.testing import Result

from tests.adapters.postgres.running import BOOK, Running, until

pytestmark = pytest.mark.spec("RULE-10")
Eternal = Callable[..., Result]


@pytest.fixture
def running(url: str) -> Iterator[Running]:
    """An engine that has bought on its first day and waits on its second."""
    with Running(url).trading() as one:
        one.day()
        until(one.held)
        one.day()
        yield one


def test_why_not_asks_an_engine_that_stands_where_the_journal_ends(eternal: Eternal, running: Running) -> None:
    ended = eternal("why-not", "live", "BTCUSDT")
    assert ended.exit_code == 0, ended.output
    assert f"{BOOK} BTCUSDT, 2024-10-06 00:00 UTC: DEPLOYING" in ended.output
    assert "✗ entries.deploy" in ended.output
    said = json.loads(eternal("why-not", "live", "BTCUSDT", "--json").stdout)
    assert said["run"] == "live"
    entries = {entry["rule"]: entry["fires"] for entry in said["answers"][0]["entries"]}
    assert entries["entries.deploy"] is False


def test_why_not_is_about_now_and_about_what_is_traded(eternal: Eternal, running: Running) -> None:
    assert eternal("why-not", "live", "BTCUSDT", "--at", "2024-10-05").exit_code == 2
    ended = eternal("why-not", "live", "BTCUSD")
    assert ended.exit_code == 2
    assert "Did you mean BTCUSDT" in ended.stderr


def test_without_a_journal_there_is_nothing_to_ask(eternal: Eternal, url: str) -> None:
    ended = eternal("why-not", "live", "BTCUSDT")
    assert ended.exit_code == 3
    assert "no engine has ever run on it" in ended.stderr

"""`explain` and `why-not` on the journal of an engine that trades, in the same words as on a saved run."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import Result

from adapters.postgres.connection import connect
from adapters.postgres.projections import Projector
from tests.adapters.postgres.running import BOOK, Running, until

pytestmark = pytest.mark.spec("RULE-10")
Eternal = Callable[..., Result]
PAGE = Path(__file__).resolve().parents[3] / "docs" / "operating.md"


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


# ── explain ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def followed(running: Running) -> Running:
    """The same, with tables that have followed."""
    with connect(running.url, patient=True) as connection:
        Projector(connection).catch_up()
    return running


def test_an_order_is_explained_with_its_rule_and_what_it_saw(eternal: Eternal, followed: Running) -> None:
    orders = json.loads(eternal("explain", "live", "--json").stdout)["orders"]
    first = next(order for order in orders if order["symbol"] == "BTCUSDT")
    assert (first["rule"], first["ended"]) == ("entries.deploy", "filled")
    ended = eternal("explain", "live", first["order_id"])
    assert ended.exit_code == 0, ended.output
    for words in (
        f"order {first['order_id']} of run live",
        "it ended: filled",
        "rules/engines/core-hodl.yaml",
        "what it",
    ):
        assert words in ended.output
    story = json.loads(eternal("explain", "live", first["order_id"][:-3], "--json").stdout)
    assert story["order"]["order_id"] == first["order_id"]
    assert story["decision"]["rule"] == "entries.deploy"
    assert first["order_id"] in story["decision"]["order_ids"]
    assert story["order"]["average_price"] == "50000"
    assert [fill["kind"] for fill in story["fills"]] == ["trade"]


def test_a_decision_is_explained_by_its_number_and_the_last_order_by_its_place(
    eternal: Eternal, followed: Running
) -> None:
    decided = json.loads(eternal("explain", "live", "2", "--json").stdout)
    assert (decided["decision"]["number"], decided["decision"]["rule"]) == (2, "entries.deploy")
    assert {order["symbol"] for order in decided["orders"]} == {"BTCUSDT", "ETHUSDT"}
    newest = json.loads(eternal("explain", "live", "--json").stdout)["orders"][-1]
    assert json.loads(eternal("explain", "live", "last", "--json").stdout)["order"] == newest


def test_what_a_person_sold_is_explained_by_the_command(eternal: Eternal, running: Running) -> None:
    eternal("flatten", BOOK, "--reason", "a test")
    until(lambda: not running.held())
    with connect(running.url, patient=True) as connection:
        Projector(connection).catch_up()
    ended = eternal("explain", "live", "last")
    assert ended.exit_code == 0, ended.output
    assert "no rule asked for it" in ended.output
    assert f"{BOOK} wanted to sell" in ended.output
    assert "caused by flatten by" in ended.output


def test_an_order_that_is_not_there_is_refused_with_what_is_near(eternal: Eternal, followed: Running) -> None:
    ended = eternal("explain", "live", "core-hod-nothing")
    assert ended.exit_code == 2
    assert "Expected the id of an order or the number of a decision" in ended.stderr
    several = eternal("explain", "live", "core-hod")
    assert several.exit_code == 2
    assert "Write more of it" in several.stderr


@pytest.mark.spec("LIFE-06", "CLI-01")
def test_every_command_of_the_page_about_operating_runs(eternal: Eternal, followed: Running) -> None:
    lines = re.findall(r"^\$ eternal (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    commands = [shlex.split(line, comments=True) for line in lines if not line.startswith(("break-glass", "reload"))]
    assert len(commands) > 4
    failed = [f"{words}: {ended.output}" for words in commands if (ended := eternal(*words)).exit_code != 0]
    assert not failed


@pytest.mark.spec("LIFE-06")
def test_the_journal_is_followed_as_it_is_written(eternal: Eternal, running: Running) -> None:
    words = ("journal", "--kind", "OperatorCommand", "--follow", "--json")
    command = [sys.executable, "-c", "from adapters.cli.main import app; app()", *words]
    environment = {**os.environ, "PYTHONPATH": str(PAGE.parents[1])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        for name in ("pause", "resume"):
            assert eternal(name, "--reason", "a test").exit_code == 0
            assert json.loads(process.stdout.readline())["event"]["name"] == name
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == ""
    assert process.returncode == 0

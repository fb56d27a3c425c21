"""`eternal alerts` at the terminal, with real channels and a real store."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from adapters.alerts.dispatcher import Dispatcher
from adapters.cli.main import app
from adapters.postgres.outbox import PostgresOutbox

ROUTES = """\
book: routes
channels:
  chat: ${CHAT_URL}
  mail: ${MAIL_URL}
  phone: ${PHONE_URL}
routes:
  all: { to: [chat, mail, phone] }
"""
pytestmark = pytest.mark.spec("ALERT-01")


@pytest.fixture
def eternal(tmp_path: Path, store: str, post, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    (tmp_path / "rules" / "governance").mkdir(parents=True)
    (tmp_path / "rules" / "governance" / "routes.yaml").write_text(ROUTES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("DATABASE_URL", store)
    monkeypatch.setenv("CHAT_URL", f"json://user:hunter2@127.0.0.1:{post.port}/chat")
    monkeypatch.setenv("MAIL_URL", f"json://127.0.0.1:{post.port}/mail")
    monkeypatch.delenv("PHONE_URL", raising=False)
    return lambda *words: CliRunner().invoke(app, ["alerts", *words])


def test_a_trial_tells_which_channels_work_and_never_a_secret(eternal: Callable[..., Result], post) -> None:
    post.down.add("mail")
    ended = eternal("test")
    assert ended.exit_code == 1
    assert ended.output.splitlines() == [
        "chat: took the message",
        "mail: did not take the message; check its URL and the network",
        "phone: not in use, PHONE_URL is not set",
    ]
    assert post.titles("chat") == ["Eternal Engine"]
    assert "hunter2" not in ended.output


def test_one_channel_can_be_tried_alone(eternal: Callable[..., Result], post) -> None:
    assert eternal("test", "chat").exit_code == 0
    assert [channel for channel, *_ in post.taken] == ["chat"]
    wrong = eternal("test", "chatt")
    assert wrong.exit_code == 2
    assert 'found "chatt"' in wrong.output


def test_an_address_that_is_none_is_told_without_it(eternal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAT_URL", "nonsense://hunter2")
    ended = eternal("test", "chat")
    assert ended.exit_code == 1
    assert "chat: not in use, Expected an Apprise URL for the channel chat" in ended.output
    assert "hunter2" not in ended.output


def test_alerts_are_listed_with_where_they_have_arrived(
    eternal, outbox: PostgresOutbox, dispatch: Callable[[], Dispatcher], post, clock, settle
) -> None:
    assert eternal("list").output == "Nothing has been told yet.\n"
    post.down.add("mail")
    outbox.tell(clock.at_ms, "P0", "trend-1", "Stop gone.")
    outbox.tell(clock.at_ms, "P3", "", "All is well.")
    settle(dispatch())
    assert eternal("list").output.splitlines() == [
        "2027-01-15 08:00  P0  trend-1: Stop gone. (arrived: chat; waits: mail)",
        "2027-01-15 08:00  P3  engine: All is well. (dashboard only)",
    ]
    assert eternal("list", "--waiting").output == "Nothing waits.\n"
    found = json.loads(eternal("list", "--json").output)["alerts"]
    assert (found[0]["arrived"], found[0]["waiting"]) == (["chat"], ["mail"])
    assert eternal("acknowledge").output == "1 alert acknowledged.\n"
    assert eternal("acknowledge").output == "Nothing is being repeated.\n"
    assert "acknowledged)" in eternal("list").output

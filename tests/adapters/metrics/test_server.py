"""The pages tell the truth, over real HTTP."""

import json
import socket
from collections.abc import Callable, Iterator
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from runtime.events import ExchangeBack, ExchangeLost, RulesRead, Timer

pytestmark = pytest.mark.spec("OBS-03")
Page = Callable[[str], tuple[int, dict]]


@pytest.fixture
def page(trial) -> Iterator[Page]:
    with trial.seen.served("127.0.0.1", 0) as port:

        def get(path: str) -> tuple[int, dict]:
            try:
                with urlopen(f"http://127.0.0.1:{port}/{path}", timeout=20) as answer:
                    return answer.status, json.loads(answer.read())
            except HTTPError as refusal:
                with refusal:
                    return refusal.code, json.loads(refusal.read())

        yield get


def test_it_is_ready_only_after_every_account_is_reconciled(trial, page: Page) -> None:
    assert page("health") == (200, {"ok": True, "reasons": {}, "fenced": {}})
    status, body = page("ready")
    assert (status, body["ok"], sorted(body["reasons"])) == (503, False, ["feed", "reconciled"])
    trial.reconcile()
    assert sorted(page("ready")[1]["reasons"]) == ["feed"]
    trial.hour(49_000.0)
    assert page("ready") == (200, {"ok": True, "reasons": {}, "fenced": {}})


def test_a_late_candle_and_a_lost_exchange_are_told(trial, page: Page) -> None:
    trial.reconcile().hour(49_000.0)
    trial.outside.now += 3_600_000 + 61_000
    assert page("ready") == (
        503,
        {"ok": False, "reasons": {"feed": "The 1h candle of BTCUSDT (linear) is 61 s late."}, "fenced": {}},
    )
    trial.hour(49_000.0)
    trial.hear(ExchangeLost(trial.outside.now, "nothing came for 35 s"))
    status, body = page("ready")
    assert (status, body["reasons"]["feed"]) == (503, "The exchange can't be reached: nothing came for 35 s")
    trial.hear(ExchangeBack(trial.outside.now))
    assert "feed" not in page("ready")[1]["reasons"]


def test_a_database_that_is_away_is_told(trial, page: Page) -> None:
    trial.reconcile().hour(49_000.0)
    trial.outside.away = True
    trial.hear(Timer(trial.outside.now))
    status, body = page("ready")
    assert (status, list(body["reasons"])) == (503, ["database"])
    assert page("health")[0] == 200, "waiting for the database is no reason to be killed"
    trial.outside.away = False
    trial.hear(Timer(trial.outside.now))
    assert page("ready")[0] == 200


@pytest.mark.spec("ORCH-05")
def test_a_fenced_book_is_told_and_is_no_reason_to_be_killed(trial, page: Page) -> None:
    trial.reconcile().hour(49_000.0)
    reason = "trial.yaml:3:1: R011 The key `foo` has no meaning here."
    trial.hear(RulesRead(trial.outside.now, {"trial": reason}))
    assert page("health") == page("ready") == (200, {"ok": True, "reasons": {}, "fenced": {"trial": reason}})


def test_a_loop_that_stands_still_is_not_alive(trial, page: Page) -> None:
    trial.reconcile().hour(49_000.0)
    trial.outside.passed_s += 11
    expected = {"ok": False, "reasons": {"loop": "The engine's loop has not turned for 11 s."}, "fenced": {}}
    assert page("health") == page("ready") == (503, expected)
    trial.hear(Timer(trial.outside.now))
    assert page("health")[0] == 200


@pytest.mark.spec("OBS-01")
def test_numbers_are_served_as_prometheus_reads_them(trial) -> None:
    trial.reconcile().hour(49_000.0)
    with trial.seen.served("127.0.0.1", 0) as port, urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
        families = {family.name: family for family in text_string_to_metric_families(answer.read().decode())}
    assert families["eternal_ready"].samples[0].value == 1
    assert families["eternal_portfolio_value_usdt"].samples[0].value == 100_000


def test_a_port_that_is_taken_is_said_at_once(trial) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(OSError, match="in use"), trial.seen.served("127.0.0.1", other.getsockname()[1]):
            pass

"""Logs can be followed from the market event to the fill, and hold no secret."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from adapters.metrics.logs import set_up
from runtime.events import OrderRejected
from runtime.live_sheet import missing_now

SECRETS = ("kX9-api-key-of-trend", "s3cr3t-of-trend-1")
pytestmark = pytest.mark.spec("OBS-02")


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    set_up(SECRETS, stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_fill_leads_back_to_the_decision_and_its_market_event(trial, written: io.StringIO) -> None:
    trial.reconcile().hour(50_100.0)
    trial.accept_and_fill(50_100)
    found = {line["event"]: line for line in lines(written)}
    decision, order, fill = found["decision"], found["order"], found["fill"]
    assert decision["cause"] == "CandleClose"
    assert decision["orders"] == [fill["order_id"]] == [order["order_id"]]
    assert (fill["decision"], fill["decided_in"]) == (decision["decision"], decision["sequence"])
    assert fill["sequence"] > decision["sequence"]
    assert (decision["book"], decision["rule"], fill["symbol"]) == ("trial", decision["rule"], "BTCUSDT")
    assert decision["place"].endswith(".yaml:15:3")


def test_a_refusal_leads_back_to_its_decision(trial, written: io.StringIO) -> None:
    trial.reconcile().hour(50_100.0)
    trial.hear(OrderRejected(trial.outside.now, trial.order().order_id, 110007, "too little money"))
    refused = next(line for line in lines(written) if line["event"] == "refused")
    decided = next(line for line in lines(written) if line["event"] == "decision")
    assert (refused["decided_in"], refused["code"], refused["level"]) == (decided["sequence"], 110007, "warning")


def test_working_out_what_an_entry_misses_writes_nothing(trial, written: io.StringIO) -> None:
    trial.reconcile().hour(50_100.0)
    before = len(lines(written))
    assert list(missing_now(trial.engine, trial.outside.now))
    assert lines(written)[before:] == []


def test_no_secret_is_ever_written(written: io.StringIO) -> None:
    log = structlog.get_logger("eternal")
    key, secret = SECRETS
    log.info(f"signed with {key}", nested={"deep": [f"x{secret}y", (secret,)]}, api_secret="another-one")
    log.info("connecting", url="postgresql://eternal:hunter2hunter2@db/eternal")
    log.info("headers", headers={"X-BAPI-API-KEY": "ANOTHER-KEY", "X-BAPI-SIGN": "abcdef0123"})
    logging.getLogger("pybit").warning("GET /v5/x?api_key=%s&sign=1", "THIRD-KEY-0")
    logging.getLogger("some.library").error('{"apiSecret": "FOURTH-SECRET", "ok": 1}')
    try:
        raise ValueError(f"bad signature for {secret}")
    except ValueError:
        log.exception("failed")
    text = written.getvalue()
    for leaked in (*SECRETS, "another-one", "hunter2", "ANOTHER-KEY", "abcdef0123", "THIRD-KEY-0", "FOURTH-SECRET"):
        assert leaked not in text
    assert len(lines(written)) == 6
    assert "ValueError: bad signature for [hidden]" in lines(written)[-1]["exception"]


def test_lines_of_libraries_have_the_same_form(written: io.StringIO) -> None:
    logging.getLogger("some.library").warning("nothing came for %d s", 35)
    (line,) = lines(written)
    assert (line["event"], line["level"], line["logger"]) == ("nothing came for 35 s", "warning", "some.library")


def test_in_a_terminal_it_is_readable(written: io.StringIO) -> None:
    stream = io.StringIO()
    set_up(SECRETS, stream, as_json=False)
    structlog.get_logger("eternal").info("fill", order_id="trial-1", key=SECRETS[0])
    line = stream.getvalue()
    assert "fill" in line
    assert "order_id=trial-1" in line
    assert SECRETS[0] not in line
    with pytest.raises(json.JSONDecodeError):
        json.loads(line)

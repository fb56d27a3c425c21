"""`eternal run` without an exchange: it starts one, and neither outlives the other."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from adapters.cli.places import packaged_rules
from adapters.postgres.server import PrivateServer
from adapters.synthetic.market import write_market
from tests.adapters.cli import running

STORES = ("store", "another")
PATIENCE_S = 120


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A working folder that names no exchange; its path is short enough for the socket of a database."""
    folder = Path(tempfile.mkdtemp(prefix="eternal-own-"))
    write_market(folder / "market", 7, 1_577_836_800_000, 2, ("BTCUSDT", "ETHUSDT"), ("1d",))
    market = ["--data", str(folder / "market"), "--from", "2021-03-01", "--timeframe", "1d", "--step"]
    (folder / "eternal.yaml").write_text(
        f"mode: local\nbooks: [core-hodl]\nrules: {packaged_rules()}\nlease_s: 1.5\n"
        f"market: [{', '.join(map(repr, market))}]\n"
    )
    yield folder
    for name in STORES:
        PrivateServer(folder / name).stop()
    shutil.rmtree(folder, ignore_errors=True)


def exchange_beside(process: Any) -> psutil.Process:
    own = [one for one in psutil.Process(process.process.pid).children() if "exchange" in one.cmdline()]
    assert len(own) == 1
    return own[0]


def is_gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@pytest.mark.spec("LIFE-04")
def test_the_exchange_comes_and_goes_with_the_engine_and_its_end_is_told(
    folder: Path, eternal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two processes of Python and a new database start one after the other.
    monkeypatch.setattr(running, "DEADLINE_S", PATIENCE_S)
    first = running.started(folder)
    first.until("it ends with the engine")
    first.until("the engine trades")
    exchange = exchange_beside(first)
    exchange.kill()
    assert first.process.wait(running.DEADLINE_S) == 3
    assert "The exchange has ended by itself with code -9" in "\n".join(first.rest())

    refused = eternal("run", folder)
    assert (refused.exit_code, "begins anew with each start" in refused.output) == (3, True), refused.output

    configuration = folder / "eternal.yaml"
    configuration.write_text(configuration.read_text() + "store: another\n")
    second = running.started(folder)
    second.until("the engine trades")
    exchange = exchange_beside(second)
    second.kill()
    running.wait_for(lambda: is_gone(exchange), "the end of the exchange after that of the engine")

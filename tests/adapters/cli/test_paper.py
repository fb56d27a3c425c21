"""`eternal run --mode paper`: made-up accounts at the prices of another exchange, which a test holds and releases."""

import json
import shutil
import socket
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.cli.configuration import working_folder
from adapters.cli.places import packaged_rules
from adapters.cli.run_mode import RunMode
from adapters.served.serving import Served
from runtime.events import CandleClose, Fill
from runtime.requests import PlaceOrder
from tests.adapters.cli import running

STATE = "paper-accounts.json"
DAYS = 2


@pytest.fixture
def folder(store: str, served: Served) -> Iterator[Path]:
    """A working folder that trades on paper at the prices of an exchange that stands still."""
    folder = Path(tempfile.mkdtemp(prefix="eternal-paper-"))
    configure(folder, served.http)
    (folder / ".env").write_text(f"DATABASE_URL={store}\n")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def configure(folder: Path, host: str) -> None:
    (folder / "eternal.yaml").write_text(
        f"mode: paper\nbooks: [core-hodl]\nrules: {packaged_rules()}\nlease_s: 1.5\n"
        f"market: [--host, '{host}', --timeframe, 1d]\n"
    )


def coins(folder: Path) -> dict[str, Decimal]:
    """What the account of the book has, by the state that is kept."""
    accounts = json.loads((folder / STATE).read_text())["live"]["model"]["accounts"]["accounts"]
    (own,) = [one for one in accounts if one["name"] == "CORE-HODL"]
    return {coin: Decimal(amount) for coin, amount in own["coins"].items()}


def pass_days(served: Served, journal: running.Journal, number: int) -> None:
    """Let days of the real market pass, each after the engine has had the answers to what it asked for."""
    for _ in range(number):
        seen = len(journal.follow().events(CandleClose))
        served.advance(1)
        running.wait_for(lambda seen=seen: len(journal.follow().events(CandleClose)) > seen, "the next candle")
        served.advance(1, until="open")
        running.wait_for(journal.answered, "the answers to what left")


@pytest.mark.spec("LIFE-04")
def test_paper_money_trades_at_real_prices_and_is_still_there_after_a_restart(
    folder: Path, served: Served, store: str, eternal: Any
) -> None:
    first = running.started(folder)
    first.until("the engine trades (mode paper)")
    journal = running.Journal(store)
    pass_days(served, journal, DAYS)
    running.wait_for(lambda: journal.follow().events(Fill), "the first fill")
    first.stop()
    bought, entries = coins(folder), len(journal.follow().steps)
    assert bought["BTC"] > 0
    asked = len(journal.requests(PlaceOrder))

    examined = eternal("doctor", folder)
    assert examined.exit_code == 0, examined.output
    assert "✓ exchange" in examined.output

    second = running.started(folder)
    second.until("the engine trades (mode paper)")
    assert coins(folder) == bought
    pass_days(served, journal, DAYS)
    second.stop()
    assert len(journal.follow().steps) > entries
    assert len(journal.requests(PlaceOrder)) >= asked
    assert not journal.told("P0")
    assert served.pull("state")["orders"] == 0
    journal.close()


def test_a_new_folder_for_paper_needs_no_keys(eternal: Any, tmp_path: Path) -> None:
    assert eternal("init", "desk", "--mode", "paper", "--yes", "--book", "core-hodl").exit_code == 0
    opened = working_folder(tmp_path / "desk")
    assert (opened.configuration.mode, opened.configuration.accounts) == (RunMode.PAPER, {})
    assert set(json.loads((tmp_path / "desk" / "accounts.json").read_text())) == {"RESERVE", "CORE-HODL"}
    assert not (tmp_path / "desk" / ".env").exists()


def test_without_a_network_a_sentence_says_so(folder: Path, eternal: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        configure(folder, f"http://127.0.0.1:{free.getsockname()[1]}")
    ended = eternal("run", folder)
    assert ended.exit_code == 3
    assert "Paper trading needs real prices, and so a network." in ended.output
    assert "Traceback" not in ended.output + (folder / "exchange.log").read_text()

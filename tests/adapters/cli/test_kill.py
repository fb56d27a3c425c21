"""The real process, killed again and again while it trades: nothing twice, nothing lost, and every stop stands.

KILLS=30 kills it thirty times (`make chaos`).
"""

import os
from pathlib import Path
from random import Random
from typing import Any

import pytest

from adapters.clock import Stopwatch
from runtime.events import Fill, OrderRejected
from runtime.step import Difference
from tests.adapters.cli import running

KILLS = int(os.environ.get("KILLS", "3"))
ENTRIES = 14
"""So many entries of the journal, at most, after a candle: its decisions, their orders, and the answers to them."""
STOPS_WITHIN_S = 5
EXISTS_ALREADY = 110072


def begun(folder: Path) -> Any:
    """Start until the lease of the one that was killed has run out."""
    while True:
        process = running.started(folder)
        if process.until_either("reconciled", "only one process may write"):
            return process


def unprotected(served: Any) -> list[tuple[str, str]]:
    """The perpetual positions without a stop, as the exchange has them."""
    model = served.application.exchange.live.model
    found = ((name, symbol) for name in running.CAPITAL for symbol in ("BTCUSDT", "ETHUSDT"))
    return [key for key in found if model.position(*key).size and model.position(*key).stop is None]


@pytest.mark.spec("STATE-03", "EXEC-02", "EXEC-05")
def test_a_kill_at_any_moment_repeats_nothing_and_loses_nothing(tmp_path: Path, served: Any, store: str) -> None:
    posted = running.counting(served)
    random, folder = Random(20), running.working_folder(tmp_path, served, store)
    process = begun(folder)
    journal = running.Journal(store)
    try:
        for _ in range(KILLS):
            running.pass_moments(served, journal, 1)
            killed_at = len(journal.follow().steps) + random.randint(1, ENTRIES)
            served.advance(1)
            running.wait_until(lambda at=killed_at: len(journal.follow().steps) >= at, seconds=2)
            process.kill()
            served.advance(1, until="open")
            process = begun(folder)
            since = Stopwatch()
            running.wait_for(lambda: not unprotected(served), "a stop of every position")
            assert since.elapsed_s() < STOPS_WITHIN_S
            running.wait_for(lambda: journal.complete(served) and journal.answered(), "what was missed")
        process.stop()
    finally:
        process.kill()
        journal.follow().close()
    assert posted
    assert set(posted.values()) == {1}
    assert [event for event in journal.events(OrderRejected) if event.code == EXISTS_ALREADY] == []
    executions = served.application.exchange.live.model.to_plain()["executions"]
    assert len({fill.execution_id for fill in journal.events(Fill)}) == executions > 0
    assert [record for step in journal.steps for record in step.records if isinstance(record, Difference)] == []

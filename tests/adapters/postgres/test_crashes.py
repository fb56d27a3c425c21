"""A process that is killed at any moment has kept what it acknowledged, and the next one goes on behind it."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.postgres.chain import checked
from adapters.postgres.connection import Connection
from adapters.postgres.journal import entries

APPENDER = Path(__file__).with_name("appender.py")
ROUNDS = 4


def last_acknowledged(url: str, batch: int, lines: int, delay_s: float) -> int:
    """Start an appender, kill it some time after it has acknowledged some batches, and return its last number."""
    command = [sys.executable, str(APPENDER), url, str(batch)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(lines)]
        try:
            process.wait(delay_s)
        except subprocess.TimeoutExpired:
            process.kill()
        said += process.stdout.readlines()
    whole = [line for line in said if line.endswith("\n")]
    return int(whole[-1])


@pytest.mark.spec("STATE-03", "REL-02")
@pytest.mark.parametrize("batch", [1, 7])
def test_what_was_acknowledged_survives_a_kill_at_any_moment(url: str, connection: Connection, batch: int) -> None:
    chance = random.Random(batch)
    acknowledged = 0
    for _ in range(ROUNDS):
        acknowledged = last_acknowledged(url, batch, chance.randint(1, 20), chance.uniform(0, 0.01))
        found = list(checked(entries(connection)))
        written = found[-1].seq
        assert acknowledged <= written <= acknowledged + batch, "nothing lost, at most the batch under way added"
        assert written % batch == 0, "a batch is kept whole or not at all"
    assert [entry.step.at_ms for entry in found] == [number * 1_000 for number in range(1, written + 1)]
    assert len({entry.epoch for entry in found}) >= ROUNDS, "each process writes under an epoch of its own"
    assert connection.execute("SELECT count(*) FROM outbox").fetchone() == (written // 3,)

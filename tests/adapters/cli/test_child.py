"""What this program starts beside itself never outlives it."""

import subprocess
import sys
from pathlib import Path
from threading import Event

import psutil
import pytest

from adapters.cli.child import child
from adapters.cli.failure import Failure
from adapters.clock import Stopwatch
from adapters.synthetic.market import write_market

DEADLINE_S = 60
# Starts an exchange, says its number, and lives on.
PARENT = """
import sys
from pathlib import Path
from threading import Event
from adapters.cli.child import child
with child("The exchange", sys.argv[2:], Path(sys.argv[1])) as begun:
    begun.until("The exchange is at")
    print(begun._process.pid, flush=True)
    Event().wait()
"""


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    write_market(tmp_path / "market", 7, 1_577_836_800_000, 1, ("BTCUSDT",), ("1d",))
    shown = ["--data", str(tmp_path / "market"), "--from", "2020-03-01", "--timeframe", "1d", "--step"]
    return ["exchange", *shown, "--keys", str(tmp_path / "keys.json")]


def test_it_ends_when_the_one_that_started_it_is_killed(tmp_path: Path, words: list[str]) -> None:
    command = [sys.executable, "-c", PARENT, str(tmp_path / "log"), *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        begun = psutil.Process(int(parent.stdout.readline()))
        assert begun.is_running()
        parent.kill()
    watch = Stopwatch()
    while begun.is_running() and begun.status() != psutil.STATUS_ZOMBIE:
        assert watch.elapsed_s() < DEADLINE_S, "it goes on without its parent"
        Event().wait(0.05)


def test_it_is_stopped_with_its_context_and_by_itself_never_silently(tmp_path: Path, words: list[str]) -> None:
    with child("The exchange", words, tmp_path / "log") as begun:
        assert "http://127.0.0.1:" in begun.until("The exchange is at")
        begun.insist()
    assert begun.code is not None
    with child("The exchange", ["--version"], tmp_path / "log") as begun, pytest.raises(Failure, match="code 0"):
        begun.until("The exchange is at")
    wrong = [*words, "--symbol", "NOSUCHCOIN"]
    with (
        child("The exchange", wrong, tmp_path / "other") as begun,
        pytest.raises(Failure, match=r"The exchange has ended by itself with code 3.*Check --data, --symbol"),
    ):
        begun.until("The exchange is at")

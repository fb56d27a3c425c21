"""The demonstration, whole: real processes, real sockets, a real database, every engine."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from typer.testing import Result

from adapters.cli.places import packaged_rules

Eternal = Callable[..., Result]
ROOT = packaged_rules().parent
COMMAND = (sys.executable, "-c", "from adapters.cli.main import app; app()", "demo")
LONGEST_S = 240


def environment(**variables: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), **variables}


def processes_in(folder: Path) -> list[str]:
    """What still runs with a folder among its words."""
    found = []
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
        except psutil.Error:
            continue
        if process.pid != os.getpid() and any(str(folder) in word for word in words):
            found.append(" ".join(words))
    return found


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A demonstration that goes on until every engine has traded, beside a database that it must not touch."""
    kept = tmp_path_factory.mktemp("demo") / "kept"
    ended = subprocess.run(
        [*COMMAND, "--seconds", "1", "--keep", str(kept)],
        env=environment(DATABASE_URL="postgresql://127.0.0.1:1/somebody-elses"),
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout[-2000:]
    return kept, ended.stdout


@pytest.mark.spec("CLI-02")
def test_every_engine_trades_live_and_one_trade_of_each_is_explained(shown: tuple[Path, str]) -> None:
    _, told = shown
    assert "SYNTHETIC" in told
    happened, *explained = told.split("Why did ")
    rows = {
        line.split()[0]: line.split()[1:] for line in happened.splitlines() if line.startswith((" core", " t", " f"))
    }
    for book in ("core-hodl", "funding", "tactical"):
        assert int(rows[book][2].replace(",", "")) >= 1, rows
    assert any(int(rows[book][2]) >= 1 for book in ("trend-1", "trend-2") if book in rows), rows
    assert [part.split()[0] for part in explained] == ["CORE-HODL", "TREND", "FUNDING", "TACTICAL"]
    for part in explained:
        assert "what it saw" in part
        assert "it ended: filled" in part


def test_what_it_leaves_behind_can_be_asked_and_comes_out_the_same_again(
    shown: tuple[Path, str], eternal: Eternal
) -> None:
    kept, told = shown
    assert processes_in(kept) == []
    offered = [line.split()[1:] for line in told.splitlines() if line.startswith("  eternal ")]
    assert len(offered) == 2
    for words in offered:
        ended = eternal(*words)
        assert ended.exit_code == 0, ended.output
    assert "byte for byte" in ended.output


def test_an_earlier_one_is_never_written_over(shown: tuple[Path, str], eternal: Eternal) -> None:
    refused = eternal("demo", "--keep", shown[0])
    assert (refused.exit_code, "Choose another folder" in refused.output) == (2, True)


def test_other_market_data_are_never_written_over(eternal: Eternal, tmp_path: Path) -> None:
    (tmp_path / "kept/market/candles").mkdir(parents=True)
    ended = eternal("demo", "--keep", tmp_path / "kept")
    assert (ended.exit_code, "Choose another folder" in ended.stderr) == (3, True)

"""A small made-up market, a run over it, and the command line in a folder of its own."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from adapters.cli.main import app
from adapters.cli.places import packaged_rules
from adapters.postgres.server import PrivateServer
from adapters.served.serving import Served
from adapters.synthetic.market import write_market
from tests.adapters.cli import running

FIRST_MS = 1_577_836_800_000  # 2020-01-01
Eternal = Callable[..., Result]
NUMBERS = count(1)
RANGES = "search:\n  fast: 20..40 step 20\n  slow: 60..100 step 20\n"


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("market")
    write_market(folder, 7, FIRST_MS, 2, ("BTCUSDT", "ETHUSDT"))
    return folder


@pytest.fixture(scope="session")
def days(market: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small market with its daily candles only."""
    folder = tmp_path_factory.mktemp("days")
    shutil.copytree(market, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("1h"))
    return folder


@pytest.fixture(scope="session")
def place_to_search(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with rules of its own, in which six combinations of a book may be tried."""
    folder = tmp_path_factory.mktemp("search")
    for section in ("engines", "governance"):
        shutil.copytree(packaged_rules() / section, folder / "rules" / section)
    file = folder / "rules" / "engines" / "trend-1.yaml"
    before, rest = file.read_text(encoding="utf-8").split("search:", 1)
    file.write_text(f"{before}{RANGES}\nfacts:{rest.split('facts:', 1)[1]}", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory, market: Path) -> Path:
    """A folder in which one run over eight months was kept in `runs`."""
    folder = tmp_path_factory.mktemp("work")
    command = ["backtest", "--data", str(market), "--from", "2020-12-01", "--to", "2021-08-01"]
    ended = CliRunner().invoke(app, [*command, "--runs", str(folder / "runs"), "--rules", str(packaged_rules())])
    assert ended.exit_code == 0, ended.output
    return folder


@pytest.fixture
def eternal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Eternal:
    """Run a command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")

    def run(*words: object) -> Result:
        return CliRunner().invoke(app, [str(word) for word in words])

    return run


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A copy of the shipped rules that a test may change."""
    folder = tmp_path / "my-rules"
    for section in ("engines", "governance"):
        shutil.copytree(packaged_rules() / section, folder / section)
    return folder


@pytest.fixture(scope="session")
def line_of() -> Callable[[str, str], int]:
    """Say in which line of a shipped rule file a text stands first."""

    def find(file: str, text: str) -> int:
        lines = (packaged_rules() / file).read_text().splitlines()
        return next(number for number, line in enumerate(lines, 1) if text in line)

    return find


@pytest.fixture
def spoil(rules: Path) -> Callable[[str, str, str], Path]:
    """Write something else into a rule file."""

    def change(file: str, right: str, wrong: str) -> Path:
        path = rules / file
        content = path.read_text(encoding="utf-8")
        assert right in content
        path.write_text(content.replace(right, wrong), encoding="utf-8")
        return path

    return change


@pytest.fixture(scope="session")
def server() -> Iterator[PrivateServer]:
    # Not below pytest's own folder, which the user who runs PostgreSQL may not enter.
    folder = Path(tempfile.mkdtemp(prefix="eternal-live-"))
    server = PrivateServer(folder / "postgres")
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture
def store(server: PrivateServer) -> str:
    """The URL of an empty database."""
    name = f"live_{next(NUMBERS)}"
    with psycopg.connect(server.start(), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
    return server.start().replace("/postgres?", f"/{name}?")


@pytest.fixture
def served(market: Path) -> Iterator[Served]:
    """An exchange that stands still until a test moves it."""
    with running.exchange(market, "2021-03-01") as served:
        yield served

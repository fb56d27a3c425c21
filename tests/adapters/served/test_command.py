"""`eternal exchange` as a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from typer.testing import CliRunner

from adapters.cli.main import app
from adapters.synthetic.market import write_market

ROOT = Path(__file__).parents[3]
FIRST_MS = 1_577_836_800_000  # 2020-01-01


def test_it_tells_its_address_and_keys_and_serves_until_it_is_stopped(tmp_path: Path) -> None:
    write_market(tmp_path / "market", 7, FIRST_MS, 1, ("BTCUSDT",))
    words = [
        "exchange",
        "--data",
        "market",
        "--from",
        "2020-03-01",
        "--step",
        "--accounts",
        "main,trend",
        "--earn",
        "3%",
    ]
    command = [sys.executable, "-c", "from adapters.cli.main import app; app()", *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            address = next(word for word in line.split() if word.startswith("http")).rstrip(";")
            answer = requests.get(f"{address}/v5/market/time", timeout=10).json()
            assert answer["time"] == FIRST_MS + 60 * 86_400_000
            savings = requests.get(f"{address}/v5/earn/product?category=FlexibleSaving", timeout=10).json()
            assert [(one["coin"], one["estimateApr"]) for one in savings["result"]["list"]] == [("BTC", "3%")]
            advanced = requests.post(f"{address}/control/advance", json={"moments": 2}, timeout=10).json()
            assert advanced["now_ms"] == answer["time"] + 2 * 3_600_000
        finally:
            process.terminate()
    keys = json.loads((tmp_path / "exchange-keys.json").read_text(encoding="utf-8"))
    assert [member["name"] for member in keys] == ["main", "trend"]
    assert (tmp_path / "exchange-keys.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["exchange"], "expected either --data FOLDER or --generated"),
        (["exchange", "--generated", "--accounts", "main,main"], "Expected different names"),
        (["exchange", "--data", "nowhere"], "nowhere"),
    ],
)
def test_what_can_not_be_served_is_said_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = CliRunner().invoke(app, words)
    assert ended.exit_code in (2, 3)
    assert said in " ".join(ended.output.replace("│", " ").split())

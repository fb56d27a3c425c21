"""`eternal search` as somebody uses it, over a market of daily candles."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from adapters.cli.main import app
from adapters.synthetic.market import write_market
from rules.language.indicators import Number
from runtime import history
from runtime.indicators import Column, Frame, compute
from tests.adapters.cli import running

pytestmark = pytest.mark.spec("BT-06")

SPAN = ("--from", "2021-01-01", "--to", "2021-06-01")
PATIENCE_S = 120


@pytest.fixture
def inside(place_to_search: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(place_to_search)
    return place_to_search


def eternal(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def told(*words: object) -> Any:
    ended = eternal(*words, "--json")
    assert ended.exit_code == 0, ended.output
    return json.loads(ended.stdout)


@pytest.fixture(scope="module")
def found(place_to_search: Path, days: Path) -> Any:
    """What a grid over the six has found, and the id under which it is kept."""
    here = Path.cwd()
    os.chdir(place_to_search)
    try:
        return told("search", "trend-1", "--data", days, *SPAN, "--method", "grid", "--workers", 2)
    finally:
        os.chdir(here)


def scores(document: Any) -> dict[str, float]:
    return {json.dumps(one["choice"]): one["figures"]["sharpe"] for one in document["legs"][0]["trials"]}


def test_a_grid_tries_every_combination_and_says_what_the_best_is_worth(found, inside) -> None:
    assert found["combinations"] == 6
    assert len(found["legs"][0]["trials"]) + found["legs"][0]["without_score"] == 6
    assert found["legs"][0]["unchanged"]["figures"]["returns"] == 151
    shown = eternal("search", "show", found["id"])
    assert shown.exit_code == 0
    assert "Deflated Sharpe ratio" in shown.output
    assert "It stands" in shown.output


def test_the_best_is_written_as_a_book_that_a_back_test_runs_to_the_same_number(found, inside, days) -> None:
    file = inside / "rules" / "engines" / "found.yaml"
    written = eternal("search", "show", found["id"], "--write", file)
    try:
        assert written.exit_code == 0, written.output
        assert eternal("check").exit_code == 0
        command = next(line for line in written.output.splitlines() if line.startswith("eternal backtest"))
        again = eternal(*command.split()[1:], "--json", inside / "run.json")
        assert again.exit_code == 0, again.output
    finally:
        file.unlink()
    best, run = found["legs"][0]["trials"][0]["figures"], json.loads((inside / "run.json").read_text())
    assert run["portfolio"]["sharpe"] == pytest.approx(best["sharpe"], rel=1e-11)
    assert run["portfolio"]["total_return"] == pytest.approx(best["total_return"], rel=1e-11)
    assert len(run["trades"]) == best["trades"]


def test_the_best_can_be_kept_as_runs_and_compared(found, inside) -> None:
    kept = eternal("search", "show", found["id"], "--keep", 2, "--runs", inside / "kept")
    assert kept.exit_code == 0, kept.output
    runs = kept.output.rsplit("eternal compare ", 1)[1].split()
    assert len(set(runs)) == 2
    compared = eternal("compare", *runs, "--runs", inside / "kept")
    assert compared.exit_code == 0, compared.output


def test_a_search_is_not_begun_twice_and_costs_nothing_where_it_has_ended(found, inside, days) -> None:
    question = ("search", "trend-1", "--data", days, *SPAN, "--method", "grid", "--workers", 1)
    refused = eternal(*question)
    assert refused.exit_code == 1
    assert "--resume" in refused.stderr
    trials = inside / "searches" / found["id"] / "trials.jsonl"
    before = trials.read_bytes()
    assert told(*question, "--resume") == found
    assert trials.read_bytes() == before


def test_all_searches_are_listed(found, inside) -> None:
    listed = eternal("search", "list")
    assert found["id"] in listed.output
    assert "6 of 6" in listed.output
    assert [one["id"] for one in told("search", "list")] == [found["id"]]


def test_a_walk_forward_proves_each_best_on_the_time_after_it(inside, days, tmp_path) -> None:
    walked = told(
        *("search", "trend-1", "--data", days, *SPAN, "--method", "random", "--trials", 2, "--workers", 1),
        *("--walk-forward", "2m/1m", "--searches", tmp_path),
    )
    legs = walked["legs"]
    assert [leg["window"] for leg in legs] == [1, 2, 3]
    for earlier, later in pairwise(legs):
        assert earlier["proof_ms"] == later["to_ms"]
    assert all(leg["proof"] is None or leg["proof"]["choice"] == leg["trials"][0]["choice"] for leg in legs)
    shown = eternal("search", "show", "--searches", tmp_path)
    assert "Walk forward" in shown.output


def test_a_search_computes_each_indicator_once(inside, days, tmp_path, monkeypatch) -> None:
    seen: list[object] = []

    def counted(name: str, parameters: Mapping[str, Number], frame: Frame) -> Column:
        content = tuple((each, column.tobytes()) for each, column in frame.items())
        seen.append((name, tuple(parameters.items()), content))
        return compute(name, parameters, frame)

    monkeypatch.setattr(history, "compute", counted)
    told(
        *("search", "trend-1", "--data", days, "--from", "2021-01-01", "--to", "2021-03-01", "--workers", 1),
        *("--method", "random", "--trials", 3, "--searches", tmp_path),
    )
    assert len({each[:2] for each in seen if each[0] == "sma"}) >= 4
    assert max(Counter(seen).values()) == 1


def killed_after(trials: int, words: list[str], folder: Path, searches: Path) -> None:
    """Begin a search in a process and kill it without a word as soon as it has kept so many trials."""
    command = [sys.executable, "-c", "from adapters.cli.main import app; app()", *words]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def is_time() -> bool:
        lines = sum(file.read_bytes().count(b"\n") for file in searches.glob("*/trials.jsonl"))
        return lines >= trials or process.poll() is not None

    running.wait_until(is_time, PATIENCE_S)
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_after_a_kill_it_goes_on_and_ends_with_the_same_answer(found, inside, days, tmp_path) -> None:
    question = ["search", "trend-1", "--data", str(days), *SPAN, "--method", "grid", "--searches", str(tmp_path)]
    killed_after(2, [*question, "--workers", "1"], inside, tmp_path)
    (file,) = tmp_path.glob("*/trials.jsonl")
    kept = file.read_bytes()
    assert kept.count(b"\n") >= 2
    assert told(*question, "--workers", 1, "--resume") == found
    assert file.read_bytes().startswith(kept[: kept.rfind(b"\n") + 1])


def refused(*words: object) -> str:
    ended = eternal("search", *words)
    assert ended.exit_code in (1, 2), ended.output
    return " ".join(ended.stderr.split())


def test_what_can_not_be_searched_is_told_before_anything_runs(inside, days, tmp_path) -> None:
    at = ("--data", days, "--searches", tmp_path, *SPAN)
    assert "Did you mean trend-1" in refused("trend1", *at)
    assert "more than the 5 trials" in refused("trend-1", *at, "--method", "grid", "--trials", 5)
    assert "such as 2y/6m" in refused("trend-1", *at, "--walk-forward", "2 years")
    assert "holds 2y/6m at least once" in refused("trend-1", *at, "--walk-forward", "2y/6m")
    assert "which is a book already" in refused("trend-1", *at, "--name", "tactical")
    assert "gives each of its coins a weight" in refused("core-hodl", *at, "--cluster", "calm")
    assert "at least 3 coins" in eternal("search", "clusters", "--data", days).stderr
    assert not list(tmp_path.iterdir())


def test_a_book_without_the_section_says_what_to_add(inside, days, tmp_path) -> None:
    rules = tmp_path / "rules"
    shutil.copytree(inside / "rules", rules)
    file = rules / "engines" / "trend-1.yaml"
    before, rest = file.read_text().split("search:", 1)
    file.write_text(f"{before}facts:{rest.split('facts:', 1)[1]}")
    said = refused("trend-1", "--data", days, "--rules", rules, "--searches", tmp_path / "none")
    assert "Expected a section `search`" in said


def test_a_cluster_is_searched_with_its_own_coins(inside, tmp_path) -> None:
    market = tmp_path / "market"
    for path in write_market(market, 7, 1_577_836_800_000, 1, ("BTCUSDT", "ETHUSDT", "SOLUSDT", "DOGEUSDT")):
        if path.parent.name == "1h":
            path.unlink()
    clusters = {one["name"]: one for one in told("search", "clusters", "--data", market, "--to", "2020-12-01")}
    assert list(clusters) == ["calm", "middle", "wild"]
    assert clusters["calm"]["atr"] < clusters["middle"]["atr"] < clusters["wild"]["atr"]
    coins = [coin["symbol"] for coin in clusters["wild"]["coins"]]
    question = ("search", "trend-1", "--data", market, "--from", "2020-09-01", "--to", "2020-12-01")
    found = eternal(
        *(*question, "--method", "random", "--trials", 2, "--workers", 1, "--cluster", "wild"),
        *("--aim", "return", "--searches", tmp_path / "searches", "--write", tmp_path / "wild.yaml"),
    )
    assert found.exit_code == 0, found.output
    written = (tmp_path / "wild.yaml").read_text()
    assert f"symbols: [{', '.join(coins)}]" in written
    assert "Expected the name of a cluster" in refused(*question[1:], "--cluster", "mad", "--searches", tmp_path / "no")

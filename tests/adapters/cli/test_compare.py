import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

pytestmark = pytest.mark.spec("BT-05")
Eternal = Callable[..., Result]


@pytest.fixture
def two(kept: Path, tmp_path: Path) -> Path:
    """A folder with the kept run and a copy of it that says to have had more capital."""
    runs = tmp_path / "both"
    shutil.copytree(kept / "runs", runs)
    (path,) = runs.glob("*/run.json")
    richer = json.loads(path.read_text(encoding="utf-8")) | {"id": "richer"}
    richer["settings"]["capital"] = "200000"
    (runs / "richer").mkdir()
    (runs / "richer" / "run.json").write_text(json.dumps(richer), encoding="utf-8")
    return runs


def test_two_runs_stand_beside_each_other(eternal: Eternal, two: Path) -> None:
    (first,) = (path.parent.name for path in two.glob("*/run.json") if path.parent.name != "richer")
    said = eternal("compare", first, "richer", "--runs", two, "--html", "page.html")
    assert said.exit_code == 0, said.output
    assert "The runs differ in capital" in said.stdout
    assert "100,000.00" in said.stdout
    assert "200,000.00" in said.stdout
    assert Path("page.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_machine_gets_the_same(eternal: Eternal, two: Path) -> None:
    (first,) = (path.parent.name for path in two.glob("*/run.json") if path.parent.name != "richer")
    answer = json.loads(eternal("compare", first, "richer", "--runs", two, "--json").stdout)
    assert answer["warnings"] == ["The runs differ in capital, so their figures are not like for like."]
    assert answer["tables"][0]["columns"] == ["", first, "richer"]


def test_one_run_is_too_few(eternal: Eternal) -> None:
    answer = eternal("compare", "last")
    assert answer.exit_code == 2
    assert "two runs or more" in answer.output

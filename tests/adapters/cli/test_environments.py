import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

Eternal = Callable[..., Result]
LineOf = Callable[[str, str], int]
pytestmark = pytest.mark.spec("RULE-13")

PAPER = """\
environment: paper
books:
  trend-1:
    params:
      risk: 0.5%
"""
SPAN = ("--from", "2020-12-01", "--to", "2021-06-01", "--book", "trend-2")


@pytest.fixture
def paper(rules: Path) -> Path:
    """The file of an environment beside a copy of the shipped rules."""
    path = rules / "environments/paper.yaml"
    path.parent.mkdir()
    path.write_text(PAPER, encoding="utf-8")
    return path


def settings(shown: Result) -> dict[str, tuple[str, str, int]]:
    assert shown.exit_code == 0, shown.output
    document = json.loads(shown.stdout)
    return {one["path"]: (one["value"], one["file"], one["line"]) for one in document["settings"]}


def test_origins_point_into_the_file_of_the_environment(
    eternal: Eternal, rules: Path, paper: Path, line_of: LineOf
) -> None:
    show = ("rules", "show", "trend-2", "--rules", rules)
    assert paper.is_file()
    shown = settings(eternal(*show, "--environment", "paper", "--json"))
    line = line_of("engines/trend-1.yaml", "risk: 1%")
    assert shown["params.risk"] == ("0.5%", "my-rules/environments/paper.yaml", 5)
    assert settings(eternal(*show, "--json"))["params.risk"] == ("1%", "my-rules/engines/trend-1.yaml", line)
    printed = eternal(*show, "--environment", "paper").stdout
    assert "# my-rules/environments/paper.yaml:5" in printed


@pytest.mark.parametrize("command", [("rules", "show", "trend-1"), ("backtest", "--data", "nowhere")])
def test_an_unknown_environment_is_a_mistake_of_usage(
    eternal: Eternal, rules: Path, paper: Path, command: tuple[str, ...]
) -> None:
    ended = eternal(*command, "--rules", rules, "--environment", paper.stem[:-1])
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert ended.stderr == "There is no environment `pape`. Did you mean `paper`?\n"


def test_every_environment_is_checked(eternal: Eternal, rules: Path, paper: Path) -> None:
    assert eternal("check", rules).exit_code == 0
    paper.write_text(PAPER.replace("risk", "rsik"), encoding="utf-8")
    paper.with_name("live.yaml").write_text(PAPER.replace("paper", "live").replace("0.5%", "0.5"), encoding="utf-8")
    ended = eternal("check", rules)
    assert ended.exit_code == 1
    assert "environments/paper.yaml:5:7: error R024" in ended.stdout
    assert "environments/live.yaml:5:13: error R043" in ended.stdout
    assert "files, 2 errors, " in ended.stdout


def test_one_environment_is_checked_with_the_books_around_it(eternal: Eternal, paper: Path) -> None:
    assert eternal("check", paper).stdout.startswith("1 file, 0 errors")
    paper.write_text(PAPER.replace("trend-1", "trend-9"), encoding="utf-8")
    assert "error R022" in eternal("check", paper).stdout


def test_a_mistake_that_an_environment_makes_elsewhere_is_told_for_both_files(
    eternal: Eternal, rules: Path, paper: Path
) -> None:
    paper.write_text(PAPER.replace("risk: 0.5%", "slow: 0"), encoding="utf-8")
    for file in (paper, rules / "engines/trend-1.yaml"):
        ended = eternal("check", file)
        assert ended.exit_code == 1
        assert "In the environment `paper`:" in ended.stdout


def test_a_back_test_runs_and_is_asked_again_in_its_environment(
    eternal: Eternal, days: Path, rules: Path, paper: Path, tmp_path: Path
) -> None:
    command = ("backtest", "--data", days, *SPAN, "--rules", rules, "--json")
    plain = eternal(*command, "plain.json", "--runs", "plain")
    assert plain.exit_code == 0, plain.output
    ended = eternal(*command, "paper.json", "--environment", "paper")
    assert ended.exit_code == 0, ended.output
    assert "The rules have the values of the environment paper." in ended.stdout
    assert "environment" not in plain.stdout
    one, other = (json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8")) for name in ("plain", "paper"))
    assert one["orders"]
    assert one["settings"]["rules_version"] != other["settings"]["rules_version"]
    assert one["orders"] != other["orders"]
    again = eternal("why-not", "last", "BTCUSDT")
    assert (again.exit_code, again.stderr) == (0, "")
    assert eternal("explain", "last").exit_code == 0
    paper.write_text(PAPER.replace("0.5%", "0.1%"), encoding="utf-8")
    changed = eternal("why-not", "last", "BTCUSDT")
    assert "have changed since" in changed.stderr
    assert "the program have changed" not in changed.stderr


def test_a_run_kept_without_an_environment_can_still_be_asked(eternal: Eternal, kept: Path, tmp_path: Path) -> None:
    (source,) = kept.glob("runs/*/run.json")
    document = json.loads(source.read_text(encoding="utf-8"))
    del document["plan"]["environment"]
    (tmp_path / "run.json").write_text(json.dumps(document), encoding="utf-8")
    ended = eternal("why-not", "run.json", "BTCUSDT", "--at", "2020-12-10", "--book", "trend-1")
    assert ended.exit_code == 0, ended.output
    assert ended.stderr == ""

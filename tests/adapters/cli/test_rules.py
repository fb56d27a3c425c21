import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

Eternal = Callable[..., Result]
LineOf = Callable[[str, str], int]


@pytest.mark.spec("RULE-13")
def test_a_book_is_shown_whole_with_the_origin_of_each_value(eternal: Eternal, rules: Path, line_of: LineOf) -> None:
    ended = eternal("rules", "show", "trend-2", "--rules", rules)
    lines = {
        line.split("#")[0].strip(): line.split("#")[-1].strip() for line in ended.stdout.splitlines() if "#" in line
    }
    assert ended.exit_code == 0
    assert lines["fast: 20"] == f"my-rules/engines/trend-2.yaml:{line_of('engines/trend-2.yaml', 'fast: 20')}"
    assert lines["strong: 25"] == f"my-rules/engines/trend-1.yaml:{line_of('engines/trend-1.yaml', 'strong: 25')}"
    assert "entries:\n  long:\n    in: SCANNING" in ended.stdout


@pytest.mark.spec("RULE-13")
def test_a_book_for_a_machine(eternal: Eternal, rules: Path, line_of: LineOf) -> None:
    document = json.loads(eternal("rules", "show", "trend-2", "--rules", rules, "--json").stdout)
    settings = {one["path"]: one for one in document["settings"]}
    assert settings["params.fast"] == {
        "path": "params.fast",
        "value": "20",
        "file": "my-rules/engines/trend-2.yaml",
        "line": line_of("engines/trend-2.yaml", "fast: 20"),
    }


def test_the_books_are_listed_with_their_shares(eternal: Eternal, rules: Path) -> None:
    ended = eternal("rules", "list", "--rules", rules)
    assert ended.exit_code == 0
    assert "core-hodl-ten" in ended.stdout
    assert "60%" in ended.stdout
    books = json.loads(eternal("rules", "list", "--rules", rules, "--json").stdout)["books"]
    assert {"book": "trend-2", "share": "0.05", "machine": "trend"}.items() <= books[-1].items()


@pytest.mark.spec("CLI-01")
def test_an_unknown_book_is_refused_with_the_near_ones(eternal: Eternal, rules: Path) -> None:
    ended = eternal("rules", "show", "tredn-1", "--rules", rules)
    assert ended.exit_code == 2
    assert "Did you mean trend-1" in ended.stderr


def test_broken_rules_are_refused_with_their_mistakes(
    eternal: Eternal, rules: Path, spoil: Callable[..., Path]
) -> None:
    spoil("engines/trend-1.yaml", "adx(14)", "adx(14")
    ended = eternal("rules", "list", "--rules", rules)
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert "trend-1.yaml:" in ended.stderr
    assert "before this is put right" in ended.stderr


def test_a_folder_without_rules_is_refused(eternal: Eternal, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    ended = eternal("rules", "list", "--rules", tmp_path / "empty")
    assert ended.exit_code == 2
    assert "found none" in ended.stderr

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from adapters.cli.check import summary
from adapters.cli.places import packaged_rules

Eternal = Callable[..., Result]
Spoil = Callable[[str, str, str], Path]


@pytest.mark.spec("RULE-03")
def test_the_shipped_rules_are_without_mistakes(eternal: Eternal) -> None:
    ended = eternal("check")
    assert ended.exit_code == 0, ended.output
    assert "files, 0 errors, " in ended.stdout


@pytest.mark.spec("RULE-03", "RULE-04")
def test_mistakes_are_told_with_place_line_and_suggestion(eternal: Eternal, rules: Path, spoil: Spoil) -> None:
    path = spoil("engines/trend-1.yaml", "strong: 25", "strong: 30%")
    ended = eternal("check", rules)
    line = path.read_text(encoding="utf-8").splitlines().index("      - strength > strong") + 1
    assert ended.exit_code == 1
    assert f"my-rules/engines/trend-1.yaml:{line}:9: error R121" in ended.stdout
    assert "          - strength > strong\n            ^^^^^^^^^^^^^^^^^\n" in ended.stdout
    assert "plain number" in ended.stdout
    assert "15 files, 3 errors, 0 warnings" in ended.stdout


@pytest.mark.spec("RULE-03")
def test_all_files_are_checked_even_after_the_first_mistake(eternal: Eternal, rules: Path, spoil: Spoil) -> None:
    spoil("engines/core-hodl.yaml", "machine: core", "machine: cor")
    spoil("governance/breakers.yaml", "at: 10%", "at: 10 USDT")
    ended = eternal("check", rules)
    assert ended.exit_code == 1
    assert "core-hodl.yaml:" in ended.stdout
    assert "breakers.yaml:" in ended.stdout


@pytest.mark.spec("RULE-03")
def test_findings_for_a_machine(eternal: Eternal, rules: Path, spoil: Spoil) -> None:
    spoil("engines/trend-1.yaml", "slow: 200", "slwo: 200")
    ended = eternal("check", rules, "--json")
    document = json.loads(ended.stdout)
    assert ended.exit_code == 1
    assert document["errors"] == len([one for one in document["findings"] if one["severity"] == "error"]) > 0
    assert {"code", "file", "line", "column", "length", "sentence", "suggestion", "marked"} <= document["findings"][
        0
    ].keys()
    assert len(document["files"]) == 15


@pytest.mark.spec("RULE-03")
def test_a_sarif_file_for_review_tools(eternal: Eternal, rules: Path, spoil: Spoil, tmp_path: Path) -> None:
    spoil("engines/trend-1.yaml", "adx(14)", "adxx(14)")
    assert eternal("check", rules, "--sarif", "out.sarif").exit_code == 1
    document = json.loads((tmp_path / "out.sarif").read_text(encoding="utf-8"))
    assert document["version"] == "2.1.0"
    assert document["runs"][0]["results"][0]["ruleId"].startswith("R")


def test_one_file_is_read_with_the_book_that_it_extends(eternal: Eternal, rules: Path) -> None:
    ended = eternal("check", rules / "engines/trend-2.yaml")
    assert ended.exit_code == 0, ended.output
    assert ended.stdout.startswith("1 file, 0 errors")


def test_mistakes_of_other_files_are_not_those_of_the_one_asked_about(
    eternal: Eternal, rules: Path, spoil: Spoil
) -> None:
    spoil("engines/core-hodl.yaml", "buffer: 5%", "buffer: 5 USDT")
    assert eternal("check", rules / "governance/shares.yaml").exit_code == 0


def test_the_rules_of_the_working_folder_come_before_the_shipped_ones(eternal: Eternal, tmp_path: Path) -> None:
    (tmp_path / "rules/engines").mkdir(parents=True)
    (tmp_path / "rules/engines/mine.yaml").write_text("book: mine\nmachin: trend\n", encoding="utf-8")
    ended = eternal("check")
    assert ended.exit_code == 1
    assert "rules/engines/mine.yaml:" in ended.stdout


@pytest.mark.spec("REL-03")
@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"a: [", b"book: x\n---\nbook: y\n", b"\t", b"- 1\n- 2\n"])
def test_what_is_no_rule_file_is_a_finding_and_not_a_traceback(
    eternal: Eternal, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(content)
    ended = eternal("check", path)
    assert ended.exit_code == 1
    assert "x.yaml:" in ended.stdout
    assert isinstance(ended.exception, SystemExit)


@pytest.mark.spec("CLI-01")
def test_a_path_that_does_not_exist_is_a_mistake_of_usage(eternal: Eternal) -> None:
    ended = eternal("check", "nowhere")
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "found nothing there" in ended.stderr


def test_the_summary_counts() -> None:
    assert summary(8, 1, 2, 0.2149) == "8 files, 1 error, 2 warnings, 0.21 s"


def test_the_shipped_rules_lie_beside_the_language() -> None:
    assert (packaged_rules() / "engines").is_dir()

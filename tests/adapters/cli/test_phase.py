import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

pytestmark = pytest.mark.spec("PHASE-1")
Eternal = Callable[..., Result]
GOOD = {"position.of_target": "95%", "errors.api": "0.2%", "uptime": "99.9%", "latency.order": "120ms"}


def measured(folder: Path, **sections: object) -> Path:
    path = folder / "measured.json"
    path.write_text(json.dumps(sections), encoding="utf-8")
    return path


def test_all_gates_passed_is_code_0(eternal: Eternal, tmp_path: Path) -> None:
    ended = eternal("phase", "--measured", measured(tmp_path, facts=GOOD))
    assert ended.exit_code == 0, ended.output
    assert "Phase 1 of 6: foundation." in ended.stdout
    assert "core on a live account, with 5,000.00 to 10,000.00 USDT." in ended.stdout
    assert "4 gates: 4 passed." in ended.stdout


def test_a_gate_that_fails_is_code_1_and_told_with_its_line(
    eternal: Eternal, tmp_path: Path, line_of: Callable[[str, str], int]
) -> None:
    ended = eternal("phase", "--measured", measured(tmp_path, facts={**GOOD, "uptime": "99%"}))
    assert ended.exit_code == 1
    (row,) = [line for line in ended.stdout.splitlines() if line.split()[:1] == ["uptime"]]
    assert row.split()[1:4] == ["failed", "99", "%"]
    assert row.rstrip().endswith(f"phases.yaml:{line_of('governance/phases.yaml', 'uptime: uptime')}")
    assert "4 gates: 3 passed, 1 failed." in ended.stdout


def test_what_was_not_measured_has_not_passed(eternal: Eternal) -> None:
    ended = eternal("phase")
    assert ended.exit_code == 1
    assert "4 gates: 0 passed, 4 not measured." in ended.stdout


def test_the_phase_after_those_that_were_passed_is_the_current_one(eternal: Eternal, tmp_path: Path) -> None:
    passed = {"foundation": {"by": "Ann", "at": "2030-01-31T12:00Z"}}
    ended = eternal("phase", "--json", "--measured", measured(tmp_path, passed=passed))
    document = json.loads(ended.stdout)
    assert ended.exit_code == 1
    assert (document["phase"], document["account"], document["passed"]) == ("validation", "demo", False)
    assert {gate["verdict"] for gate in document["gates"]} == {"not measured"}


@pytest.mark.spec("PHASE-2")
def test_a_kept_run_answers_for_the_engines_that_it_ran(eternal: Eternal, kept: Path) -> None:
    ended = eternal("phase", "last", "--phase", "validation", "--runs", kept / "runs", "--json")
    document = json.loads(ended.stdout)
    verdicts = {gate["gate"]: gate["verdict"] for gate in document["gates"]}
    assert verdicts["trend_drawdown"] in ("passed", "failed")
    assert verdicts["funding_drawdown"] == verdicts["weeks"] == "not measured"
    assert document["notes"][0].endswith("from 2020-12-01 to 2021-08-01.")
    assert len(document["notes"]) == 1


@pytest.mark.spec("PHASE-2")
def test_a_run_with_other_rules_is_not_trusted(
    eternal: Eternal, kept: Path, rules: Path, spoil: Callable[[str, str, str], Path]
) -> None:
    spoil("engines/trend-1.yaml", "strong: 25", "strong: 30")
    ended = eternal("phase", "last", "--runs", kept / "runs", "--rules", rules)
    assert "It used other rules than those in force now" in ended.stdout


@pytest.mark.spec("PHASE-2")
def test_a_run_from_before_engines_were_measured_says_so(eternal: Eternal, kept: Path, tmp_path: Path) -> None:
    (run,) = (kept / "runs").glob("*/run.json")
    document = json.loads(run.read_text(encoding="utf-8"))
    earlier = {name: value for name, value in document.items() if name not in ("phase_facts", "gates")}
    (tmp_path / "runs" / "earlier").mkdir(parents=True)
    (tmp_path / "runs" / "earlier" / "run.json").write_text(json.dumps(earlier), encoding="utf-8")
    ended = eternal("phase", "earlier", "--phase", "validation")
    assert ended.exit_code == 1
    assert "earlier version" in ended.stdout


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "Expected JSON in"),
        ("[]", "Expected an object with keys"),
        ('{"fact": {}}', 'found "fact"'),
        ('{"facts": {"uptimes": "99%"}}', "Did you mean uptime?"),
        ('{"facts": {"uptime": "310ms"}}', "Expected a ratio such as 99.5% for uptime, found `310ms`."),
        ('{"facts": {"uptime": 99}}', "found `99`"),
        ('{"facts": {"uptime": [1]}}', "found `[1]`"),
        ('{"facts": {"uptime": "99% of"}}', "Expected a ratio"),
        ('{"facts": {"breaker.tested.CAUTION": "maybe"}}', "Expected true or false"),
        ('{"facts": {"approved": true}}', 'found "approved"'),
        ('{"passed": {"foundation": {"by": "Ann", "at": "soon"}}}', "passed.foundation.at, found `soon`"),
        ('{"approved": {"activation": {"by": "", "at": "2030-01-31"}}}', "the name of somebody"),
    ],
)
def test_what_can_not_be_read_is_told_in_a_sentence(eternal: Eternal, tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "measured.json"
    path.write_text(content, encoding="utf-8")
    ended = eternal("phase", "--measured", path)
    assert ended.exit_code == 3
    assert told in ended.output.replace("\n", " ")
    assert "measured.json" in ended.output


def test_a_phase_that_does_not_exist_is_not_understood(eternal: Eternal) -> None:
    ended = eternal("phase", "--phase", "validaton")
    assert ended.exit_code == 2
    assert "Did you mean validation?" in ended.output


def test_rules_without_phases_say_so(eternal: Eternal, rules: Path) -> None:
    (rules / "governance" / "phases.yaml").unlink()
    ended = eternal("phase", "--rules", rules)
    assert ended.exit_code == 2
    assert "Expected a book of phases" in ended.output

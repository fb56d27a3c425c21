"""Findings as people, programs and code-review tools see them."""

import ast
import json
from pathlib import Path

import pytest

from rules.language.codes import ALL_CODES
from rules.language.findings import Finding, Severity
from rules.language.report_findings import as_json, as_sarif, as_text, summary
from rules.language.source import Place

LANGUAGE = Path(__file__).parents[3] / "rules" / "language"
FIRST = Finding(
    "R101",
    Severity.ERROR,
    Place("rules/my books/é.yaml", 7, 11, 5),
    "The name `clsoe` is not known.",
    "Did you mean `close`?",
    (Place("rules/other.yaml", 3, 1, 2),),
    "    when: clsoe > 3\n          ^^^^^",
)
SECOND = Finding("P007", Severity.WARNING, Place("a.yaml", 1, 1, 1), "Nothing uses the param `x`.")
pytestmark = pytest.mark.spec("RULE-03")


def test_people_see_the_line_and_what_to_write() -> None:
    assert as_text([FIRST, SECOND]) == (
        "rules/my books/é.yaml:7:11  R101  The name `clsoe` is not known.\n"
        "        when: clsoe > 3\n"
        "              ^^^^^\n"
        "    Did you mean `close`?\n"
        "    See also rules/other.yaml:3:1.\n"
        "\n"
        "a.yaml:1:1  P007  warning: Nothing uses the param `x`.\n"
        "\n"
        "1 error, 1 warning."
    )


@pytest.mark.parametrize(
    ("findings", "expected"),
    [([], "No mistakes were found."), ([FIRST, FIRST], "2 errors."), ([SECOND], "1 warning.")],
)
def test_the_summary_counts(findings: list[Finding], expected: str) -> None:
    assert summary(findings) == expected


def test_programs_get_everything() -> None:
    content = json.loads(as_json([FIRST, SECOND]))
    assert (content["version"], content["errors"], content["warnings"]) == (1, 1, 1)
    assert content["findings"][0] == {
        "code": "R101",
        "severity": "error",
        "file": "rules/my books/é.yaml",
        "line": 7,
        "column": 11,
        "length": 5,
        "sentence": "The name `clsoe` is not known.",
        "suggestion": "Did you mean `close`?",
        "marked": "    when: clsoe > 3\n          ^^^^^",
        "also": [{"file": "rules/other.yaml", "line": 3, "column": 1, "length": 2}],
    }


def test_code_review_tools_get_sarif() -> None:
    content = json.loads(as_sarif([FIRST, SECOND]))
    assert content["version"] == "2.1.0"
    (run,) = content["runs"]
    first, second = run["results"]
    assert (first["ruleId"], first["level"], second["level"]) == ("R101", "error", "warning")
    assert run["tool"]["driver"]["rules"][first["ruleIndex"]]["id"] == "R101"
    assert run["columnKind"] == "unicodeCodePoints"
    (location,) = first["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "rules/my%20books/%C3%A9.yaml"},
        "region": {"startLine": 7, "startColumn": 11, "endColumn": 16},
    }
    (related,) = first["relatedLocations"]
    assert related["id"] == 1
    assert related["physicalLocation"]["artifactLocation"]["uri"] == "rules/other.yaml"
    assert "relatedLocations" not in second


def test_every_code_says_what_it_is_about() -> None:
    """A code that is used is in the list, and one that is in the list is used."""
    texts = [path.read_text(encoding="utf-8") for path in LANGUAGE.glob("*.py") if path.name != "codes.py"]
    words = {node.value for text in texts for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)}
    used = {
        word for word in words if isinstance(word, str) and len(word) == 4 and word[0] in "RP" and word[1:].isdigit()
    }
    assert used == set(ALL_CODES)

"""All rule files together: what is in force, what keeps it from being, and that it is always the same."""

import subprocess
import sys
from pathlib import Path

import pytest

from machines.catalogue import MACHINES
from rules.language.rulebook import Rulebook, load, rule_files
from runtime.facts import vocabulary_for

ROOT = Path(__file__).parents[3]
RULES = ROOT / "rules"


@pytest.fixture(scope="module")
def shipped() -> Rulebook:
    rulebook, findings = load(rule_files(RULES), MACHINES, vocabulary_for)
    assert rulebook is not None, [str(finding) for finding in findings]
    return rulebook


@pytest.mark.spec("RULE-01")
def test_the_shipped_books_have_no_findings() -> None:
    _, findings = load(rule_files(RULES), MACHINES, vocabulary_for)
    # A share may be kept for an engine that isn't shipped.
    assert [str(finding) for finding in findings if finding.code != "P011"] == []


def test_the_shipped_books_are_all_there(shipped: Rulebook) -> None:
    assert {"core-hodl", "core-hodl-ten", "trend-1", "trend-2"} <= set(shipped.books)
    assert shipped.ladder is not None
    assert [level.name for level in shipped.ladder.levels] == ["CAUTION", "WARNING", "ALERT", "EMERGENCY"]
    assert shipped.checks[0].name == "emergency_stop"
    assert set(shipped.shares) >= set(shipped.books)


@pytest.mark.spec("RULE-13")
def test_the_second_trend_differs_from_the_first_by_params_only(shipped: Rulebook) -> None:
    one, two = shipped.books["trend-1"], shipped.books["trend-2"]
    assert [(rule.id, rule.when.text) for rule in one.rules] == [(rule.id, rule.when.text) for rule in two.rules]
    changed = {name for name, param in two.params.items() if param.value != one.params[name].value}
    assert changed == {"fast", "slow", "wants_volume"}
    assert all(two.params[name].origin.endswith("trend-2.yaml") for name in changed)


# ── files that belong together ──


def test_a_broken_file_does_not_hide_the_mistakes_of_another(shelf) -> None:
    shelf.put("a.yaml", "book: [")
    shelf.put("b.yaml", shelf.trend.replace("in: SCANNING", "in: SCANING"))
    shelf.put("c.yaml", shelf.core.replace("2/3", "1/3"))
    assert shelf.load() is None
    assert shelf.codes() == ["R003", "R032", "R042"]


def test_a_warning_keeps_nothing_from_being_used(shelf) -> None:
    shelf.put("a.yaml", shelf.trend.replace("  risk: 1%", "  risk: 1%\n  spare: 3"))
    assert shelf.load() is not None
    assert shelf.codes() == ["P007"]


def test_two_books_of_one_name(shelf) -> None:
    shelf.put("a.yaml", shelf.trend)
    shelf.put("b.yaml", shelf.trend.replace("TREND-1", "TREND-2"))
    assert shelf.load() is None
    (said,) = shelf.said()
    assert said.startswith("b.yaml:1:7: R021 There is a book `trend-1` already, in ")
    assert [place.file for place in shelf.findings[0].also] == [str(shelf.folder / "a.yaml")]


def test_two_ladders(shelf) -> None:
    shelf.put("a.yaml", shelf.breakers)
    shelf.put("b.yaml", shelf.breakers.replace("book: breakers", "book: more-breakers"))
    assert shelf.load() is None
    assert shelf.codes() == ["R021"]


TWO = "book: trend-2\nextends: trend-1\n"
SHARES = "book: shares\nshares: {trend-1: 10%, trend-2: 10%}\n"


def test_two_books_cannot_spend_the_money_of_one_account(shelf) -> None:
    shelf.put("trend-1.yaml", shelf.trend)
    shelf.put("trend-2.yaml", f"{TWO}account: TREND-1\n")
    shelf.put("shares.yaml", SHARES)
    assert shelf.load() is None
    assert shelf.said() == [
        "trend-2.yaml:3:10: R025 The account `TREND-1` belongs to the book `trend-1` already. "
        "Give this book its own, or name both under `alternatives` of the book of shares."
    ]


def test_alternatives_may_share_an_account(shelf) -> None:
    shelf.put("trend-1.yaml", shelf.trend)
    shelf.put("trend-2.yaml", f"{TWO}account: TREND-1\n")
    shelf.put("shares.yaml", f"{SHARES}alternatives: [[trend-1, trend-2]]\n")
    assert shelf.load() is not None
    assert shelf.findings == []


def test_an_account_is_shared_also_when_it_is_inherited(shelf) -> None:
    shelf.put("trend-1.yaml", shelf.trend)
    shelf.put("trend-2.yaml", TWO)
    shelf.put("shares.yaml", SHARES)
    assert shelf.load() is None
    assert shelf.codes() == ["R025"]


def test_without_shares_nobody_knows_which_books_run_together(shelf) -> None:
    shelf.put("trend-1.yaml", shelf.trend)
    shelf.put("trend-2.yaml", f"{TWO}account: TREND-1\n")
    assert shelf.load() is not None
    assert shelf.codes() == ["R025"]


def test_a_file_given_twice_is_one_file(shelf) -> None:
    shelf.put("a.yaml", shelf.trend)
    assert shelf.load("a.yaml", "a.yaml") is not None


def test_nothing_to_read_is_an_empty_rulebook(shelf) -> None:
    rulebook = shelf.load()
    assert rulebook is not None
    assert (dict(rulebook.books), rulebook.checks, rulebook.ladder) == ({}, (), None)


# ── versions ──


def version(shelf, text: str) -> str:
    shelf.put("a.yaml", text)
    rulebook = shelf.load()
    assert rulebook is not None, shelf.said()
    return rulebook.books["trend-1"].version


def test_the_version_is_twelve_hexadecimal_characters(shelf) -> None:
    assert len(version(shelf, shelf.trend)) == 12
    assert int(version(shelf, shelf.trend), 16) >= 0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("params:", "# a comment\nparams:  # another"),
        ("  slow: 200\n  risk: 1%", "  risk:   1.0%\n  slow: 200"),
        ("close > sma_slow\n", "(close   >   sma_slow)\n"),
        ("[IN_POSITION, TRAILING]", "\n      - IN_POSITION\n      - TRAILING"),
        ("directional: yes", "directional: true"),
        ('label="time stop"', "label='time stop'"),
    ],
)
def test_how_it_is_written_does_not_change_the_version(shelf, old: str, new: str) -> None:
    assert old in shelf.trend
    assert version(shelf, shelf.trend.replace(old, new, 1)) == version(shelf, shelf.trend)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("slow: 200", "slow: 201"),
        ("atr(14)", "atr(15)"),
        (">= longest", "> longest"),
        ("urgency=normal", "urgency=patient"),
        ("TREND-1", "TREND-9"),
        ("1d", "4h"),
        ("    why: A", "    mode: shadow\n    why: A"),
        ("    why: A", "    for: 1h\n    why: A"),
        ("account:", "mode: shadow\naccount:"),
    ],
)
def test_what_it_says_changes_the_version(shelf, old: str, new: str) -> None:
    assert old in shelf.trend
    changed = shelf.trend.replace(old, new, 1).replace("directional: yes", "directional: no")
    assert version(shelf, changed) != version(shelf, shelf.trend.replace("directional: yes", "directional: no"))


def test_two_books_that_say_the_same_in_different_files_differ_by_name_only(shelf) -> None:
    one = version(shelf, shelf.trend)
    (shelf.folder / "a.yaml").rename(shelf.folder / "b.yaml")
    rulebook = shelf.load()
    assert rulebook is not None
    assert rulebook.books["trend-1"].version == one


def test_versions_and_findings_are_the_same_in_every_process(shelf) -> None:
    """Nothing depends on the order in which a process happens to keep names."""
    shelf.put("trend-1.yaml", shelf.trend)
    circle = "facts:\n  one: three\n  two: one\n  three: two\n  four: five + one\n  five: four\n"
    shelf.put("circle.yaml", shelf.trend.replace("trend-1", "circle").replace("facts:\n", circle))
    script = f"""
from pathlib import Path
from machines.catalogue import MACHINES
from rules.language.rulebook import load, rule_files
from rules.language.report_findings import as_json
from runtime.facts import vocabulary_for
rulebook, _ = load(rule_files(Path({str(RULES)!r})), MACHINES, vocabulary_for)
_, findings = load(rule_files(Path({str(shelf.folder)!r})), MACHINES, vocabulary_for)
print(rulebook.version, {{name: book.version for name, book in rulebook.books.items()}}, as_json(findings))
"""
    printed = set()
    for seed in ("1", "2"):
        environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", script]
        printed.add(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)
    assert len(printed) == 1
    assert '"P001"' in printed.pop()

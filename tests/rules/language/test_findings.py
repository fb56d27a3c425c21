import pytest

from rules.language.findings import CODES, did_you_mean, error, listed, mark
from rules.language.source import Place

pytestmark = pytest.mark.spec("RULE-03")


def test_a_finding_reads_like_a_sentence_with_its_place() -> None:
    finding = error("R101", Place("trend.yaml", 7, 9, 4), "The name `slwo` is not known.", "Did you mean `slow`?")
    assert str(finding) == "trend.yaml:7:9: R101 The name `slwo` is not known. Did you mean `slow`?"


def test_the_line_is_shown_with_the_place_marked() -> None:
    finding = mark(error("R101", Place("f", 2, 9, 4), "Oh."), ["a: 1", "  when: slwo > 3", ""])
    assert finding.marked == "  when: slwo > 3\n        ^^^^"


@pytest.mark.parametrize(("line", "column", "length"), [(9, 1, 1), (0, 1, 1), (1, 3, 99)])
def test_marking_never_fails(line: int, column: int, length: int) -> None:
    marked = mark(error("R101", Place("f", line, column, length), "Oh."), ["abcd"]).marked
    assert marked in ("", "abcd\n  ^^")


def test_the_nearest_name_is_suggested() -> None:
    assert did_you_mean("slwo", ["slow", "fast"]) == "Did you mean `slow`?"
    assert did_you_mean("BTC", ["btc"]) == "Did you mean `btc`?"
    assert did_you_mean("zzz", ["slow", "fast"]) == ""


def test_lists_read_like_sentences() -> None:
    assert listed([]) == ""
    assert listed(["a"]) == "`a`"
    assert listed(["a", "b", "c"], "and") == "`a`, `b` and `c`"
    assert listed("abcdef", most=3) == "`a`, `b`, `c`, …"


def test_codes_are_said_in_sentences() -> None:
    assert all(sentence.endswith(".") for sentence in CODES.values())

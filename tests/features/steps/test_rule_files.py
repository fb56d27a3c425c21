from collections.abc import Sequence
from pathlib import Path

import pytest

from features.steps.rule_files import RuleFiles, put

TEXT = """book: b
params:
  one: 1        # first
  two: 2

levels:
  LOW: { at: 10%, size: 75% }
checks:
  c:
    refuse_if:
      - x
      - y
    why: z
"""


@pytest.fixture
def files(tmp_path: Path) -> RuleFiles:
    return RuleFiles(tmp_path)


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        (("book",), "c", "book: c"),
        (("params", "one"), "7", "  one: 7"),
        (("params", "three"), "3", "  three: 3"),
        (("levels", "LOW", "at"), "9%", "  LOW: { at: 9%, size: 75% }"),
        (("levels", "LOW", "close"), "nothing", "  LOW: { close: nothing, at: 10%, size: 75% }"),
        (("levels", "LOW", "size"), None, "  LOW: { at: 10% }"),
        (("checks", "c", "refuse_if"), "q", "    refuse_if: q"),
        (("checks", "c", "mode"), "off", "    mode: off"),
    ],
)
def test_a_value_is_put_where_it_belongs(path: Sequence[str], value: str | None, line: str) -> None:
    changed = put(TEXT, path, value).splitlines()
    assert line in changed
    assert len(changed) - len(TEXT.splitlines()) in (0, 1, -2)


def test_a_key_is_taken_out_with_everything_under_it() -> None:
    assert put(TEXT, ("checks", "c", "refuse_if"), None).endswith("checks:\n  c:\n    why: z\n")
    assert "c:" not in put(TEXT, ("checks", "c"), None)


def test_what_is_not_there_cannot_be_changed(files: RuleFiles) -> None:
    with pytest.raises(AssertionError, match=r"trend-1\.yaml has no line for the fact strenght"):
        files.fact("trend-1", "strenght", "24")
    with pytest.raises(AssertionError, match=r"pre-trade\.yaml has no line for the check weekends"):
        files.check_mode("weekends", "live")
    with pytest.raises(AssertionError, match="There is no book trend-9"):
        files.param("trend-9", "strong", "1")
    with pytest.raises(AssertionError, match=r"There is no checks\.x in pre-trade\.yaml"):
        files.drop(files.named("pre-trade.yaml"), ("checks", "x"))


def test_a_fact_of_an_overlay_is_changed_where_it_stands(files: RuleFiles) -> None:
    files.fact("trend-2", "strength", "24")
    rulebook = files.rulebook()
    assert {rulebook.books[name].facts["strength"].text for name in ("trend-1", "trend-2")} == {"24 + 0 * (adx(14))"}


def test_a_mistake_is_told_when_the_rules_are_wanted(files: RuleFiles) -> None:
    files.param("trend-1", "risk", "1")
    with pytest.raises(AssertionError, match=r"can't be used:\n.*trend-1\.yaml:\d+:\d+: R"):
        files.rulebook()

"""The book of doubts: what it says, and what is refused."""

from pathlib import Path

import pytest

from machines.catalogue import MACHINES
from rules.language.doubts import Doubt, DoubtOf
from rules.language.findings import Finding
from rules.language.rulebook import load, rule_files
from runtime.facts import vocabulary_for

ROOT = Path(__file__).parents[3] / "rules"
SHIPPED = (ROOT / "governance" / "doubts.yaml").read_text(encoding="utf-8")


def read(folder: Path, *changes: tuple[str, str]) -> tuple[tuple[Doubt, ...] | None, list[Finding]]:
    """Load the shipped rules with another book of doubts."""
    text = SHIPPED
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    (folder / "doubts.yaml").write_text(text, encoding="utf-8")
    others = [path for path in rule_files(ROOT) if path.name != "doubts.yaml"]
    rulebook, findings = load([*others, folder / "doubts.yaml"], MACHINES, vocabulary_for)
    return None if rulebook is None else rulebook.doubts, findings


def test_the_shipped_doubts_are_read_whole(tmp_path: Path) -> None:
    doubts, findings = read(tmp_path)
    assert not findings
    assert doubts is not None
    by_name = {doubt.name: doubt for doubt in doubts}
    assert by_name["short"].of is DoubtOf.PORTFOLIO
    assert by_name["few_trades"].of is DoubtOf.DIRECTIONAL
    assert by_name["few_trades"].condition.text == "result.trades < 30"
    assert all(doubt.says.endswith(".") for doubt in doubts)


@pytest.mark.parametrize(
    ("old", "new", "code", "told"),
    [
        ("result.trades < 30", "result.trade < 30", "R101", "Did you mean `result.trades`?"),
        ("result.span < 365d", "result.span < 365", "R121", "duration"),
        ("result.span < 365d", "close < 5 USDT/BTC", "R147", "close"),
        ("result.span < 365d", "hour > 3", "R058", "hour"),
        ("result.span < 365d", "BTCUSDT.close > 3 USDT/BTC", "R104", "BTCUSDT"),
        ("    says: Under a year; it has seen one kind of market, or two.\n", "", "R012", "says"),
        ("of: directional  ", "of: some  ", "R014", "some"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_its_line(tmp_path: Path, old: str, new: str, code: str, told: str) -> None:
    doubts, findings = read(tmp_path, (old, new))
    assert doubts is None
    about = [finding for finding in findings if finding.code == code]
    assert about, findings
    assert told in f"{about[0].sentence} {about[0].suggestion}"
    assert about[0].place.file.endswith("doubts.yaml")


def test_a_doubt_that_never_changes_is_warned_of(tmp_path: Path) -> None:
    doubts, findings = read(tmp_path, ("result.span < 365d", "1 < 2"))
    assert doubts is not None
    assert [finding.code for finding in findings] == ["P008"]

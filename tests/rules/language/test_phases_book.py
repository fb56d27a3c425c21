"""The book of phases: what it says, and what is refused."""

from decimal import Decimal
from pathlib import Path

import pytest

from machines.catalogue import MACHINES
from rules.language.findings import Finding
from rules.language.phases import Account, Phases, ResultOf
from rules.language.rulebook import load, rule_files
from runtime.facts import vocabulary_for

pytestmark = pytest.mark.spec("PHASE-1")
ROOT = Path(__file__).parents[3] / "rules"
SHIPPED = (ROOT / "governance" / "phases.yaml").read_text(encoding="utf-8")


def read(folder: Path, *changes: tuple[str, str]) -> tuple[Phases | None, list[Finding]]:
    """Load the shipped rules with another book of phases."""
    text = SHIPPED
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    (folder / "phases.yaml").write_text(text, encoding="utf-8")
    others = [path for path in rule_files(ROOT) if path.name != "phases.yaml"]
    rulebook, findings = load([*others, folder / "phases.yaml"], MACHINES, vocabulary_for)
    return None if rulebook is None else rulebook.phases, findings


def test_the_shipped_phases_are_read_whole(tmp_path: Path) -> None:
    phases, findings = read(tmp_path)
    assert phases is not None
    assert not findings
    foundation, validation, *_, scale = phases.phases
    assert (foundation.capital_from, foundation.capital_to) == (Decimal(5000), Decimal(10000))
    assert (foundation.account, validation.account, scale.account) == (Account.LIVE, Account.DEMO, Account.LIVE)
    assert foundation.engines == ("core",)
    assert [gate.name for gate in foundation.gates] == ["deployed", "api_errors", "uptime", "latency"]
    assert [engine.result for engine in phases.engines.values()] == [
        *(ResultOf.TRADE, ResultOf.TRADE, ResultOf.COIN, ResultOf.DEPLOYMENT)
    ]
    assert phases.engines["trend"].books == ("trend-1", "trend-2")


def test_a_changed_gate_is_another_version_and_comments_are_not(tmp_path: Path) -> None:
    shipped, _ = read(tmp_path)
    stricter, _ = read(tmp_path, ("uptime > 99%", "uptime > 99.5%"))
    commented, _ = read(tmp_path, ("uptime > 99%", "uptime > 99%    # nearly always"))
    assert shipped is not None
    assert stricter is not None
    assert commented is not None
    assert shipped.version == commented.version != stricter.version


@pytest.mark.parametrize(
    ("old", "new", "line", "code", "told"),
    [
        ("uptime > 99%", "uptime > 99", "uptime > 99", "R121", "ratio"),
        ("uptime > 99%", "uptmie > 99%", "uptmie > 99%", "R101", "Did you mean `uptime`?"),
        ("uptime > 99%", "BTCUSDT.close > 99%", "BTCUSDT.close", "R104", "BTCUSDT"),
        ("uptime > 99%", "weekday == Monday", "weekday == Monday", "R058", "calendar"),
        ("uptime > 99%", "1 < 2", "uptime: 1 < 2", "P008", "always the same"),
        ("from: 5000 USDT", "from: 15000 USDT", "from: 15000", "R057", "begins with more"),
        ("to: 75000 USDT", "to: 45000 USDT", "to: 45000", "R057", "may have less than `activation`"),
        ("to: 75000 USDT", "to: 75%", "to: 75%", "R124", "money"),
        ("engines: core", "engines: croe", "engines: croe", "R056", "Did you mean `core`?"),
        ("  trend:  ", "  trned:  ", "trned:", "R056", "Did you mean `trend`?"),
        ("[trend-1, trend-2]", "[trend-1, trend-1]", "[trend-1, trend-1]", "R056", "belongs to an engine already"),
        ("[trend-1, trend-2]", "[trend-1, trend-l]", "trend-l", "R022", "trend-l"),
        ("account: demo", "account: paper", "account: paper", "R014", "demo"),
        ("result: coin", "result: coins", "result: coins", "R014", "coin"),
        ("    account: live\n", "", "foundation:", "R012", "account"),
    ],
)
def test_what_can_not_be_meant_is_told_where_it_stands(
    tmp_path: Path, old: str, new: str, line: str, code: str, told: str
) -> None:
    _, findings = read(tmp_path, (old, new))
    fitting = [one for one in findings if one.code == code]
    assert fitting, [str(one) for one in findings]
    assert line in fitting[0].marked.split("\n")[0]
    assert told in f"{fitting[0].sentence} {fitting[0].suggestion}"


def test_a_book_that_is_not_there_has_no_results_yet(tmp_path: Path) -> None:
    """Somebody who doesn't use an engine may still keep its gates."""
    phases, findings = read(tmp_path, ("books: tactical", "books: something-else"))
    assert phases is not None
    assert not findings


def test_there_is_one_book_of_phases(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "phases-2.yaml").write_text(
        SHIPPED.replace("book: phases", "book: phases-2"), encoding="utf-8"
    )
    paths = [*rule_files(ROOT), tmp_path / "more" / "phases-2.yaml"]
    rulebook, findings = load(paths, MACHINES, vocabulary_for)
    assert rulebook is None
    assert "R021" in [one.code for one in findings]


def test_phases_decide_about_no_order_and_leave_the_version_alone(tmp_path: Path) -> None:
    others = [path for path in rule_files(ROOT) if path.name != "phases.yaml"]
    without, _ = load(others, MACHINES, vocabulary_for)
    rulebook, _ = load(rule_files(ROOT), MACHINES, vocabulary_for)
    assert without is not None
    assert rulebook is not None
    assert without.phases is None
    assert without.version == rulebook.version

"""What was measured, as it is written down and read again."""

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from rules.language.units import Unit
from runtime.measured import Measured, Word
from runtime.phase_facts import APPROVED, PHASE_FACTS

pytestmark = pytest.mark.spec("PHASE-5")
DOCUMENTED = Path(__file__).parents[2] / "docs" / "rule-language.md"


def values(unit: Unit) -> some.SearchStrategy[object]:
    if unit is Unit.BOOL:
        return some.booleans()
    if unit is Unit.DURATION:
        return some.integers(0, 10**12)
    return some.decimals(-(10**6), 10**6, places=6)


@some.composite
def facts(draw: some.DrawFn) -> dict[str, object]:
    names = draw(some.lists(some.sampled_from([name for name in PHASE_FACTS if name != APPROVED]), unique=True))
    return {name: draw(values(PHASE_FACTS[name].kind.unit)) for name in names}


words = some.dictionaries(
    some.sampled_from(["foundation", "validation"]),
    some.builds(Word, some.text("abc ", min_size=1), some.integers(0, 4_000_000_000).map(lambda s: s * 1000)),
)


@given(facts(), words, some.none() | words)
def test_what_is_written_reads_as_the_same(facts: dict, passed: dict, approved: dict | None) -> None:
    measured = Measured(facts, passed, approved)
    assert Measured.from_plain(json.loads(json.dumps(measured.to_plain()))) == measured


def test_an_approval_counts_for_its_phase_only() -> None:
    measured = Measured(approved={"activation": Word("Ann", 0)})
    assert measured.of_phase("activation")[APPROVED] is True
    assert measured.of_phase("first_raise")[APPROVED] is False
    assert Measured().of_phase("activation")[APPROVED] is None


def test_null_is_not_measured() -> None:
    assert Measured.from_plain({"facts": {"uptime": None, "weeks.demo": 8}}).facts == {
        "uptime": None,
        "weeks.demo": Decimal(8),
    }


def test_the_documented_file_can_be_read() -> None:
    (text,) = re.findall(r"```json\n(.*?)```", DOCUMENTED.read_text(encoding="utf-8"), re.DOTALL)
    measured = Measured.from_plain(json.loads(text))
    assert measured.facts["latency.order"] == 310
    assert set(measured.passed) == {"foundation"}

"""One more overlay on rules that were read once: the same as if its file had been read with the others."""

import pytest

from rules.language.rulebook import Overlaid
from rules.language.rulebook import rule_files as files_in
from tests.rules.conftest import MACHINES, vocabulary_for

pytestmark = pytest.mark.spec("BT-06")

QUICK = "book: quick\nextends: trend-1\naccount: QUICK\nparams:\n  slow: {slow}\n"
LIVE = "environment: live\nbooks:\n  trend-1:\n    params:\n      risk: 0.5%\n"


@pytest.fixture
def books(shelf):
    shelf.put("trend-1.yaml", shelf.trend)
    shelf.put("core.yaml", shelf.core)
    shelf.put("live.yaml", LIVE)
    return shelf


def overlaid(shelf, environment: str = "") -> Overlaid:
    return Overlaid(files_in(shelf.folder), MACHINES, vocabulary_for, environment)


@pytest.mark.parametrize("environment", ["", "live"])
def test_it_is_the_same_rulebook_as_if_its_file_had_been_read(books, environment: str) -> None:
    added = [overlaid(books, environment).with_overlay(QUICK.format(slow=slow), "quick.yaml") for slow in (50, 80)]
    for slow, (rulebook, findings) in zip((50, 80), added, strict=True):
        books.put("quick.yaml", QUICK.format(slow=slow))
        whole = books.load(environment=environment)
        assert findings == []
        assert rulebook is not None
        assert whole is not None
        assert rulebook.version == whole.version
        assert rulebook.books["quick"].params["risk"].value == whole.books["quick"].params["risk"].value


def test_a_wrong_one_is_told_and_leaves_no_trace(books) -> None:
    rules = overlaid(books)
    before, _ = rules.with_overlay(QUICK.format(slow=50), "quick.yaml")
    for text in (QUICK.format(slow="2%"), QUICK.replace("slow:", "slou:").format(slow=50), "book: [", "book: quick\n"):
        refused, findings = rules.with_overlay(text, "quick.yaml")
        assert refused is None
        assert findings
    again, findings = rules.with_overlay(QUICK.format(slow=50), "quick.yaml")
    assert findings == []
    assert before is not None
    assert again is not None
    assert again.version == before.version


def test_one_overlay_is_not_seen_beside_the_next(books) -> None:
    rules = overlaid(books)
    rules.with_overlay(QUICK.format(slow=50), "quick.yaml")
    other, _ = rules.with_overlay(QUICK.replace("quick", "other").format(slow=50), "other.yaml")
    assert other is not None
    assert set(other.books) == {"trend-1", "core", "other"}

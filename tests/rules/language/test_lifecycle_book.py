import pytest

from rules.language.governance import Lifecycle

TEXT = """\
book: lifecycle
outage: {pause_after: 20s, alert_after: 10m}
halt: {cancels_within: 5s, retry_after: 3s, remind_every: 1h}
reconciliation: {look_every: 2m}
"""


def test_every_wait_is_read(shelf) -> None:
    shelf.put("lifecycle.yaml", TEXT)
    rulebook = shelf.load()
    assert rulebook is not None, shelf.said()
    found = rulebook.lifecycle
    assert (found.pause_after_ms, found.alert_after_ms) == (20_000, 600_000)
    assert (found.cancels_within_ms, found.retry_after_ms, found.remind_every_ms) == (5_000, 3_000, 3_600_000)
    assert found.look_every_ms == 120_000


def test_without_the_book_the_waits_are_those_that_are_shipped(shelf) -> None:
    rulebook = shelf.load()
    assert rulebook is not None, shelf.said()
    assert rulebook.lifecycle == Lifecycle()


def test_another_wait_is_another_version(shelf) -> None:
    shelf.put("lifecycle.yaml", TEXT)
    before = shelf.load()
    shelf.put("lifecycle.yaml", TEXT.replace("3s", "4s"))
    after = shelf.load()
    assert before is not None
    assert after is not None
    assert before.version != after.version


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("20s", "0s", "2:23: R053 `0s` is out of range: more than zero is needed here."),
        ("20s", "20", "2:23: R124 `20` is a plain number, but this place needs a duration."),
        ("10m", "10s", "2:41: R053 `alert_after` is shorter than `pause_after`, so the alert would come before"),
        (", remind_every: 1h", "", "3:1: R012 `halt` has no `remind_every`."),
        ("retry_after", "retry_aftr", "R0"),
    ],
)
def test_what_cannot_be_meant_is_refused(shelf, old: str, new: str, expected: str) -> None:
    shelf.put("lifecycle.yaml", TEXT.replace(old, new))
    assert shelf.load() is None
    assert any(expected in said for said in shelf.said()), shelf.said()


def test_there_is_one_such_book(shelf) -> None:
    shelf.put("lifecycle.yaml", TEXT)
    shelf.put("more.yaml", TEXT.replace("book: lifecycle", "book: more"))
    assert shelf.load() is None
    assert any("R021 There is a book of this kind already" in said for said in shelf.said()), shelf.said()

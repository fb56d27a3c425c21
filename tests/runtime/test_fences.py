"""A book that fails is fenced off, and only a person lets it trade again."""

import json

import pytest

from runtime.draft import Draft
from runtime.fences import Fences
from runtime.status import Hold, Status
from runtime.step import Notice, Transition


@pytest.mark.spec("ORCH-05")
def test_an_exception_fences_the_book_off_once_with_its_reason() -> None:
    status = Status()
    fences, draft = Fences(status), Draft(1)

    for _ in range(2):
        with fences.around("trend-1", "deciding", draft):
            raise ValueError("no such state")

    assert fences.fenced == {"trend-1": "deciding failed (ValueError: no such state)"}
    assert status.held(Hold.FENCED) == {"trend-1"}
    assert [record.severity for record in draft.records if isinstance(record, Notice)] == ["P0"]
    assert [record.after for record in draft.records if isinstance(record, Transition)] == ["FENCED"]


@pytest.mark.spec("ORCH-05")
def test_what_ends_the_program_is_not_taken_for_a_failing_book() -> None:
    fences = Fences(Status())

    with pytest.raises(KeyboardInterrupt), fences.around("trend-1", "deciding", Draft(1)):
        raise KeyboardInterrupt

    assert not fences.fenced


@pytest.mark.spec("ORCH-05", "ORCH-06")
def test_fences_and_retirements_survive_a_restart() -> None:
    status = Status()
    fences, draft = Fences(status), Draft(1)
    fences.fence("trend-1", "its file is bad", draft)
    fences.retire("tactical", "the operator says so", draft)

    later = Status()
    again = Fences(later)
    later.restore(json.loads(json.dumps(status.to_plain())))
    again.restore(json.loads(json.dumps(fences.to_plain())))

    assert again.idle == {"trend-1", "tactical"}
    assert (later.held(Hold.FENCED), later.held(Hold.RETIRED)) == ({"trend-1"}, {"tactical"})
    assert again.fenced == {"trend-1": "its file is bad"}
    again.unfence("trend-1", "mended", draft)
    again.reinstate("tactical", "after all", draft)
    assert not again.idle
    assert not later.holds


def read(fences: Fences, faulty: dict[str, str], *running: str) -> list[str]:
    """Let fences know of files that can't be used, and give what is told then."""
    draft = Draft(1)
    fences.read(faulty, running, draft)
    return [f"{one.severity} {one.text}" for one in draft.records if isinstance(one, Notice)]


@pytest.mark.spec("ORCH-05")
def test_a_book_with_a_bad_file_may_decide_but_open_nothing_until_the_file_is_good() -> None:
    status = Status()
    fences = Fences(status)

    (told,) = read(fences, {"trend-1": "trend-1.yaml:3:1: R031 There is no machine `trnd`."}, "trend-1")
    assert told.startswith("P0 trend-1 is fenced off, because its rule file can't be used: trend-1.yaml:3:1: R031")
    assert "closed by its rules as they last were" in told
    assert (fences.names, fences.unfunded, fences.idle) == ({"trend-1"}, {"trend-1"}, set())
    assert status.held(Hold.FAULTY) == {"trend-1"}
    assert read(fences, {"trend-1": "trend-1.yaml:3:1: R031 There is no machine `trnd`."}, "trend-1") == []
    assert "R001" in read(fences, {"trend-1": "trend-1.yaml:1:1: R001 The file is not UTF-8 text."}, "trend-1")[0]

    later = Status()
    later.restore(json.loads(json.dumps(status.to_plain())))
    again = Fences(later)
    again.restore(json.loads(json.dumps(fences.to_plain())))
    assert read(again, {}, "trend-1") == ["P2 The rule file of trend-1 can be used again, and is in force."]
    assert not again.reasons
    assert not later.holds


@pytest.mark.spec("ORCH-05")
def test_a_bad_file_of_a_book_that_never_ran_is_told_so() -> None:
    (told,) = read(Fences(Status()), {"tactical": "tactical.yaml:1:1: R002 The file is empty."}, "trend-1")
    assert "it has never run" in told


@pytest.mark.spec("ORCH-05")
def test_an_error_and_a_bad_file_are_two_fences() -> None:
    status = Status()
    fences, draft = Fences(status), Draft(1)
    fences.fence("trend-1", "deciding failed", draft)
    read(fences, {"trend-1": "its file is empty"}, "trend-1")

    fences.unfence("trend-1", "looked into", draft)
    assert fences.reasons == {"trend-1": "its file is empty"}
    assert status.held(Hold.FAULTY) == {"trend-1"}
    assert not status.held(Hold.FENCED)


def test_state_from_before_there_was_such_a_fence_can_be_read() -> None:
    fences = Fences(Status())
    fences.restore({"books": {"trend-1": "deciding failed"}, "accounts": {}, "no_entries": {}})
    assert fences.reasons == {"trend-1": "deciding failed"}


def test_unfencing_what_is_not_fenced_says_what_is() -> None:
    fences, draft = Fences(Status()), Draft(1)
    fences.fence("trend-1", "its file is bad", draft)

    fences.unfence("trend-2", "a mistake", draft)

    assert draft.records[-1] == Notice("P2", "trend-2", "trend-2 is not fenced; fenced are trend-1.")

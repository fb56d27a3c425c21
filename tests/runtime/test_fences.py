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


def test_unfencing_what_is_not_fenced_says_what_is() -> None:
    fences, draft = Fences(Status()), Draft(1)
    fences.fence("trend-1", "its file is bad", draft)

    fences.unfence("trend-2", "a mistake", draft)

    assert draft.records[-1] == Notice("P2", "trend-2", "trend-2 is not fenced; fenced are trend-1.")

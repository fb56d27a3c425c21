"""Windows over the calendar, and the curve that their proofs make together."""

from datetime import UTC, datetime

import pytest

from runtime.metrics import Curve
from runtime.walk_forward import joined, walk_of, windows

pytestmark = pytest.mark.spec("BT-06")


def at(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000)


def day(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d")


def test_each_window_begins_one_proof_later_and_the_proofs_follow_each_other_without_a_gap() -> None:
    found = windows(walk_of("2y/6m"), at("2020-01-01"), at("2023-08-01"))
    assert [(day(one.from_ms), day(one.until_ms), day(one.to_ms)) for one in found] == [
        ("2020-01-01", "2022-01-01", "2022-07-01"),
        ("2020-07-01", "2022-07-01", "2023-01-01"),
        ("2021-01-01", "2023-01-01", "2023-07-01"),
    ]
    assert [one.number for one in found] == [1, 2, 3]


def test_a_proof_that_is_not_there_in_full_is_left_out() -> None:
    assert windows(walk_of("2y/6m"), at("2020-01-01"), at("2022-06-30")) == []
    assert len(windows(walk_of("2y/6m"), at("2020-01-01"), at("2022-07-01"))) == 1


def test_months_end_on_the_last_day_there_is_and_days_are_days() -> None:
    (first, *_) = windows(walk_of("1m/10d"), at("2024-01-31"), at("2024-04-01"))
    assert (day(first.until_ms), day(first.to_ms)) == ("2024-02-29", "2024-03-10")


@pytest.mark.parametrize("text", ["2y", "2y/", "0y/6m", "2y/6h", "2y/6m/1m", "-2y/6m", "two/six"])
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="such as 2y/6m"):
        walk_of(text)


def test_a_joined_curve_earns_what_its_parts_earn_one_after_the_other() -> None:
    parts = [Curve.of([(0, 100.0), (10, 110.0)]), Curve.of([]), Curve.of([(10, 50.0), (20, 40.0), (30, 60.0)])]
    whole = joined(parts, 1000.0)
    assert whole.at_ms.tolist() == [0, 10, 20, 30]
    assert whole.values.tolist() == pytest.approx([1000.0, 1100.0, 880.0, 1320.0])

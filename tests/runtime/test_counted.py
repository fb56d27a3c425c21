from hypothesis import given
from hypothesis import strategies as st

from runtime.counted import DAY_MS, REMEMBERED_MS, Counted

HOUR_MS = 3_600_000


def test_a_name_counts_once() -> None:
    counted = Counted()
    assert counted.first("a", 1)
    assert not counted.first("a", 2)
    assert "a" in counted


def test_years_of_names_take_no_more_room_than_two_months_of_them() -> None:
    counted = Counted()
    sizes = []
    for hour in range(3 * 365 * 24):
        assert counted.first(f"e{hour}", hour * HOUR_MS)
        sizes.append(len(counted))
    assert max(sizes) <= 2 * REMEMBERED_MS // HOUR_MS


@given(st.lists(st.integers(0, 40 * DAY_MS), min_size=1, max_size=200))
def test_nothing_is_forgotten_within_thirty_days_of_being_counted(pauses: list[int]) -> None:
    counted, counted_at, now_ms = Counted(), {}, 0
    for number, pause in enumerate(pauses):
        now_ms += pause
        counted.first(str(number), now_ms)
        counted_at[str(number)] = now_ms
        assert all(name in counted for name, at_ms in counted_at.items() if now_ms - at_ms < REMEMBERED_MS)


def test_what_was_counted_before_an_absence_is_known_while_what_was_missed_is_told() -> None:
    counted = Counted()
    counted.first("before", 0)
    back_ms = 400 * DAY_MS
    for missed in range(1000):
        counted.first(f"missed {missed}", back_ms + missed)
    assert not counted.first("before", back_ms + 2000)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 20 * DAY_MS)), max_size=60), st.integers(0, 60))
def test_it_goes_on_from_plain_data_as_if_nothing_had_been(told: list[tuple[int, int]], split: int) -> None:
    one, now_ms = Counted(), 0
    other = Counted()
    for place, (name, pause) in enumerate(told):
        now_ms += pause
        if place == split:
            other = Counted.from_plain(one.to_plain())
        elif place < split:
            other.first(str(name), now_ms)
        if place >= split:
            assert one.first(str(name), now_ms) == other.first(str(name), now_ms)
        else:
            one.first(str(name), now_ms)
    if split < len(told):
        assert one.to_plain() == other.to_plain()


def test_a_list_of_an_earlier_version_is_known_for_thirty_days_more() -> None:
    counted = Counted.from_plain(["a", "b"])
    now_ms = 20_000 * DAY_MS
    assert counted.first("c", now_ms)
    assert not counted.first("a", now_ms + 29 * DAY_MS)

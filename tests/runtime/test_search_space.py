"""Every combination of a search, and what lies around one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.plateau import plateau_of
from runtime.search_space import Space

pytestmark = pytest.mark.spec("BT-06")

SPACE = Space({"fast": ("10", "20", "30"), "slow": ("100", "200"), "loud": ("yes", "no")})
spaces = st.dictionaries(
    st.sampled_from("abcd"), st.lists(st.integers(0, 9).map(str), min_size=1, max_size=4, unique=True), min_size=1
).map(lambda values: Space({name: tuple(each) for name, each in values.items()}))


@given(spaces)
def test_every_combination_has_one_number(space: Space) -> None:
    assert list(space) == [space.at(number) for number in range(space.size)]
    assert len(set(space)) == space.size


@given(spaces, st.data())
def test_neighbours_are_mutual_and_differ_in_one_param_by_one_step(space: Space, data: st.DataObject) -> None:
    choice = space.at(data.draw(st.integers(0, space.size - 1)))
    for near in space.neighbours(choice):
        changed = [(a, b) for a, b in zip(choice, near, strict=True) if a != b]
        assert len(changed) == 1
        (name, one), (_, other) = changed[0]
        assert abs(space.values[name].index(one) - space.values[name].index(other)) == 1
        assert choice in space.neighbours(near)


def test_an_inner_combination_has_two_neighbours_for_each_param_and_a_corner_one() -> None:
    assert len(SPACE.neighbours((("fast", "20"), ("slow", "100"), ("loud", "no")))) == 4
    assert len(SPACE.neighbours((("fast", "10"), ("slow", "100"), ("loud", "no")))) == 3


@pytest.mark.parametrize(
    ("best", "around", "alone"),
    [
        (1.2, [1.1, 1.0, 1.15], False),
        (1.2, [0.1, 0.2, 1.19], True),
        (1.2, [None, None, 1.2], False),
        (1.2, [None, None, 0.3, 1.2, 1.2], True),
        (1.2, [None, None], True),
        (-1.0, [-1.1, -1.2], False),
        (-1.0, [-2.0, -3.0], True),
    ],
)
def test_the_best_stands_alone_when_most_around_it_lose_a_quarter(best, around, alone) -> None:
    plateau = plateau_of(best, around)
    assert plateau.alone == alone
    assert ("stands alone" in plateau.told()) == alone


def test_a_neighbour_that_is_better_shows_that_the_search_is_not_at_its_end() -> None:
    assert "one of them reaches 1.30" in plateau_of(1.2, [1.1, 1.3]).told()

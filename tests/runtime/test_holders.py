"""Money is split among engines without a cent coming up or going."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.capital import RESERVE
from runtime.holders import most_underweight_first

ZERO = Decimal(0)
MONEY = st.decimals(0, 1_000_000, places=2)
NAMES = ("core-hodl", "trend", "funding", "tactical")


def split(amount: int, wanted: dict[str, int], have: dict[str, int], reserve: int = 0) -> dict[str, Decimal]:
    return most_underweight_first(
        Decimal(amount),
        {name: Decimal(value) for name, value in wanted.items()},
        {name: Decimal(value) for name, value in have.items()},
        Decimal(reserve),
    )


@pytest.mark.spec("ORCH-03")
def test_whoever_lacks_most_is_filled_up_before_the_next_gets_anything() -> None:
    assert split(50, {"a": 100, "b": 100}, {"a": 20, "b": 90}) == {"a": 50}
    assert split(85, {"a": 100, "b": 100}, {"a": 20, "b": 90}) == {"a": 80, "b": 5}


@pytest.mark.spec("ORCH-03")
def test_what_is_left_fills_the_reserve_and_then_goes_by_what_is_wanted() -> None:
    assert split(30, {"a": 60, "b": 20}, {"a": 60, "b": 20}, 10) == {RESERVE: 10, "a": 15, "b": 5}


@pytest.mark.spec("ORCH-03")
@given(MONEY, st.lists(st.tuples(MONEY, MONEY), min_size=4, max_size=4), MONEY)
def test_the_parts_add_up_and_nobody_is_filled_beyond_what_another_lacks(
    amount: Decimal, amounts: list[tuple[Decimal, Decimal]], reserve: Decimal
) -> None:
    wanted = {name: want + 1 for name, (want, _) in zip(NAMES, amounts, strict=True)}
    have = {name: has for name, (_, has) in zip(NAMES, amounts, strict=True)}

    given_to = most_underweight_first(amount, wanted, have, reserve)

    assert abs(sum(given_to.values(), ZERO) - amount) < Decimal("1E-15")
    assert all(part > 0 for part in given_to.values())
    lacking = [name for name in NAMES if have[name] + given_to.get(name, ZERO) < wanted[name]]
    beyond = [name for name in NAMES if given_to.get(name, ZERO) > max(ZERO, wanted[name] - have[name])]
    assert not (lacking and beyond)

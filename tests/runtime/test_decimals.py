from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.decimals import EXACT, percent, plain, readable, share

amounts = st.decimals("-1000000", "1000000", allow_nan=False, places=25)
wholes = st.decimals("0.000001", "1000000", places=6)


@given(amounts, wholes)
def test_the_whole_of_an_amount_is_all_of_it(amount: Decimal, whole: Decimal) -> None:
    assert share(amount, whole, whole) == amount


@given(amounts, wholes, wholes)
def test_the_parts_of_an_amount_add_up_to_it(amount: Decimal, part: Decimal, rest: Decimal) -> None:
    one = share(amount, part, EXACT.add(part, rest))
    assert EXACT.add(one, EXACT.subtract(amount, one)) == amount
    assert abs(one) <= EXACT.add(abs(amount), Decimal("1E-18"))


def test_a_third_is_cut_off_at_18_decimals() -> None:
    assert share(Decimal(1), Decimal(1), Decimal(3)) == Decimal("0.333333333333333333")


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30))
def test_no_number_is_written_with_an_exponent(value: Decimal) -> None:
    assert "E" not in plain(value).upper()
    assert "E" not in readable(value).upper()
    assert Decimal(plain(value)) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1E+3", "1000"),
        ("1200", "1200"),
        ("0.050", "0.05"),
        ("1E-7", "0.0000001"),
        ("2", "2"),
        ("0.3333333333", "0.33333333"),
    ],
)
def test_people_read_few_digits(value: str, text: str) -> None:
    assert readable(Decimal(value)) == text


def test_a_ratio_is_read_as_a_percentage() -> None:
    assert percent(Decimal("0.015")) == "1.5 %"

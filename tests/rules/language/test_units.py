import itertools

import pytest

from rules.language.units import MEASURED, NUMERIC, Unit, comparable, fits, product_of, quotient_of, sum_of

pytestmark = pytest.mark.spec("RULE-04")


def test_only_like_and_like_are_added() -> None:
    for left, right in itertools.product(MEASURED, NUMERIC):
        assert (sum_of(left, right, "+") is not None) == (left is right)


def test_moments_and_durations() -> None:
    assert sum_of(Unit.TIMESTAMP, Unit.TIMESTAMP, "-") is Unit.DURATION
    assert sum_of(Unit.TIMESTAMP, Unit.TIMESTAMP, "+") is None
    assert sum_of(Unit.TIMESTAMP, Unit.DURATION, "-") is Unit.TIMESTAMP
    assert sum_of(Unit.DURATION, Unit.TIMESTAMP, "-") is None


@pytest.mark.parametrize("scale", [Unit.NUMBER, Unit.COUNT])
def test_a_plain_number_scales_anything_that_is_measured(scale: Unit) -> None:
    for unit in MEASURED:
        assert product_of(scale, unit) is product_of(unit, scale) is quotient_of(unit, scale) is unit


def test_a_ratio_of_something_is_that_thing() -> None:
    for unit in MEASURED:
        assert product_of(Unit.RATIO, unit) is product_of(unit, Unit.RATIO) is unit


def test_price_quantity_and_money_belong_together() -> None:
    assert product_of(Unit.PRICE, Unit.QUANTITY) is product_of(Unit.QUANTITY, Unit.PRICE) is Unit.MONEY
    assert quotient_of(Unit.MONEY, Unit.PRICE) is Unit.QUANTITY
    assert quotient_of(Unit.MONEY, Unit.QUANTITY) is Unit.PRICE
    assert product_of(Unit.MONEY, Unit.PRICE) is None
    assert quotient_of(Unit.PRICE, Unit.MONEY) is None


def test_like_by_like_is_a_ratio_and_a_ratio_of_ratios_a_number() -> None:
    for unit in MEASURED - {Unit.RATIO}:
        assert quotient_of(unit, unit) is Unit.RATIO
    assert quotient_of(Unit.RATIO, Unit.RATIO) is Unit.NUMBER
    assert quotient_of(Unit.COUNT, Unit.COUNT) is Unit.NUMBER


def test_no_words_in_calculations() -> None:
    for unit, other in itertools.product((Unit.BOOL, Unit.ENUM, Unit.TEXT, Unit.TIME_OF_DAY), Unit):
        assert sum_of(unit, other, "+") is product_of(unit, other) is quotient_of(unit, other) is None


def test_comparing_and_fitting() -> None:
    assert comparable(Unit.COUNT, Unit.NUMBER)
    assert comparable(Unit.ENUM, Unit.TEXT)
    assert not comparable(Unit.RATIO, Unit.NUMBER)
    assert not comparable(Unit.MONEY, Unit.PRICE)
    assert fits(Unit.COUNT, Unit.NUMBER)
    assert not fits(Unit.NUMBER, Unit.COUNT)

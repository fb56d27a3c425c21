from decimal import Decimal

import pytest

from adapters.report.shades import strength
from adapters.report.words import counted, days, hours, money, number, percent, price


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (percent(0.1234), "12.3 %"),
        (percent(Decimal("-0.05"), signed=True), "-5.0 %"),
        (percent(0.05, signed=True), "+5.0 %"),
        (percent(-0.00001, signed=True), "+0.0 %"),
        (percent(None), "–"),
        (number(1234.567), "1,234.57"),
        (money(Decimal("-0.001")), "0.00"),
        (money(Decimal(12), signed=True), "+12.00"),
        (price(Decimal("36690.094")), "36,690.09"),
        (price(Decimal("0.012345678")), "0.0123457"),
        (price(Decimal("2.5")), "2.50000"),
        (price(None), "–"),
        (days(1234.4), "1,234 d"),
        (hours(5.0), "5 h"),
        (hours(60.0), "2.5 d"),
        (counted(1, "trade"), "1 trade"),
        (counted(2000, "trade"), "2,000 trades"),
    ],
)
def test_numbers_are_written_for_people(written: str, expected: str) -> None:
    assert written == expected


@pytest.mark.parametrize(("change", "steps"), [(0.0, 0), (0.001, 1), (-0.001, -1), (0.05, 2), (-0.10, -3), (0.9, 5)])
def test_colours_grow_with_the_return(change: float, steps: int) -> None:
    assert strength(change) == steps

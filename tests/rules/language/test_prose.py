from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.language.prose import number, prose


@pytest.mark.spec("RULE-10")
@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (Decimal("0.025"), "ratio", "2.5 %"),
        (0.1, "ratio", "10 %"),
        (Decimal("500.00"), "money", "500 USDT"),
        (60123.456789, "price", "60123.5"),
        (0.00001234567, "price", "0.0000123457"),
        (123456789.0, "quantity", "123456789"),
        (Decimal(0), "number", "0"),
        (1e300, "number", "1e+300"),
        (5e-324, "number", "0"),
        (14 * 86_400_000, "duration", "14 d"),
        (90_061_000, "duration", "1 d 1 h"),
        (-1500, "duration", "-1 s"),
        (0, "duration", "0 s"),
        (12, "duration", "12 ms"),
        (28_800_000, "time_of_day", "08:00"),
        (1_700_000_000_000, "timestamp", "2023-11-14 22:13 UTC"),
        (True, "bool", "true"),
        ("long", "enum", "long"),
        (None, "price", "unknown"),
    ],
)
def test_values_read_like_values(value: Any, unit: str, expected: str) -> None:
    assert prose(value, unit) == expected


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_any_float_can_be_written(value: float) -> None:
    assert number(value)

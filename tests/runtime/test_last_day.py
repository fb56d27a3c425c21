"""How far something fell within a day."""

from decimal import Decimal

import pytest

from runtime.last_day import DAY_MS, LastDay

HOUR_MS = 3_600_000


@pytest.mark.spec("FUND-09")
def test_a_fall_is_measured_from_the_highest_of_the_day() -> None:
    fund = LastDay()
    for hour, value in enumerate((90, 100, 80)):
        fund.see("", hour * HOUR_MS, Decimal(value))
    assert fund.fall("", 2 * HOUR_MS) == Decimal("0.2")
    assert fund.fall("BTCUSDT", 2 * HOUR_MS) == Decimal("0.2")


def test_what_is_older_than_a_day_does_not_count() -> None:
    fund = LastDay()
    fund.see("", 0, Decimal(100))
    fund.see("", DAY_MS, Decimal(70))
    assert fund.fall("", DAY_MS) == Decimal("0.3")
    fund.see("", DAY_MS + 1, Decimal(70))
    assert fund.fall("", DAY_MS + 1) == 0
    assert fund.fall("", 3 * DAY_MS) is None


def test_a_symbol_of_its_own_comes_before_the_market() -> None:
    fund = LastDay()
    fund.see("", 0, Decimal(100))
    fund.see("BTCUSDT", 0, Decimal(10))
    fund.see("BTCUSDT", 1, Decimal(5))
    assert (fund.fall("BTCUSDT", 1), fund.fall("ETHUSDT", 1)) == (Decimal("0.5"), Decimal(0))


def test_it_comes_back_as_it_was() -> None:
    fund, again = LastDay(), LastDay()
    fund.see("BTCUSDT", 5, Decimal("1.50"))
    again.restore(fund.to_plain())
    assert again == fund

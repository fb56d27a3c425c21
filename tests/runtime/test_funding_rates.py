"""The mean of what was settled in a day is known only when all of it is."""

from decimal import Decimal

import pytest

from runtime.funding_rates import FundingRates

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
EIGHT = 8 * HOUR_MS


def settled(*hours: int) -> FundingRates:
    rates = FundingRates()
    for hour in hours:
        rates.settle("BTCUSDT", hour * HOUR_MS, Decimal(hour) / 1000)
    return rates


@pytest.mark.spec("TACT-01")
def test_the_mean_of_a_day_takes_in_its_end_and_not_its_beginning() -> None:
    assert settled(0, 8, 16, 24).mean("BTCUSDT", DAY_MS, DAY_MS, EIGHT) == Decimal("0.016")


@pytest.mark.parametrize("hours", [(), (8, 24), (0, 8, 16)])
def test_a_day_with_a_settlement_missing_is_unknown(hours: tuple[int, ...]) -> None:
    assert settled(*hours).mean("BTCUSDT", DAY_MS, DAY_MS, EIGHT) is None


def test_another_symbol_is_unknown() -> None:
    assert settled(8, 16, 24).mean("ETHUSDT", DAY_MS, DAY_MS, EIGHT) is None


def test_a_rate_that_comes_twice_counts_once() -> None:
    assert settled(8, 8, 16).mean("BTCUSDT", DAY_MS, DAY_MS, EIGHT) is None


def test_old_rates_are_forgotten_and_the_others_survive_a_restart() -> None:
    rates = settled(*range(0, 24 * 10, 8))
    again = FundingRates()
    again.restore(rates.to_plain())
    assert again == rates
    assert len(rates.to_plain()) == 12

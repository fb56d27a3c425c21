import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.net_value import DAY_MS, NetValue

MONDAY_MS = 4 * DAY_MS  # 5 January 1970
HOUR_MS = 3_600_000
money = st.decimals("0.01", "1000000", places=2)


def started(equity: str = "10000", at_ms: int = MONDAY_MS) -> NetValue:
    net_value = NetValue()
    net_value.observe(at_ms, Decimal(equity))
    return net_value


def test_ten_percent_is_exactly_ten_percent() -> None:
    net_value = started("30000")
    net_value.observe(MONDAY_MS + 1, Decimal("27000"))
    assert net_value.drawdown == Decimal("0.1")
    assert net_value.high_water == 30000


def test_the_drawdown_counts_from_the_highest_value() -> None:
    net_value = started()
    net_value.observe(MONDAY_MS + 1, Decimal("12000"))
    net_value.observe(MONDAY_MS + 2, Decimal("10800"))
    assert net_value.drawdown == Decimal("0.1")


@given(money, st.lists(st.decimals("-0.9", "5", places=4), max_size=8), st.decimals("0.01", "0.99", places=4))
def test_deposits_and_withdrawals_move_neither_value_nor_drawdown(
    equity: Decimal, flows: list[Decimal], left: Decimal
) -> None:
    """Whatever came or left, losing to a ratio of what is there is a drawdown of exactly the rest."""
    net_value = started(str(equity))
    for ratio in flows:
        net_value.flow(equity * ratio, equity)
        equity += equity * ratio
        assert net_value.drawdown == 0
        assert abs(net_value.high_water / equity - 1) < Decimal("1E-25")
    net_value.observe(MONDAY_MS + 1, equity * left)
    assert net_value.drawdown == 1 - left


@given(money, st.decimals("0.01", "0.99", places=4), st.decimals("-0.99", "9", places=4))
def test_a_deposit_does_not_heal_a_drawdown(equity: Decimal, left: Decimal, ratio: Decimal) -> None:
    net_value = started(str(equity))
    now = equity * left
    net_value.observe(MONDAY_MS + 1, now)
    net_value.flow(now * ratio, now)
    net_value.observe(MONDAY_MS + 2, now + now * ratio)
    assert net_value.drawdown == 1 - left


@pytest.mark.spec("RISK-02")
def test_the_day_starts_at_midnight_with_the_last_value_before_it() -> None:
    net_value = started()
    net_value.observe(MONDAY_MS + 23 * HOUR_MS, Decimal("9900"))
    assert net_value.loss_today == Decimal("0.01")
    net_value.observe(MONDAY_MS + DAY_MS + 1, Decimal("9801"))
    assert net_value.loss_today == Decimal("0.01")
    assert net_value.loss_this_week == Decimal("0.0199")


@pytest.mark.spec("RISK-02")
def test_a_value_at_midnight_ends_the_day_and_is_where_the_next_one_starts() -> None:
    net_value = started()
    net_value.observe(MONDAY_MS + DAY_MS, Decimal("9800"))
    assert net_value.loss_today == Decimal("0.02")
    net_value.observe(MONDAY_MS + DAY_MS + HOUR_MS, Decimal("9604"))
    assert net_value.loss_today == Decimal("0.02")


@pytest.mark.spec("RISK-02")
def test_a_small_loss_is_a_small_loss() -> None:
    net_value = started()
    net_value.observe(MONDAY_MS + 1, Decimal("9988"))
    assert net_value.loss_today == Decimal("0.0012")


@pytest.mark.spec("RISK-02")
def test_the_week_starts_on_monday() -> None:
    net_value = started()
    net_value.observe(MONDAY_MS + 7 * DAY_MS - 1, Decimal("9000"))
    assert net_value.loss_this_week == Decimal("0.1")
    net_value.observe(MONDAY_MS + 7 * DAY_MS, Decimal("9000"))
    assert net_value.loss_this_week == Decimal("0.1")
    net_value.observe(MONDAY_MS + 7 * DAY_MS + 1, Decimal("8100"))
    assert net_value.loss_this_week == Decimal("0.1")


def test_a_profit_is_no_loss() -> None:
    net_value = started()
    net_value.observe(MONDAY_MS + 1, Decimal("11000"))
    assert (net_value.loss_today, net_value.loss_this_week, net_value.drawdown) == (0, 0, 0)


def test_everything_withdrawn_and_paid_in_again_goes_on_at_the_same_value() -> None:
    net_value = started()
    net_value.observe(MONDAY_MS + 1, Decimal("8000"))
    net_value.flow(Decimal("-8000"), Decimal("8000"))
    net_value.observe(MONDAY_MS + 2, Decimal(0))
    assert net_value.drawdown == Decimal("0.2")
    net_value.flow(Decimal("500"), Decimal(0))
    net_value.observe(MONDAY_MS + 3, Decimal("500"))
    assert net_value.drawdown == Decimal("0.2")


def test_a_flow_that_nobody_can_price_keeps_the_value() -> None:
    net_value = started()
    net_value.flow_of_unknown_worth()
    net_value.observe(MONDAY_MS + 1, Decimal("15000"))
    assert net_value.value == 1
    net_value.observe(MONDAY_MS + 2, Decimal("13500"))
    assert net_value.drawdown == Decimal("0.1")


def test_a_total_loss_is_a_drawdown_of_everything() -> None:
    net_value = started()
    net_value.observe(MONDAY_MS + 1, Decimal("0"))
    assert net_value.drawdown == 1


@pytest.mark.spec("BRK-05")
def test_measured_from_here_the_same_loss_does_not_count_again() -> None:
    net_value = started()
    net_value.observe(MONDAY_MS + 1, Decimal("7500"))
    net_value.measure_from_here()
    assert net_value.drawdown == 0
    net_value.observe(MONDAY_MS + 2, Decimal("6750"))
    assert net_value.drawdown == Decimal("0.1")


@pytest.mark.spec("BRK-06")
def test_the_high_water_mark_survives_a_restart() -> None:
    net_value = started("30000")
    net_value.flow(Decimal("7000"), Decimal("30000"))
    net_value.observe(MONDAY_MS + DAY_MS + 5, Decimal("29600"))
    plain = json.loads(json.dumps(net_value.to_plain()))
    again = NetValue.from_plain(plain)
    assert again.to_plain() == plain
    assert again.drawdown == net_value.drawdown == Decimal("0.2")
    again.observe(MONDAY_MS + DAY_MS + 6, Decimal("29600"))
    assert again.loss_today == Decimal("0.2")

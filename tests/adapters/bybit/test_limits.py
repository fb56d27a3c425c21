"""How many requests leave in a second, told by what left and by what the exchange says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.bybit.limits import AddressLimit, Limits, reset_ms

PLACE = "place_order:linear"


class Local:
    def __init__(self, address_limit: int | None = None) -> None:
        self.now = 1_000_000
        self.limits = Limits(AddressLimit(address_limit), lambda: self.now)


@pytest.mark.spec("EXEC-11")
def test_ten_orders_a_second_leave_and_the_eleventh_waits() -> None:
    local = Local()
    for _ in range(10):
        assert local.limits.wait_ms(PLACE) == 0
        local.limits.sent(PLACE)
        local.now += 20
    assert local.limits.wait_ms(PLACE) == 800
    assert local.limits.wait_ms("cancel_order:linear") == 0
    local.now += 800
    assert local.limits.wait_ms(PLACE) == 0


def test_the_limit_is_what_the_exchange_says() -> None:
    local = Local()
    local.limits.heard(PLACE, {"X-Bapi-Limit": "2", "X-Bapi-Limit-Status": "1"}, 5000)
    local.limits.sent(PLACE)
    local.limits.sent(PLACE)
    assert local.limits.wait_ms(PLACE) == 1000
    local.limits.heard(PLACE, {"X-Bapi-Limit": "500", "X-Bapi-Limit-Status": "490"}, 5000)
    assert local.limits.wait_ms(PLACE) == 0


def test_a_limit_that_is_used_up_rests_until_it_is_whole_again() -> None:
    local = Local()
    used_up = {"X-Bapi-Limit": "10", "X-Bapi-Limit-Status": "0", "X-Bapi-Limit-Reset-Timestamp": "5700"}
    local.limits.heard(PLACE, used_up, 5000)
    assert local.limits.wait_ms(PLACE) == 700


NONSENSE = [{}, {"X-Bapi-Limit": "-3"}, {"X-Bapi-Limit": "many"}, {"X-Bapi-Limit": "0", "X-Bapi-Limit-Status": "0"}]


@pytest.mark.parametrize("headers", NONSENSE)
def test_headers_that_say_nothing_change_nothing(headers: dict[str, str]) -> None:
    local = Local()
    local.limits.heard(PLACE, headers, 5000)
    assert local.limits.wait_ms(PLACE) == 0


def test_a_reset_is_neither_past_nor_far_away() -> None:
    assert reset_ms({"X-Bapi-Limit-Reset-Timestamp": "4999"}, 5000) is None
    assert reset_ms({"X-Bapi-Limit-Reset-Timestamp": "9" * 15}, 5000) == 15_000


def test_all_accounts_share_one_address() -> None:
    address = AddressLimit(3)
    one, other = Limits(address, lambda: 1000), Limits(address, lambda: 1000)
    for limits in (one, other, one):
        limits.sent("get_tickers:spot")
    assert other.wait_ms("get_open_orders:spot") == 5000
    one.ban()
    assert other.wait_ms("get_open_orders:spot") == 600_000


@given(st.lists(st.integers(0, 400), min_size=20, max_size=60))
def test_no_second_ever_has_more_than_its_ten(gaps_ms: list[int]) -> None:
    local, left = Local(), []
    for gap in gaps_ms:
        local.now += gap + local.limits.wait_ms(PLACE) if local.limits.wait_ms(PLACE) else gap
        if local.limits.wait_ms(PLACE) == 0:
            local.limits.sent(PLACE)
            left.append(local.now)
    assert all(sum(1 for other in left if moment <= other < moment + 1000) <= 10 for moment in left)


@pytest.mark.spec("EXEC-11")
def test_a_batch_counts_as_many_as_it_holds_from_when_it_was_answered() -> None:
    local, batch = Local(address_limit=2), "place_batch_order:linear"
    local.limits.sent(batch, 7)
    assert local.limits.room(batch) == 3
    assert (local.limits.wait_ms(batch, 3), local.limits.wait_ms(batch, 4)) == (0, 1000)
    local.now += 300
    local.limits.heard(batch, {}, 5000, 7)
    assert local.limits.wait_ms(batch, 4) == 1000
    # For its address it is one request, and for single orders none.
    assert local.limits.wait_ms(PLACE) == 0
    local.now += 999
    assert local.limits.room(batch) == 3
    local.now += 1
    assert local.limits.room(batch) == 10

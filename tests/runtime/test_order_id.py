import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.order_id import order_id

parts = st.tuples(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
attempts = st.integers(1, 999_999)


@pytest.mark.spec("EXEC-02")
@given(parts, attempts)
def test_an_exchange_takes_every_id(decision: tuple[str, str, str, str], attempt: int) -> None:
    assert re.fullmatch("[A-Za-z0-9_-]{1,36}", order_id(*decision, attempt))


@pytest.mark.spec("EXEC-02")
@given(parts, parts, attempts, attempts)
def test_different_decisions_have_different_ids(
    one: tuple[str, str, str, str], other: tuple[str, str, str, str], attempt: int, another: int
) -> None:
    same = (one, attempt) == (other, another)
    assert (order_id(*one, attempt) == order_id(*other, another)) is same


@pytest.mark.spec("EXEC-02")
def test_the_parts_of_a_decision_do_not_run_into_each_other() -> None:
    assert order_id("A", "entries.long", "1", "BTC", 1) != order_id("A", "entries.long1", "", "BTC", 1)


@pytest.mark.spec("EXEC-02")
def test_the_id_is_the_same_on_every_machine() -> None:
    assert order_id("TREND-1", "entries.long", "2026-W08", "BTCUSDT", 2) == "trend-1-f572dhzl7kck4wc75wnb-2"


def test_attempts_count_from_one() -> None:
    with pytest.raises(ValueError, match="Expected an attempt from 1 to 999999, found 0"):
        order_id("A", "r", "s", "l", 0)

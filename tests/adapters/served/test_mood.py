"""The index of a played market, read by what reads the real one."""

import pytest
import requests

from adapters.sentiment.fear_greed import FearGreed
from adapters.served.serving import Served

DAY_MS = 86_400_000


@pytest.mark.spec("DATA-05")
def test_it_tells_each_day_when_the_market_has_come_to_it_and_not_before(served: Served) -> None:
    source = FearGreed(f"{served.http}/fng/")
    now_ms = served.application.exchange.now_ms
    days = source.history()
    assert [one.value for one in days] == [20.0 + number for number in range(len(days))]
    assert days[-1].at_ms == now_ms - now_ms % DAY_MS
    assert source.newest(now_ms) == days[-1]
    served.advance(24)
    tomorrow = source.newest(served.application.exchange.now_ms)
    assert (tomorrow.at_ms, tomorrow.value) == (days[-1].at_ms + DAY_MS, days[-1].value + 1)


def test_a_limit_that_is_no_number_is_refused(served: Served) -> None:
    assert requests.get(f"{served.http}/fng/?limit=all", timeout=10).status_code == 400

from decimal import Decimal
from typing import Any

import pytest

from adapters.bybit.settlements import HOUR_MS, Settlements

EVERY_MS = 8 * HOUR_MS
BEGIN_MS = 100 * EVERY_MS


class Exchange:
    """Settles every eight hours; its ticker announces the settlement after `quoted_ms`."""

    def __init__(self) -> None:
        self.quoted_ms = BEGIN_MS
        self.asked = 0

    def funding(self, _symbol: str, after_ms: int, end_ms: int) -> list[tuple[int, Decimal]]:
        self.asked += 1
        first = (after_ms // EVERY_MS + 1) * EVERY_MS
        return [(at_ms, Decimal("0.0001")) for at_ms in range(first, end_ms + 1, EVERY_MS)]

    def next_funding_ms(self, _symbol: str) -> int:
        return (self.quoted_ms // EVERY_MS + 1) * EVERY_MS


@pytest.mark.spec("DATA-01")
@pytest.mark.parametrize("ahead_ms", [0, 3 * HOUR_MS, 2 * EVERY_MS])
def test_each_rate_is_told_at_its_moment_however_far_quotes_are_ahead(ahead_ms: int) -> None:
    exchange, told = Exchange(), list[Any]()
    settlements = Settlements(exchange, ["BTCUSDT"], exchange, told.append, BEGIN_MS)  # type: ignore[arg-type]
    settlements.at(BEGIN_MS)
    before = exchange.asked
    for hour in range(1, 49):
        moment = BEGIN_MS + hour * HOUR_MS
        exchange.quoted_ms = moment + ahead_ms
        settlements.at(moment)
        assert told[-1].at_ms == moment // EVERY_MS * EVERY_MS
    assert exchange.asked - before == 6

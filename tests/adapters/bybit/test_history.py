"""The past and the instruments, read from our own exchange and page by page."""

from decimal import Decimal
from typing import Any

import pytest

from adapters.bybit.client import RefusedError
from adapters.bybit.fields import MalformedError
from adapters.bybit.history import History
from adapters.bybit.klines import interval_of
from runtime.instrument import Market

HOUR_MS = 3_600_000
SERIES = (Market.LINEAR, "BTCUSDT", "1h")


def test_candles_come_oldest_first_and_only_when_they_have_closed(life: Any) -> None:
    history, now = History(life.line()), life.clock.now_ms()
    found, exchange_ms = history.candles(SERIES, now - 5 * HOUR_MS, now + 5 * HOUR_MS)
    assert exchange_ms == now
    assert [candle.close_ms for candle in found] == [now - hour * HOUR_MS for hour in (4, 3, 2, 1, 0)]


def test_a_long_past_comes_in_pages(exchange: Any, life: Any) -> None:
    start = 1_700_000_000_000 - 1_700_000_000_000 % HOUR_MS
    every = [[str(start + n * HOUR_MS), "10", "12", "9", "11", "1", "1"] for n in range(1500)]
    newest_first = every[::-1]
    exchange.good("/v5/market/kline", {"list": newest_first[:1000]}, {"list": newest_first[1000:]})
    life.hosts = exchange.hosts
    found, _ = History(life.line()).candles(SERIES, start, start + 1500 * HOUR_MS)
    assert [candle.open_ms for candle in found] == [int(row[0]) for row in every]
    first, second = exchange.asked_of("/v5/market/kline")
    assert int(second["end"]) == start + 500 * HOUR_MS - 1
    assert first["start"] == second["start"]


def test_rates_come_oldest_first_and_are_those_of_the_market(life: Any) -> None:
    now = life.clock.now_ms()
    rates = History(life.line()).funding("BTCUSDT", now - 48 * HOUR_MS, now - 1)
    assert len(rates) == 5
    assert rates == sorted(rates)
    assert {rate for _, rate in rates} == {Decimal("0.0001")}


def test_instruments_have_the_steps_of_the_exchange(life: Any) -> None:
    wanted = [(Market.SPOT, "BTCUSDT"), (Market.LINEAR, "BTCUSDT"), (Market.LINEAR, "NOPEUSDT")]
    found = History(life.line()).instruments(wanted)
    assert set(found) == set(wanted[:2])
    for key, instrument in found.items():
        shipped = life.instruments[key]
        assert (instrument.price_step, instrument.quantity_step) == (shipped.price_step, shipped.quantity_step)
        assert instrument.minimum_notional == shipped.minimum_notional
    perpetual = found[Market.LINEAR, "BTCUSDT"]
    assert perpetual.maximum_leverage == life.instruments[Market.LINEAR, "BTCUSDT"].maximum_leverage
    assert perpetual.maintenance_margin == life.instruments[Market.LINEAR, "BTCUSDT"].maintenance_margin


def test_fees_are_those_of_the_account(life: Any) -> None:
    fees = History(life.line("trend")).fees(Market.LINEAR)
    assert fees[Market.LINEAR, "BTCUSDT"].taker == life.instruments[Market.LINEAR, "BTCUSDT"].taker_fee


def test_what_cannot_be_had_is_an_error_and_never_an_empty_past(exchange: Any, life: Any) -> None:
    life.hosts = exchange.hosts
    history = History(life.line())
    exchange.bad("/v5/market/kline", 10001)
    with pytest.raises(RefusedError):
        history.candles(SERIES, 0, HOUR_MS)
    exchange.good("/v5/market/kline", {"list": "nothing"})
    with pytest.raises(MalformedError):
        history.candles(SERIES, 0, HOUR_MS)
    exchange.good("/v5/market/insurance", {"list": []})
    with pytest.raises(MalformedError, match="insurance"):
        history.insurance()


def test_an_interval_that_there_is_not_is_named() -> None:
    with pytest.raises(ValueError, match='no candles of "7m"'):
        interval_of("7m")

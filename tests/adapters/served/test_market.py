"""Public questions about the market, by unmodified pybit."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from pybit.exceptions import InvalidRequestError

from adapters.history.aggregate import aggregate
from adapters.served.application import Application
from adapters.served.exchange import Setting
from runtime.instrument import Market

Desk = Any
HOUR_MS = 3_600_000
BTC = {"category": "linear", "symbol": "BTCUSDT"}


def klines(desk: Desk, **fields: Any) -> list[list[str]]:
    return desk.http.get_kline(**{**BTC, "interval": "60", **fields})["result"]["list"]


def test_candles_come_the_newest_first_and_end_with_the_one_under_way(main: Desk) -> None:
    main.served.advance(1, until="open")
    now_ms = main.http.get_server_time()["time"]
    rows = klines(main, limit=5)
    assert [int(row[0]) for row in rows] == [now_ms - hours * HOUR_MS for hours in range(5)]
    first, *_ = rows
    assert first[1] == first[2] == first[3] == first[4]
    assert (first[5], rows[1][5] != "0") == ("0", True)


def test_no_candle_is_shown_before_it_has_happened(main: Desk) -> None:
    now_ms = main.http.get_server_time()["time"]
    assert klines(main, start=now_ms + 1, end=now_ms + 100 * HOUR_MS) == []
    assert klines(main, interval="240", start=now_ms - now_ms % (4 * HOUR_MS), limit=1)[0][5] == "0"


def test_pages_of_candles_join_without_a_gap(main: Desk) -> None:
    whole = klines(main, limit=100)
    pages, end = [], None
    for _ in range(10):
        page = klines(main, limit=10, end=end)
        pages += page
        end = int(page[-1][0]) - 1
    assert pages == whole
    start = int(whole[-1][0])
    assert klines(main, start=start, limit=10) == whole[-10:]


def test_longer_candles_are_made_of_shorter_ones(main: Desk) -> None:
    day = klines(main, interval="D", limit=2)[1]
    hours = klines(main, start=int(day[0]), end=int(day[0]) + 23 * HOUR_MS)
    assert len(hours) == 24
    highs, lows = ([Decimal(row[column]) for row in hours] for column in (2, 3))
    assert (day[1], day[4]) == (hours[-1][1], hours[0][4])
    assert (Decimal(day[2]), Decimal(day[3])) == (max(highs), min(lows))
    assert Decimal(day[5]) == sum(Decimal(row[5]) for row in hours)


def test_the_book_stands_around_the_price_in_whole_ticks(main: Desk) -> None:
    book = main.http.get_orderbook(**BTC, limit=50)["result"]
    bids, asks = ([Decimal(price) for price, _ in book[side]] for side in ("b", "a"))
    last = Decimal(main.http.get_tickers(**BTC)["result"]["list"][0]["lastPrice"])
    assert bids == sorted(bids, reverse=True)
    assert asks == sorted(asks)
    assert bids[0] < last < asks[0]
    assert all(price % Decimal("0.1") == 0 for price in bids + asks)


def test_instruments_say_their_steps(main: Desk) -> None:
    (linear,) = main.http.get_instruments_info(**BTC)["result"]["list"]
    (spot,) = main.http.get_instruments_info(category="spot", symbol="BTCUSDT")["result"]["list"]
    assert (linear["priceFilter"]["tickSize"], linear["lotSizeFilter"]["qtyStep"]) == ("0.1", "0.001")
    assert (linear["fundingInterval"], linear["leverageFilter"]["maxLeverage"]) == (480, "100.00")
    assert (spot["lotSizeFilter"]["basePrecision"], spot["lotSizeFilter"]["minOrderAmt"]) == ("0.000001", "5")
    names = [one["symbol"] for one in main.http.get_instruments_info(category="linear")["result"]["list"]]
    assert names == ["BTCUSDT", "ETHUSDT"]


def test_funding_rates_are_shown_once_they_are_settled(main: Desk) -> None:
    before = main.http.get_funding_rate_history(**BTC)["result"]["list"]
    main.served.advance(8)
    after = main.http.get_funding_rate_history(**BTC)["result"]["list"]
    assert after[1:] == before
    assert int(after[0]["fundingRateTimestamp"]) == main.http.get_server_time()["time"]
    with pytest.raises(InvalidRequestError):
        main.http.get_funding_rate_history(**BTC, startTime=1)


def test_the_rest_of_the_market_answers(main: Desk) -> None:
    assert main.http.get_public_trade_history(**BTC, limit=5)["result"]["list"][0]["side"] in ("Buy", "Sell")
    assert len(main.http.get_open_interest(**BTC, intervalTime="1h", limit=3)["result"]["list"]) == 3
    assert main.http.get_insurance(coin="USDT")["result"]["list"][0]["coin"] == "USDT"
    assert main.http.get_risk_limit(**BTC)["result"]["list"][0]["maintenanceMargin"] == "0.005"
    assert main.http.get_mark_price_kline(**BTC, interval="60", limit=2)["result"]["list"][0][1:2]
    rates = main.http.get_fee_rates(category="spot")["result"]["list"]
    assert rates == [{"symbol": "BTCUSDT", "takerFeeRate": "0.001", "makerFeeRate": "0.001"}]


def test_a_market_with_a_speed_goes_on_by_itself(
    served_with: Callable[..., Any], desk_at: Callable[..., Desk], until: Callable[..., Any]
) -> None:
    desk = desk_at(served_with(speed=72_000.0, gap_s=0.01), "main")
    started_ms = desk.http.get_server_time()["time"]
    until(lambda: desk.http.get_server_time()["time"] > started_ms + 10 * HOUR_MS, "ten hours")
    times = [desk.http.get_server_time()["time"] for _ in range(50)]
    assert times == sorted(times)
    newest = klines(desk, limit=1)[0]
    assert int(newest[0]) <= desk.http.get_server_time()["time"]


def test_a_market_of_longer_candles_has_the_same_turnover_in_a_day(a_setting: Setting) -> None:
    hours = Application(a_setting).exchange
    candles = {
        (market, symbol, "4h"): aggregate(frame, "1h", "4h")
        for (market, symbol, _), frame in a_setting.data.candles.items()
    }
    longer = Application(replace(a_setting, data=replace(a_setting.data, candles=candles))).exchange
    wanted, found = (one.ticker(Market.LINEAR, "BTCUSDT") for one in (hours, longer))
    assert wanted is not None
    assert found is not None
    assert (found.volume, found.last) == (wanted.volume, wanted.last)
    assert found.volume > 10_000
    asked, shown = (one.quotes(Market.LINEAR, "BTCUSDT") for one in (hours, longer))
    assert asked == shown

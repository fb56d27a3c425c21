from dataclasses import replace

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from adapters.synthetic.futures import Future, with_future
from runtime.instrument import Market
from runtime.market_data import MarketData

KEY = (Market.SPOT, "BTCUSDT", "1h")
HOURS = 60
EDGE_MS = 40


@pytest.fixture
def data() -> MarketData:
    rows = range(HOURS)
    numbers = {name: [float(10 + row * 7 % 13) for row in rows] for name in ("open", "high", "low", "close", "volume")}
    candles = pl.DataFrame({"open_ms": list(rows), "close_ms": [row + 1 for row in rows], **numbers})
    funding = pl.DataFrame({"at_ms": list(rows), "rate": [row / 1000 for row in rows]})
    facts = pl.DataFrame({"at_ms": list(rows), "value": [float(row) for row in rows]})
    return MarketData({KEY: candles}, {"BTCUSDT": funding}, {"fear_greed": facts})


@pytest.mark.spec("BT-04")
@pytest.mark.parametrize("future", Future)
def test_the_past_stays_and_the_future_is_another(data: MarketData, future: Future) -> None:
    other = with_future(data, EDGE_MS, future)
    for before, after, time in (
        (data.candles[KEY], other.candles[KEY], "close_ms"),
        (data.funding["BTCUSDT"], other.funding["BTCUSDT"], "at_ms"),
        (data.facts["fear_greed"], other.facts["fear_greed"], "at_ms"),
    ):
        assert_frame_equal(before.filter(pl.col(time) <= EDGE_MS), after.filter(pl.col(time) <= EDGE_MS))
        assert not before.filter(pl.col(time) > EDGE_MS).equals(after.filter(pl.col(time) > EDGE_MS))


def test_a_shuffled_future_has_the_same_candles_at_other_times_and_again_the_same(data: MarketData) -> None:
    other = with_future(data, EDGE_MS, Future.SHUFFLED).candles[KEY]
    assert sorted(other["volume"].to_list()) == sorted(data.candles[KEY]["volume"].to_list())
    assert other["open_ms"].to_list() == data.candles[KEY]["open_ms"].to_list()
    assert other.equals(with_future(data, EDGE_MS, Future.SHUFFLED).candles[KEY])
    assert not other.equals(with_future(replace(data), EDGE_MS, Future.SHUFFLED, seed=2).candles[KEY])

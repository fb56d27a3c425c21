from pathlib import Path

import polars as pl
import pytest

from adapters.synthetic.crash import DAY_MS, with_crash
from adapters.synthetic.scenarios import SHIPPED, load_scenarios
from runtime.instrument import Market
from runtime.market_data import MarketData, MarketDataError
from runtime.timeframe import timeframe_ms

DAYS = 40
FROM_MS = 20 * DAY_MS
HOUR_MS = 3_600_000


def flat(timeframe: str) -> pl.DataFrame:
    step = timeframe_ms(timeframe)
    opens = list(range(0, DAYS * DAY_MS, step))
    prices = {"open": 100.0, "high": 101.0, "low": 99.0, "close": 100.0, "volume": 5.0}
    return pl.DataFrame({"open_ms": opens, "close_ms": [at + step for at in opens]}).with_columns(
        **{name: pl.lit(value) for name, value in prices.items()}
    )


@pytest.fixture(scope="module")
def data() -> MarketData:
    return MarketData(
        {(Market.SPOT, symbol, frame): flat(frame) for symbol in ("BTCUSDT", "SOLUSDT") for frame in ("1h", "1d")}
    )


@pytest.mark.spec("BT-07")
@pytest.mark.parametrize("crash", load_scenarios().crashes, ids=lambda crash: crash.name)
def test_prices_take_the_path_of_the_crash(data: MarketData, crash) -> None:
    fallen = with_crash(data, crash, FROM_MS).candles
    for symbol, power in (("BTCUSDT", 1.0), ("SOLUSDT", crash.others)):
        hourly, daily = (fallen[Market.SPOT, symbol, frame] for frame in ("1h", "1d"))
        before = pl.col("close_ms") <= FROM_MS
        assert hourly.filter(before).equals(data.candles[Market.SPOT, symbol, "1h"].filter(before))
        at_close = dict(hourly.select("close_ms", "close").rows())
        for day, (low, close) in enumerate(zip(crash.lows, crash.closes, strict=True), 1):
            assert at_close[FROM_MS + day * DAY_MS] == pytest.approx(100 * close**power)
            assert at_close[FROM_MS + day * DAY_MS - DAY_MS // 2] == pytest.approx(100 * low**power)
        for rows in (hourly, daily):
            assert rows.filter(pl.col("low") > pl.min_horizontal("open", "close")).is_empty()
            assert rows.filter(pl.col("high") < pl.max_horizontal("open", "close")).is_empty()
        of_hours = hourly.group_by((pl.col("open_ms") // DAY_MS).alias("day")).agg(pl.col("low").min()).sort("day")
        assert (daily["low"] <= of_hours["low"] + 1e-9).all()


def test_other_coins_fall_deeper() -> None:
    assert all(crash.others > 1 for crash in load_scenarios().crashes)


@pytest.mark.spec("BT-07")
def test_the_shipped_crashes_are_the_four_that_everybody_knows() -> None:
    tests = load_scenarios()
    assert [crash.name for crash in tests.crashes] == ["March 2020", "May 2021", "November 2022", "October 2025"]
    assert all(len(crash.lows) == (crash.to_ms - crash.from_ms) // DAY_MS for crash in tests.crashes)


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("draws: 2000", "draw: 2000", "Expected a value for draws"),
        ("costs: [2]", "costs: [dear]", "found 'dear'"),
        ("from: 2020-03-07", "from: March", "March 2020: from"),
        ("lows:   [0.968, ", "lows:   [", "found 12 and 13"),
        ("seed: 1", "seed: [", "Expected YAML"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_in_a_sentence(tmp_path: Path, right: str, wrong: str, told: str) -> None:
    path = tmp_path / "stress.yaml"
    text = SHIPPED.read_text()
    assert right in text
    path.write_text(text.replace(right, wrong, 1))
    with pytest.raises(MarketDataError, match=told) as raised:
        load_scenarios(path)
    assert "stress.yaml" in str(raised.value)

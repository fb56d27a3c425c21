from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from adapters.history.folder import CandleFolder
from adapters.history.market import SYNTHETIC_NOTE, finest, load_file, load_market
from runtime.instrument import Market
from runtime.market_data import CANDLE_SCHEMA, MarketDataError

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
LINEAR_DAYS = (Market.LINEAR, "BTCUSDT", "1d")
SPOT_DAYS = (Market.SPOT, "BTCUSDT", "1d")
REAL = Path(__file__).parents[4] / "shared" / "market"

Write = Callable[..., Path]


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


START = ms("2024-01-01")


def candles(opens: Sequence[int], price: float) -> pl.DataFrame:
    at = pl.from_epoch(pl.Series("timestamp", opens, dtype=pl.Int64), time_unit="ms").dt.replace_time_zone("UTC")
    columns = {"open": price, "high": price + 2, "low": price - 1, "close": price + 1, "volume": 5.0}
    return pl.DataFrame({"timestamp": at}).with_columns(**{name: pl.lit(value) for name, value in columns.items()})


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_days(venue: str, days: Sequence[int], price: float, timeframe: str = "1d", step_ms: int = DAY_MS) -> Path:
        path = tmp_path / "candles" / venue / timeframe / "BTCUSDT.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        candles([START + day * step_ms for day in days], price).write_parquet(path)
        return tmp_path

    return write_days


def write_funding(folder: Path, venue: str, days: Sequence[int], rate: float) -> None:
    path = folder / "funding" / venue / "BTCUSDT.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    opens = pl.Series("timestamp", [START + day * DAY_MS for day in days], dtype=pl.Int64)
    at = pl.from_epoch(opens, time_unit="ms").dt.replace_time_zone("UTC")
    pl.DataFrame({"timestamp": at}).with_columns(pl.lit(rate).alias("rate")).write_parquet(path)


def test_each_venue_fills_only_the_time_outside_of_the_preferred_ones(write: Write) -> None:
    write("spot", range(12), 10.0)
    write("linear_binance", range(3, 10), 20.0)
    folder = write("linear", range(5, 8), 30.0)
    data = load_market(folder, [LINEAR_DAYS], START, START + 12 * DAY_MS, 0)
    assert data.candles[LINEAR_DAYS]["open"].to_list() == [10.0] * 3 + [20.0] * 2 + [30.0] * 3 + [20.0] * 2
    assert data.notes[0] == (
        "BTCUSDT perpetual 1d: Bybit from 2024-01-06; before it Binance perpetual from 2024-01-04; "
        "before it spot candles stand in from 2024-01-01; after 2024-01-09 Binance perpetual; "
        "funding only where a rate was recorded; ends at 2024-01-11 00:00, before the end of the run."
    )
    assert data.notes[1] == "BTCUSDT funding: none recorded, none is charged."


def test_a_hole_of_the_preferred_venue_is_not_filled_by_another(write: Write) -> None:
    write("linear_binance", range(8), 20.0)
    folder = write("linear", [0, 1, 5, 6, 7], 30.0)
    data = load_market(folder, [LINEAR_DAYS], START, START + 8 * DAY_MS, 0)
    assert data.candles[LINEAR_DAYS]["open"].to_list() == [30.0] * 5
    assert "3 candles missing in 1 gap, the longest 72 h from 2024-01-03 00:00" in data.notes[0]


def test_without_stand_ins_only_the_first_venue_counts(write: Write) -> None:
    write("spot", range(8), 10.0)
    folder = write("linear", range(5, 8), 30.0)
    data = load_market(folder, [LINEAR_DAYS], START, START + 8 * DAY_MS, 0, stand_ins=False)
    assert data.candles[LINEAR_DAYS].height == 3
    assert "begins on 2024-01-06, after the start of the run" in data.notes[0]


def test_the_span_and_its_warm_up_are_cut_by_closing_time(write: Write) -> None:
    folder = write("spot", range(20), 10.0)
    data = load_market(folder, [SPOT_DAYS], START + 10 * DAY_MS, START + 15 * DAY_MS, {SPOT_DAYS: 4})
    frame = data.candles[SPOT_DAYS]
    assert frame.schema == CANDLE_SCHEMA
    assert frame["close_ms"].to_list() == [START + day * DAY_MS for day in range(7, 16)]
    assert "warm up" not in data.notes[0]


def test_too_little_history_to_warm_up_is_told(write: Write) -> None:
    folder = write("spot", range(20), 10.0)
    data = load_market(folder, [SPOT_DAYS], START + 10 * DAY_MS, START + 15 * DAY_MS, 200)
    assert "only 10 of 200 candles to warm up before the start" in data.notes[0]


def test_missing_days_are_built_from_complete_days_of_hours(write: Write) -> None:
    folder = write("spot", [hour for hour in range(72) if hour != 30], 10.0, "1h", HOUR_MS)
    data = load_market(folder, [SPOT_DAYS], START, START + 3 * DAY_MS, 0)
    frame = data.candles[SPOT_DAYS]
    assert frame["open_ms"].to_list() == [START, START + 2 * DAY_MS]
    assert frame["volume"].to_list() == [120.0, 120.0]
    assert "partly built from 1h candles" in data.notes[0]


def test_candles_that_are_not_there_are_told_with_what_is(write: Write) -> None:
    folder = write("spot", range(5), 10.0)
    with pytest.raises(MarketDataError) as caught:
        load_market(folder, [(Market.SPOT, "BTCUSDT", "1h"), (Market.SPOT, "ETHUSDT", "1d")], START, START + DAY_MS, 0)
    told = str(caught.value)
    assert "Expected 1h candles of BTCUSDT (spot)" in told
    assert "found only 1d" in told
    assert "Expected 1d candles of ETHUSDT (spot)" in told
    assert "Symbols that are there: BTCUSDT." in told


@pytest.mark.parametrize(
    ("from_ms", "to_ms", "told"),
    [
        (START, START, "ends after it starts"),
        (ms("2030-01-01"), ms("2031-01-01"), "only from 2024-01-01 to 2024-01-06"),
    ],
)
def test_an_impossible_span_is_a_sentence(write: Write, from_ms: int, to_ms: int, told: str) -> None:
    with pytest.raises(MarketDataError, match=told):
        load_market(write("spot", range(5), 10.0), [SPOT_DAYS], from_ms, to_ms, 0)


def test_a_folder_without_candles_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(MarketDataError, match='sub-folder "candles", found none at'):
        load_market(tmp_path / "nowhere", [SPOT_DAYS], START, START + DAY_MS, 0)


def test_a_symbol_never_leads_out_of_the_folder(write: Write) -> None:
    with pytest.raises(MarketDataError, match="Expected a symbol in capital letters"):
        load_market(write("spot", range(5), 10.0), [(Market.SPOT, "../../BTC", "1d")], START, START + DAY_MS, 0)


@pytest.mark.spec("RISK-06")
def test_bad_rows_are_left_out_and_told_with_file_row_and_reason(write: Write) -> None:
    folder = write("spot", range(5), 10.0)
    path = folder / "candles" / "spot" / "1d" / "BTCUSDT.parquet"
    table = pl.read_parquet(path).with_row_index()
    crossed = pl.when(pl.col("index") == 2).then(1.0).otherwise(pl.col("high"))
    table.with_columns(crossed.alias("high")).drop("index").write_parquet(path)
    data = load_market(folder, [SPOT_DAYS], START, START + 5 * DAY_MS, 0)
    assert data.candles[SPOT_DAYS].height == 4
    (problem,) = data.problems
    assert (problem.file, problem.row, problem.reason) == (str(path), 3, "high 1.0 is below low 9.0")
    assert "1 row left out, first row 3 of BTCUSDT.parquet: high 1.0 is below low 9.0" in data.notes[0]


def test_funding_comes_from_bybit_and_before_it_from_binance(write: Write) -> None:
    folder = write("linear", range(10), 30.0)
    write_funding(folder, "binance", range(2, 9), 0.0002)
    write_funding(folder, "bybit", range(5, 20), 0.0001)
    data = load_market(folder, [LINEAR_DAYS], START + DAY_MS, START + 8 * DAY_MS, 1)
    rates = data.funding["BTCUSDT"]
    assert rates.rows() == [(START + day * DAY_MS, 0.0002 if day < 5 else 0.0001) for day in range(2, 9)]
    assert data.notes[1] == (
        "BTCUSDT funding: Bybit from 2024-01-06; before it Binance from 2024-01-03; none is charged before that."
    )


def test_spot_alone_needs_no_funding(write: Write) -> None:
    assert load_market(write("spot", range(5), 10.0), [SPOT_DAYS], START, START + DAY_MS, 0).funding == {}


def test_a_symbol_that_is_listed_later_is_kept_empty_and_told(write: Write) -> None:
    folder = write("spot", range(5), 10.0)
    path = folder / "candles" / "spot" / "1d" / "SOLUSDT.parquet"
    candles([START + 100 * DAY_MS], 10.0).write_parquet(path)
    late = (Market.SPOT, "SOLUSDT", "1d")
    data = load_market(folder, [SPOT_DAYS, late], START, START + 5 * DAY_MS, 0)
    assert data.candles[late].height == 0
    assert "SOLUSDT spot 1d: no candles between 2024-01-01 and 2024-01-06; it is not traded." in data.notes


def test_a_synthetic_folder_says_so_first(write: Write) -> None:
    folder = write("spot", range(5), 10.0)
    (folder / "SYNTHETIC.txt").write_text("made up")
    assert load_market(folder, [SPOT_DAYS], START, START + DAY_MS, 0).notes[0] == SYNTHETIC_NOTE


def test_the_finest_timeframe_is_the_shortest_that_holds_the_span(write: Write) -> None:
    write("spot", range(100), 10.0)
    folder = write("spot", range(50 * 24, 100 * 24), 10.0, "1h", HOUR_MS)
    assert finest(folder, Market.SPOT, "BTCUSDT", START, START + 100 * DAY_MS) == "1d"
    assert finest(folder, Market.SPOT, "BTCUSDT", START + 60 * DAY_MS, START + 90 * DAY_MS) == "1h"
    assert finest(folder, Market.SPOT, "BTCUSDT", START + 200 * DAY_MS, START + 300 * DAY_MS) is None


def test_one_file_is_a_market_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("Date,Open,High,Low,Close,Volume\n2024-01-01,10,12,9,11,5\n2024-01-02,10,9,12,11,5\n")
    data = load_file(path, Market.SPOT, "BTCUSDT", "1d")
    assert data.candles[SPOT_DAYS]["close_ms"].to_list() == [START + DAY_MS]
    assert data.problems[0].row == 2
    assert data.notes == (
        "BTCUSDT spot 1d: mine.csv from 2024-01-01; "
        "1 row left out, first row 2 of mine.csv: high 9.0 is below low 12.0.",
    )


def test_a_word_that_is_no_timeframe_is_told(tmp_path: Path, write: Write) -> None:
    with pytest.raises(MarketDataError, match='such as 15m, 1h, 4h, 1d or 1w, found "day"'):
        load_file(tmp_path / "mine.csv", Market.SPOT, "BTCUSDT", "day")
    with pytest.raises(MarketDataError, match='found "day"'):
        load_market(write("spot", range(5), 10.0), [(Market.SPOT, "BTCUSDT", "day")], START, START + DAY_MS, 0)


def test_a_file_of_another_timeframe_is_told(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("Date,Open,High,Low,Close,Volume\n2024-01-01T01:00:00Z,10,12,9,11,5\n")
    with pytest.raises(MarketDataError, match="row 1 does not open on the 1d grid in UTC, 3600 s off"):
        load_file(path, Market.SPOT, "BTCUSDT", "1d")


@pytest.mark.skipif(not REAL.is_dir(), reason="the recorded market is not beside this project")
class TestRecordedMarket:
    def test_known_days_of_both_markets(self) -> None:
        keys = [SPOT_DAYS, LINEAR_DAYS]
        data = load_market(REAL, keys, ms("2020-01-01"), ms("2022-12-01"), 200)
        spot, linear = (data.candles[key].filter(pl.col("open_ms") == ms("2022-11-21")) for key in keys)
        assert spot.row(0)[2:6] == (16279.50, 16319.00, 15476.00, 15781.29)
        assert linear.row(0)[2:6] == (16273.5, 16789.0, 15440.0, 15765.5)
        assert data.problems == ()

    def test_a_perpetual_reaches_back_before_perpetuals(self) -> None:
        data = load_market(REAL, [(Market.LINEAR, "BTCUSDT", "1h")], ms("2019-01-01"), ms("2021-06-01"), 0)
        assert data.notes[0].startswith(
            "BTCUSDT perpetual 1h: Bybit from 2020-03-25; before it Binance perpetual from 2019-09-08; "
            "before it spot candles stand in from 2019-01-01; funding only where a rate was recorded"
        )
        assert data.notes[1] == (
            "BTCUSDT funding: Bybit from 2021-01-01; before it Binance from 2019-09-10; none is charged before that."
        )

    def test_hours_are_the_finest_that_hold_eight_years(self) -> None:
        assert CandleFolder(REAL).finest(Market.SPOT, "BTCUSDT", ms("2018-05-01"), ms("2026-05-01")) == "1h"

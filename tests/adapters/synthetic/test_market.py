from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from adapters.history.candle_checks import check_candles
from adapters.history.market import SYNTHETIC_NOTE, load_market
from adapters.history.table import read_candles
from adapters.synthetic.market import SYMBOLS, write_market
from adapters.synthetic.regimes import Regime, tell
from runtime.instrument import Market
from runtime.market_data import MarketDataError

START = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp() * 1000)
DAY_MS = 86_400_000
YEARS = 2
PAIR = ("BTCUSDT", "ETHUSDT")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("market")
    write_market(directory, 7, START, YEARS, PAIR)
    return directory


def series(folder: Path, market: str, timeframe: str, symbol: str = "BTCUSDT") -> pl.DataFrame:
    return read_candles(folder / "candles" / market / timeframe / f"{symbol}.parquet")


def test_the_same_seed_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    again = write_market(tmp_path, 7, START + 5, YEARS, PAIR)
    assert len(again) == 2 * 5 + 1
    for path in again:
        assert path.read_bytes() == (folder / path.relative_to(tmp_path)).read_bytes(), path


def test_another_seed_gives_another_market(folder: Path, tmp_path: Path) -> None:
    write_market(tmp_path, 8, START, 1, ("BTCUSDT",))
    assert series(tmp_path, "spot", "1d")["close"][0] != series(folder, "spot", "1d")["close"][0]


def test_a_coin_does_not_depend_on_which_others_are_made(folder: Path, tmp_path: Path) -> None:
    write_market(tmp_path, 7, START, YEARS, ("ETHUSDT",))
    assert series(tmp_path, "spot", "1h", "ETHUSDT").equals(series(folder, "spot", "1h", "ETHUSDT"))


@pytest.mark.parametrize("market", ["spot", "linear"])
@pytest.mark.parametrize("timeframe", ["1h", "1d"])
def test_every_candle_could_be_true(folder: Path, market: str, timeframe: str) -> None:
    candles = series(folder, market, timeframe)
    assert candles.height == YEARS * 365 * (24 if timeframe == "1h" else 1)
    assert check_candles(candles, timeframe) == []


@pytest.mark.parametrize("market", ["spot", "linear"])
def test_days_are_made_of_their_hours(folder: Path, market: str) -> None:
    hours, days = series(folder, market, "1h"), series(folder, market, "1d")
    built = hours.group_by(pl.col("open_ms") // DAY_MS * DAY_MS, maintain_order=True).agg(
        pl.col("open").first(), pl.col("high").max(), pl.col("low").min(), pl.col("close").last()
    )
    assert built.equals(days.drop("volume"))


def test_coins_move_together_and_the_perpetual_follows_spot(folder: Path) -> None:
    daily = {symbol: series(folder, "spot", "1d", symbol)["close"].log().diff().drop_nulls() for symbol in PAIR}
    assert np.corrcoef(daily["BTCUSDT"], daily["ETHUSDT"])[0, 1] > 0.6
    premium = series(folder, "linear", "1h")["close"] / series(folder, "spot", "1h")["close"] - 1
    assert premium.abs().max() < 0.004  # type: ignore[operator]


def test_volatility_comes_in_clusters(folder: Path) -> None:
    moves = series(folder, "spot", "1d")["close"].log().diff().drop_nulls().abs().to_numpy()
    assert np.corrcoef(moves[1:], moves[:-1])[0, 1] > 0.05


def test_funding_is_settled_every_eight_hours_and_follows_the_trend(folder: Path) -> None:
    table = pl.read_parquet(folder / "funding" / "bybit" / "BTCUSDT.parquet")
    assert table["timestamp"].diff().drop_nulls().dt.total_hours().unique().to_list() == [8]
    assert table["rate"].abs().max() <= 0.003  # type: ignore[operator]
    closes = series(folder, "spot", "1h")["close"].log().gather_every(8).to_numpy()
    assert np.corrcoef(closes[9:] - closes[:-9], table["rate"].to_numpy()[9:])[0, 1] > 0.5


@pytest.mark.parametrize("seed", range(5))
def test_four_years_hold_every_regime_and_a_crash(seed: int) -> None:
    story = tell(np.random.Generator(np.random.PCG64([seed])), 4 * 365)
    assert set(story.regimes) == set(Regime)
    assert len(story.crash_days) >= 2
    assert len(story.returns) == 4 * 365 * 24


def test_the_index_stays_on_its_scale(folder: Path) -> None:
    index = pl.read_parquet(folder / "fear_greed.parquet")
    assert index.height == YEARS * 365
    assert index["value"].is_between(0, 100).all()
    assert index["value"].n_unique() > 20


def test_it_is_read_like_a_recorded_market_and_labelled(folder: Path) -> None:
    keys = [(Market.SPOT, "BTCUSDT", "1h"), (Market.LINEAR, "ETHUSDT", "1d")]
    data = load_market(folder, keys, START + 200 * DAY_MS, START + 400 * DAY_MS, 100)
    assert data.notes == (
        SYNTHETIC_NOTE,
        "BTCUSDT spot 1h: made up from 2020-07-14.",
        "ETHUSDT perpetual 1d: made up from 2020-04-10.",
        "ETHUSDT funding: made up from 2020-04-10.",
    )
    assert "fear_greed" in data.facts
    assert "Nothing here" in (folder / "SYNTHETIC.txt").read_text()


def test_recorded_data_are_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "candles").mkdir()
    with pytest.raises(MarketDataError, match="found other market data in"):
        write_market(tmp_path, 7, START, 1, PAIR)
    assert not (tmp_path / "SYNTHETIC.txt").exists()


def test_ten_coins_are_made_unless_told_otherwise() -> None:
    assert len(SYMBOLS) == 10

"""`eternal data` against the served exchange, over real sockets."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from typer.testing import Result

from adapters.history.folder import CandleFolder
from adapters.history.market import load_market
from adapters.served.exchange import Setting
from adapters.served.serving import Served, serve
from adapters.simulated.instruments import load_instruments
from adapters.synthetic.market import write_market
from runtime.instrument import Market
from runtime.market_data import SYNTHETIC_LABEL

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
FIRST_MS = 1_672_531_200_000  # 2023-01-01
DAYS = 120
NOW_MS = FIRST_MS + DAYS * DAY_MS
KEYS = [(market, symbol, "1h") for market in Market for symbol in ("BTCUSDT", "ETHUSDT")]

Eternal = Callable[..., Result]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("source")
    write_market(folder, 3, FIRST_MS, 1, ("BTCUSDT", "ETHUSDT"))
    return folder


@pytest.fixture(scope="module")
def served(source: Path) -> Iterator[Served]:
    """A market that stands still after 120 days."""
    data = load_market(source, KEYS, NOW_MS, NOW_MS + 30 * DAY_MS, 10**6, stand_ins=False)
    span = (NOW_MS, NOW_MS + 30 * DAY_MS)
    with serve(Setting(load_instruments(), data, span, {"main": {}}, speed=None, limits=False)) as one:
        yield one


@pytest.fixture
def download(eternal: Eternal, served: Served) -> Eternal:
    def run(*words: object) -> Result:
        return eternal("data", "download", "--mode", "local", "--address", served.http, *words)

    return run


def held(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.spec("DATA-07")
def test_what_is_downloaded_is_what_the_exchange_has_and_a_back_test_can_read_it(
    download: Eternal, source: Path
) -> None:
    done = download("--symbol", "BTCUSDT", "--timeframe", "1h", "--open-interest")
    assert done.exit_code == 0, done.output
    origin, folder = CandleFolder(source), CandleFolder(Path("market"))
    for market in Market:
        there, had = (one.candles(market, "BTCUSDT", "1h") for one in (folder, origin))
        assert there is not None
        assert had is not None
        assert_frame_equal(there.rows.drop("venue"), had.rows.filter(pl.col("close_ms") <= NOW_MS).drop("venue"))
    there, had = (one.funding("BTCUSDT") for one in (folder, origin))
    assert there is not None
    assert had is not None
    expected = had.rows.filter(pl.col("at_ms") < NOW_MS)
    assert_frame_equal(there.rows.drop("venue"), expected.drop("venue"))
    interest = pl.read_parquet("market/open_interest/bybit/BTCUSDT.parquet")
    assert interest["timestamp"].diff().drop_nulls().dt.total_milliseconds().unique().to_list() == [HOUR_MS]


@pytest.mark.spec("DATA-07")
def test_downloading_again_asks_for_nothing_that_is_there(download: Eternal) -> None:
    words = ("--symbol", "ETHUSDT", "--market", "linear", "--timeframe", "1h", "--json")
    first = json.loads(download(*words).output)
    before = held(Path("market"))
    again = json.loads(download(*words).output)
    assert [one["added"] for one in first["series"]] == [DAYS * 24, DAYS * 3]
    assert [one["added"] for one in again["series"]] == [0, 0]
    assert held(Path("market")) == before


def test_what_is_there_is_listed_with_its_span_and_what_is_missing(download: Eternal, eternal: Eternal) -> None:
    download(
        "--symbol", "BTCUSDT", "--market", "spot", "--timeframe", "1h", "--from", "2023-01-02", "--to", "2023-01-03"
    )
    download(
        "--symbol", "BTCUSDT", "--market", "spot", "--timeframe", "1d", "--from", "2023-01-01", "--to", "2023-02-01"
    )
    path = Path("market/candles/spot_bybit/1d/BTCUSDT.parquet")
    pl.read_parquet(path).with_row_index().filter(pl.col("index") != 5).drop("index").write_parquet(path)
    said = eternal("data", "list")
    assert said.exit_code == 0
    assert "candles/spot_bybit/1h/BTCUSDT.parquet  Bybit   24    2023-01-02 00:00  2023-01-02 23:00  0" in said.output
    listed = json.loads(eternal("data", "list", "--json").output)["series"]
    assert [(one["timeframe"], one["rows"], one["missing"]) for one in listed] == [("1d", 30, 1), ("1h", 24, 0)]

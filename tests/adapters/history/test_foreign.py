"""Files of other programs, written as those write them."""

import gzip
import json
import zipfile
from pathlib import Path

import polars as pl
import pytest

from adapters.history.bringing_in import bringing_in
from adapters.history.foreign import read_foreign
from adapters.history.series_file import Kind, SeriesFile
from runtime.instrument import Market
from runtime.market_data import MarketDataError

pytestmark = pytest.mark.spec("DATA-07")

FIRST_MS, HOUR_MS = 1_704_067_200_000, 3_600_000  # 2024-01-01
TIMES = [FIRST_MS + hour * HOUR_MS for hour in range(4)]
CANDLES = [(10.0 + hour, 12.0 + hour, 9.0 + hour, 11.0 + hour, 5.5) for hour in range(4)]
ROWS = [(at_ms, *candle) for at_ms, candle in zip(TIMES, CANDLES, strict=True)]
NAMES = ("open", "high", "low", "close", "volume")


def table(time: str, times: pl.Series) -> pl.DataFrame:
    columns = dict(zip(NAMES, zip(*CANDLES, strict=True), strict=True))
    return pl.DataFrame({time: times, **{name: list(values) for name, values in columns.items()}})


def text(times: list[object], extra: str = "") -> str:
    return "".join(",".join(map(str, (at, *candle))) + extra + "\n" for at, candle in zip(times, CANDLES, strict=True))


def freqtrade_feather(folder: Path) -> Path:
    dates = pl.Series(TIMES).cast(pl.Datetime("ms", "UTC"))
    path = folder / "BTC_USDT-1h.feather"
    table("date", dates).write_ipc(path, compression="lz4")
    return path


def freqtrade_json(folder: Path) -> Path:
    path = folder / "BTC_USDT-1h.json"
    path.write_text(json.dumps(ROWS))
    return path


def parquet_in_seconds(folder: Path) -> Path:
    path = folder / "BTCUSDT_1h.parquet"
    table("timestamp", pl.Series([at_ms // 1000 for at_ms in TIMES])).write_parquet(path)
    return path


def binance_archive(folder: Path) -> Path:
    path = folder / "BTCUSDT-1h-2024-01.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("BTCUSDT-1h-2024-01.csv", text(list(TIMES), ",1704070799999,60.5,12,2.5,27.5,0"))
    return path


def binance_archive_in_microseconds(folder: Path) -> Path:
    path = folder / "BTCUSDT-1h-2025-01.csv"
    path.write_text(text([at_ms * 1000 for at_ms in TIMES], ",1704070799999999,60.5,12,2.5,27.5,0"))
    return path


def ccxt_csv(folder: Path) -> Path:
    path = folder / "BTCUSDT.csv.gz"
    path.write_bytes(gzip.compress(("timestamp,open,high,low,close,volume\n" + text(list(TIMES))).encode()))
    return path


def iso_with_semicolons(folder: Path) -> Path:
    path = folder / "btc.csv"
    dates = [f"2024-01-01T0{hour}:00:00Z" for hour in range(4)]
    path.write_text("\ufeff" + ("Date,Open,High,Low,Close,Volume\n" + text(list(dates))).replace(",", ";"))
    return path


def site_with_its_name_on_top(folder: Path) -> Path:
    path = folder / "Binance_BTCUSDT_1h.csv"
    head = "https://www.example.com\nUnix,Date,Symbol,Open,High,Low,Close,Volume,tradecount\n"
    newest_first = [f"{at},{date(at)},BTCUSDT,{','.join(map(str, candle))},7\n" for at, *candle in reversed(ROWS)]
    path.write_text(head + "".join(newest_first))
    return path


def objects_in_json(folder: Path) -> Path:
    path = folder / "BTCUSDT-1h.json"
    path.write_text(json.dumps([dict(zip(("t", "o", "h", "l", "c", "v"), row, strict=True)) for row in ROWS]))
    return path


def date(at_ms: float) -> str:
    return f"2024-01-01 0{(int(at_ms) - FIRST_MS) // HOUR_MS}:00:00"


LAYOUTS = [
    freqtrade_feather,
    freqtrade_json,
    parquet_in_seconds,
    binance_archive,
    binance_archive_in_microseconds,
    ccxt_csv,
    iso_with_semicolons,
    site_with_its_name_on_top,
    objects_in_json,
]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_candles_are_the_same_whoever_wrote_them(layout: "object", tmp_path: Path) -> None:
    assert callable(layout)
    foreign = read_foreign(layout(tmp_path))
    assert sorted(foreign.candles.rows()) == ROWS
    assert foreign.timeframe == "1h"
    assert foreign.symbol == (None if foreign.path.name == "btc.csv" else "BTCUSDT")


def test_what_a_name_tells_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "binance"
    folder.mkdir()
    path = freqtrade_json(folder).rename(folder / "ETH_USDT_USDT-1h-futures.json")
    foreign = read_foreign(path)
    assert (foreign.symbol, foreign.market, foreign.exchange) == ("ETHUSDT", Market.LINEAR, "binance")
    assert foreign.form == "milliseconds since 1970"


def test_prices_that_nobody_traded_at_are_refused(tmp_path: Path) -> None:
    path = freqtrade_json(tmp_path).rename(tmp_path / "BTC_USDT_USDT-8h-funding_rate.json")
    with pytest.raises(MarketDataError, match="funding_rate"):
        read_foreign(path)


DAMAGED = {
    "empty.csv": b"",
    "word.csv": b"word",
    "no-prices.csv": b"time,price\n1704067200,10\n",
    "three.csv": b"1704067200,10,11\n1704070800,10,11\n",
    "header-only.csv": b"timestamp,open,high,low,close,volume\n",
    "binary.csv": bytes(range(256)) * 4,
    "no.parquet": b"PAR1PAR1",
    "no.feather": b"ARROW1 and nothing",
    "no.json": b'{"a": 1}',
    "numbers.json": b"[1, 2, 3]",
    "mixed.json": b'[[1, 2, 3, 4, 5, 6], {"t": 1}]',
    "deep.json": b"[" * 100_000,
    "no.zip": b"PK\x03\x04 and nothing",
    "no.csv.gz": b"\x1f\x8b\x08 and nothing",
    "other.xlsx": b"PK",
    "no-ending": b"1,2,3",
}


@pytest.mark.parametrize("name", DAMAGED)
def test_what_is_no_file_of_candles_is_a_sentence(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(DAMAGED[name])
    with pytest.raises(MarketDataError, match=f"(?s)^Expected .*{name}"):
        read_foreign(path)


def read_or_told(path: Path) -> int:
    try:
        return read_foreign(path).candles.height
    except MarketDataError as error:
        return 0 if str(error).startswith("Expected ") else -1


def test_cut_files_of_every_layout_are_read_or_refused_in_a_sentence(tmp_path: Path) -> None:
    for layout in LAYOUTS:
        whole = layout(tmp_path)
        content = whole.read_bytes()
        for part in range(0, len(content), max(1, len(content) // 25)):
            whole.write_bytes(content[:part])
            assert 0 <= read_or_told(whole) <= len(ROWS)


def test_what_is_there_stays_and_what_differs_is_counted(tmp_path: Path) -> None:
    file = SeriesFile(tmp_path, Kind.CANDLES, "spot", "BTCUSDT", "1h")
    foreign = read_foreign(freqtrade_json(tmp_path))
    first = bringing_in(file, foreign.candles.head(2))
    assert (first.added, first.differing, file.path.exists()) == (2, 0, False)
    first.write()
    changed = foreign.candles.with_columns(close=pl.col("close") + 0.5)
    second = bringing_in(file, changed)
    assert (second.added, second.differing) == (2, 2)
    second.write()
    assert file.read()["close"].to_list() == [11.0, 12.0, 13.5, 14.5]


def test_rows_that_are_left_out_are_named_and_gaps_counted(tmp_path: Path) -> None:
    file = SeriesFile(tmp_path, Kind.CANDLES, "spot", "BTCUSDT", "1h")
    candles = read_foreign(freqtrade_json(tmp_path)).candles
    candles[1, "high"] = 1.0
    brought = bringing_in(file, candles)
    assert [(one.row, one.reason) for one in brought.problems] == [(2, "high 1.0 is below low 10.0")]
    assert (brought.added, brought.missing) == (3, 1)
    with pytest.raises(MarketDataError, match=r"none usable: row 1 does not open on the 1w grid"):
        bringing_in(SeriesFile(tmp_path, Kind.CANDLES, "spot", "BTCUSDT", "1w"), candles.slice(1))

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from adapters.history.table import read_candles
from runtime.market_data import MarketDataError

FIRST_MS = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp() * 1000)
HOUR_MS = 3_600_000


def write(path: Path, header: str, *times: object) -> Path:
    rows = [f"{time},10,12,9,11,5" for time in times]
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


@pytest.mark.parametrize(
    ("header", "times"),
    [
        ("timestamp,open,high,low,close,volume", ["2024-01-01T00:00:00Z", "2024-01-01T01:00:00Z"]),
        ("Date,Open,High,Low,Close,Volume", ["2024-01-01 00:00:00", "2024-01-01 01:00:00"]),
        ("open_time,OPEN,HIGH,LOW,CLOSE,VOL", ["2024-01-01T02:00:00+02:00", "2024-01-01T03:00:00+02:00"]),
        ("time,o,h,l,c,v", [FIRST_MS // 1000, FIRST_MS // 1000 + 3600]),
        ("Open Time,open,high,low,close,volume", [FIRST_MS, FIRST_MS + HOUR_MS]),
        ("unix,open,high,low,close,volume", [FIRST_MS * 1000, (FIRST_MS + HOUR_MS) * 1000]),
        ("t,open,high,low,close,volume", ["2024-01-01 00:00", "2024-01-01 01:00"]),
        ("t,open,high,low,close,volume", ["2024-01-01T00:00:00.000Z", "2024-01-01T01:00:00.000Z"]),
    ],
)
def test_columns_are_found_by_name_and_times_by_form(tmp_path: Path, header: str, times: list[object]) -> None:
    table = read_candles(write(tmp_path / "btc.csv", header, *times))
    assert table["open_ms"].to_list() == [FIRST_MS, FIRST_MS + HOUR_MS]
    assert table.row(0) == (FIRST_MS, 10.0, 12.0, 9.0, 11.0, 5.0)


def test_dates_alone_are_midnights_in_utc(tmp_path: Path) -> None:
    table = read_candles(write(tmp_path / "btc.csv", "date,open,high,low,close,volume", "2024-01-01", "2024-01-02"))
    assert table["open_ms"].to_list() == [FIRST_MS, FIRST_MS + 24 * HOUR_MS]


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_parquet_times_may_be_datetimes_of_any_unit(tmp_path: Path, unit: str) -> None:
    at = pl.Series([datetime(2024, 1, 1, tzinfo=UTC)]).dt.cast_time_unit(unit)  # type: ignore[arg-type]
    prices = {name: [10.0] for name in ("open", "high", "low", "close", "volume")}
    pl.DataFrame({"timestamp": at, **prices}).write_parquet(tmp_path / "btc.parquet")
    assert read_candles(tmp_path / "btc.parquet")["open_ms"].to_list() == [FIRST_MS]


def test_an_odd_cell_costs_its_row_and_not_the_file(tmp_path: Path) -> None:
    path = tmp_path / "btc.csv"
    path.write_text("timestamp,open,high,low,close,volume\n2024-01-01T00:00:00Z,10,12,9,eleven,5\nsoon,10,12,9,11,5\n")
    table = read_candles(path)
    assert table["close"].to_list() == [None, 11.0]
    assert table["open_ms"].to_list() == [FIRST_MS, None]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", b"", "found something else"),
        ("a.csv", b"timestamp,open,high,low,close,volume\n", "at least one row"),
        ("a.csv", b"timestamp,open,high,low,volume\n1,2,3,4,5\n", "a column with close"),
        ("a.csv", b"when,open,high,low,close,volume\n1,2,3,4,5,6\n", "a column with a time"),
        ("a.csv", b"timestamp,open,high,low,close,volume\nsoon,2,3,4,5,6\n", "Expected times such as"),
        ("a.csv", b"\xff\xfe\x00\x01", "MarketDataError"),
        ("a.parquet", b"not parquet at all", "found something else"),
        ("a.parquet", b"PAR1\x00\x00\x00\x00PAR1", "found something else"),
        ("a.xlsx", b"PK", 'the ending ".xlsx"'),
    ],
)
def test_an_unusable_file_is_a_sentence_that_names_it(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(MarketDataError) as caught:
        read_candles(path)
    assert told in f"MarketDataError: {caught.value}"
    assert str(path) in str(caught.value)


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(MarketDataError, match="found nothing at"):
        read_candles(tmp_path / "none.parquet")

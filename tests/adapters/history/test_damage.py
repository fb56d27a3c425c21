"""Whatever a file of market data holds, it is read or refused in a sentence, and nothing else is on the screen."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.history.audit import audit
from adapters.history.download import task_of
from adapters.history.foreign import read_foreign
from adapters.history.holdings import holdings
from adapters.history.series_file import HOUR_MS, Kind, SeriesFile
from adapters.history.table import read_candles
from runtime.instrument import Market
from runtime.market_data import MarketDataError

pytestmark = pytest.mark.spec("DATA-07")

FIRST_MS, HOURS = 1_704_067_200_000, 48
TIMES = pl.Series([FIRST_MS + hour * HOUR_MS for hour in range(HOURS)])
STRANGE = {
    "lists": pl.Series([[1.0]] * HOURS),
    "structs": pl.Series([{"a": 1}] * HOURS),
    "bytes": pl.Series([b"x"] * HOURS),
    "durations": TIMES.cast(pl.Duration("ms")),
    "times of day": pl.Series([1] * HOURS).cast(pl.Time),
    "categories": pl.Series(["a"] * HOURS).cast(pl.Categorical),
    "nothing": pl.Series([None] * HOURS),
    "words": pl.Series(["word"] * HOURS),
    "infinities": pl.Series([float("inf")] * HOURS),
    "huge numbers": pl.Series([2**63 - 1] * HOURS),
}


def table() -> pl.DataFrame:
    prices = {"open": 10.0, "high": 12.0, "low": 9.0, "close": 11.0, "volume": 5.0}
    times = TIMES.cast(pl.Datetime("ms", "UTC"))
    return pl.DataFrame({"timestamp": times, **{name: [price] * HOURS for name, price in prices.items()}})


def written(write: Callable[[pl.DataFrame, BytesIO], None]) -> bytes:
    file = BytesIO()
    write(table(), file)
    return file.getvalue()


def in_folder(folder: Path, name: str = "BTCUSDT") -> SeriesFile:
    file = SeriesFile(folder, Kind.CANDLES, "linear", name, "1h")
    file.path.parent.mkdir(parents=True, exist_ok=True)
    return file


def looked_at(file: SeriesFile) -> None:
    list(audit(file.directory))
    list(holdings(file.directory))
    for read in (lambda: task_of(file, Market.LINEAR, FIRST_MS, FIRST_MS + 99 * HOUR_MS), lambda: told(file.path)):
        try:
            read()
        except MarketDataError as error:
            sentence = str(error)
            if not sentence.startswith("Expected "):
                raise


def told(path: Path) -> None:
    read_candles(path)
    read_foreign(path)


@pytest.mark.parametrize("column", ["timestamp", "close"])
@pytest.mark.parametrize("kind", STRANGE)
def test_columns_of_any_kind_are_read_or_refused(kind: str, column: str, tmp_path: Path) -> None:
    file = in_folder(tmp_path)
    table().with_columns(STRANGE[kind].alias(column)).write_parquet(file.path)
    looked_at(file)


def test_a_column_without_numbers_is_named(tmp_path: Path) -> None:
    file = in_folder(tmp_path)
    table().with_columns(STRANGE["lists"].alias("close")).write_parquet(file.path)
    with pytest.raises(MarketDataError, match=r'Expected numbers in the column "close", found List'):
        read_candles(file.path)


FLIPS = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=12)


@settings(max_examples=40)
@given(FLIPS)
def test_files_with_other_bytes_are_read_or_refused(flips: list[tuple[float, int]]) -> None:
    with TemporaryDirectory() as name:
        file = in_folder(Path(name))
        for path, content in ((file.path, PARQUET), (Path(name) / "BTCUSDT-1h.feather", FEATHER)):
            damaged = bytearray(content)
            for place, byte in flips:
                damaged[int(place * len(damaged))] = byte
            path.write_bytes(damaged)
        looked_at(file)
        try:
            read_foreign(Path(name) / "BTCUSDT-1h.feather")
        except MarketDataError as error:
            if not str(error).startswith("Expected "):
                raise


PARQUET = written(lambda rows, file: rows.write_parquet(file))
FEATHER = written(lambda rows, file: rows.write_ipc(file, compression="lz4"))


def test_no_stack_trace_of_native_code_reaches_the_screen(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    panics = 0
    for ending, content in (("parquet", PARQUET), ("feather", FEATHER)):
        path = tmp_path / f"BTCUSDT-1h.{ending}"
        for place in range(0, len(content), 6):
            path.write_bytes(content[:place] + b"\xff" + content[place + 1 :])
            try:
                read_foreign(path)
            except MarketDataError as error:
                panics += isinstance(error.__context__, pl.exceptions.PanicException)
    assert panics > 0
    assert capfd.readouterr().err == ""

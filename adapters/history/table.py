"""Reads a CSV or Parquet file into candles or rates, whatever its columns are called."""

from pathlib import Path

import polars as pl

from adapters.history.quiet import quiet
from runtime.market_data import MarketDataError

_TIME_NAMES = (
    "open_ms", "timestamp", "open_time", "opentime", "time", "date", "datetime", "start", "starttime", "start_time",
    "fundingtime", "funding_time", "at_ms", "t", "unix",
)  # fmt: skip
_PRICE_NAMES = {
    "open": ("open", "o", "openprice"),
    "high": ("high", "h", "highprice"),
    "low": ("low", "l", "lowprice"),
    "close": ("close", "c", "closeprice"),
    "volume": ("volume", "v", "vol", "basevolume", "volume_base"),
}


def read_candles(path: Path) -> pl.DataFrame:
    """Read rows with `open_ms` (null where unreadable) and float64 open, high, low, close, volume, in file order."""
    return _read(path, _PRICE_NAMES)


def read_values(path: Path, names: tuple[str, ...]) -> pl.DataFrame:
    """Read rows with `open_ms` and one float64 column, called `value` whichever of the names it has in the file."""
    return _read(path, {"value": names})


def candles_in(table: pl.DataFrame, path: Path) -> pl.DataFrame:
    """Read candles as `read_candles` does, from a table that stands in a file."""
    return _picked(table, path, _PRICE_NAMES)


def columns_in(table: pl.DataFrame, path: Path) -> dict[str, str]:
    """Tell by which of its columns a table is read as candles: the time, and the prices by their names."""
    columns = {_plain(name): name for name in table.columns}
    found = {name: _find(path, columns, names, name) for name, names in _PRICE_NAMES.items()}
    return {"time": _find(path, columns, _TIME_NAMES, "a time"), **found}


def _read(path: Path, wanted: dict[str, tuple[str, ...]]) -> pl.DataFrame:
    return _picked(_open(path), path, wanted)


def _picked(table: pl.DataFrame, path: Path, wanted: dict[str, tuple[str, ...]]) -> pl.DataFrame:
    if table.height == 0:
        raise MarketDataError(
            f"Expected at least one row, found none in {path}. Delete the file, or download it again."
        )
    columns = {_plain(name): name for name in table.columns}
    time = _find(path, columns, _TIME_NAMES, "a time")
    found = {name: _find(path, columns, names, name) for name, names in wanted.items()}
    for column in found.values():
        _refuse_other_than_numbers(table, column, path)
    numbers = [_number(table, column).alias(name) for name, column in found.items()]
    return table.select(_milliseconds(path, table[time]).alias("open_ms"), *numbers)


def _open(path: Path) -> pl.DataFrame:
    if not path.is_file():
        raise MarketDataError(f"Expected a file, found nothing at {path}. Check the path, or download the data first.")
    try:
        with quiet():
            return _parse(path)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, UnicodeError, ValueError) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise MarketDataError(
            f"Expected a Parquet or CSV file, found something else at {path}: {first}. Download or export it again."
        ) from error


def _parse(path: Path) -> pl.DataFrame:
    match path.suffix.lower():
        case ".parquet" | ".pq":
            return pl.read_parquet(path, glob=False)
        case ".csv" | ".txt":
            # As text first: one odd cell must cost its row, not the file.
            return pl.read_csv(path, infer_schema=False, glob=False, truncate_ragged_lines=True)
        case _:
            raise ValueError(f'the ending "{path.suffix}" is neither .parquet nor .csv')


def _plain(name: str) -> str:
    return name.strip().lower().replace(" ", "_").lstrip("\ufeff")


def _find(path: Path, columns: dict[str, str], names: tuple[str, ...], what: str) -> str:
    for name in names:
        if name in columns:
            return columns[name]
    found = ", ".join(columns.values()) or "none"
    raise MarketDataError(
        f"Expected a column with {what} (called {', '.join(names[:6])}), found the columns {found} in {path}. "
        "Rename the column in the file's first line."
    )


def _refuse_other_than_numbers(table: pl.DataFrame, column: str, path: Path) -> None:
    kind = table.schema[column]
    if not (kind.is_numeric() or kind in (pl.String, pl.Boolean, pl.Null)):
        raise MarketDataError(
            f'Expected numbers in the column "{column}", found {kind} in {path}. Write them as numbers or as text.'
        )


def _number(table: pl.DataFrame, name: str) -> pl.Expr:
    column = pl.col(name)
    return (column.str.strip_chars() if table.schema[name] == pl.String else column).cast(pl.Float64, strict=False)


def _milliseconds(path: Path, times: pl.Series) -> pl.Series:
    if times.dtype in (pl.Date, pl.Datetime):
        return times.cast(pl.Datetime("ms")).cast(pl.Int64)
    if times.dtype == pl.String:
        return _from_text(path, times.str.strip_chars())
    if times.dtype.is_numeric():
        return _from_number(times)
    raise MarketDataError(f"Expected times as dates or numbers, found {times.dtype} in {path}. Write them in ISO 8601.")


def _from_text(path: Path, times: pl.Series) -> pl.Series:
    numbers = times.cast(pl.Float64, strict=False)
    if numbers.null_count() <= times.len() // 2:
        return _from_number(numbers)
    spaced = times.str.replace("T", " ", literal=True).str.replace(r"(Z| UTC)$", "+0000")
    spaced = spaced.str.replace(r"(\d[+-]\d\d):(\d\d)$", "$1$2")
    frame = spaced.to_frame("text").select(pl.coalesce(_readings(pl.col("text"))).dt.timestamp("ms").alias("ms"))
    if frame["ms"].null_count() == times.len():
        raise MarketDataError(
            f"Expected times such as 2024-01-31T08:00:00Z, or seconds or milliseconds since 1970, "
            f'found "{times[0]}" in {path}. Rewrite the column.'
        )
    return frame["ms"]


def _readings(text: pl.Expr) -> list[pl.Expr]:
    with_zone = [
        text.str.to_datetime(form, time_unit="ms", time_zone="UTC", strict=False).dt.replace_time_zone(None)
        for form in ("%Y-%m-%d %H:%M:%S%.f%z", "%Y-%m-%d %H:%M%z")
    ]
    plain = [
        text.str.to_datetime(form, time_unit="ms", strict=False)
        for form in ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S%.f", "%Y/%m/%d %H:%M")
    ]
    dates = [
        text.str.to_date(form, strict=False).cast(pl.Datetime("ms")) for form in ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d")
    ]
    return [*with_zone, *plain, *dates]


def _from_number(times: pl.Series) -> pl.Series:
    """Seconds, milliseconds, microseconds and nanoseconds since 1970 can be told apart by their size alone."""
    typical = times.abs().drop_nans().median() if times.dtype.is_float() else times.abs().median()
    size = float(typical) if isinstance(typical, int | float) else 0.0
    whole = times.cast(pl.Float64) if times.dtype.is_float() else times
    if size < 1e11:
        scaled = whole.cast(pl.Float64) * 1000
    elif size < 1e14:
        scaled = whole
    else:
        scaled = whole // (1_000 if size < 1e17 else 1_000_000)
    return scaled.cast(pl.Int64, strict=False)

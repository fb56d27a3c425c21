"""Candles as other programs write them: what a file is, which columns it has, and what its name says."""

import gzip
import io
import json
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from adapters.history.quiet import quiet
from adapters.history.table import candles_in, columns_in
from runtime.instrument import Market
from runtime.market_data import MarketDataError
from runtime.timeframe import timeframe_ms

LONGEST_TEXT = 2_000_000_000
"""Bytes, unpacked."""
# How candles come without a header: from Binance's archive, from ccxt, and from programs that keep what ccxt gave them.
BARE = ("open_time", "open", "high", "low", "close", "volume")
_LENGTH = re.compile(r"(?<![A-Za-z0-9])([1-9]\d{0,3}[mhdw])(?![A-Za-z0-9])")
_SYMBOL = re.compile(r"(?<![A-Za-z0-9])([A-Z0-9]{2,15}?)[_/-]?(USDT|USDC|USD)(?![A-Za-z0-9])", re.ASCII)
_LENGTHS = ("1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w")
_PERPETUAL = re.compile(r"futures|perp|swap|linear|_(usdt|usdc)_\1(?![a-z0-9])")
_EXCHANGES = ("binance", "bybit")
_NOT_TRADES = ("mark", "index", "premium", "funding_rate")


@dataclass(frozen=True)
class Foreign:
    """A file and what was understood of it; what nothing tells is None.

    `candles` are as `read_candles` gives them; `columns` tell which column was taken for what, and `form` how the times
    are written.
    """

    path: Path
    candles: pl.DataFrame
    columns: dict[str, str]
    ignored: tuple[str, ...]
    form: str
    timeframe: str | None
    symbol: str | None
    market: Market | None
    exchange: str | None


def read_foreign(path: Path) -> Foreign:
    """Read a file of candles of another program.

    CSV (with a header or bare, also .gz and .zip), Parquet, Feather and JSON are understood. Raises MarketDataError.
    """
    _refuse_other_prices(path)
    table = _opened(path)
    if table.height == 0:
        raise MarketDataError(f"Expected at least one row, found none in {path}. Export it again.")
    columns = columns_in(table, path)
    candles = candles_in(table, path)
    return Foreign(
        path,
        candles,
        columns,
        tuple(name for name in table.columns if name not in columns.values()),
        _form(table[columns["time"]]),
        _timeframe(path, candles),
        _symbol(path),
        Market.LINEAR if _PERPETUAL.search(path.stem.lower()) else None,
        _exchange(path),
    )


def _refuse_other_prices(path: Path) -> None:
    words = path.stem.lower()
    other = next((name for name in _NOT_TRADES if re.search(rf"[-_.]{name}(?![a-z])", words)), None)
    if other is not None:
        raise MarketDataError(
            f'Expected candles of trades, found a file of "{other}" by its name at {path}. '
            "Rename it if it holds candles of trades."
        )


def _opened(path: Path) -> pl.DataFrame:
    if not path.is_file():
        raise MarketDataError(f"Expected a file, found nothing at {path}. Check the path.")
    try:
        with quiet():
            return _parsed(path)
    except (
        pl.exceptions.PolarsError,
        pl.exceptions.PanicException,
        OSError,
        EOFError,
        ValueError,
        RecursionError,
        zipfile.BadZipFile,
    ) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise MarketDataError(
            f"Expected candles as CSV, Parquet, Feather or JSON, found something else at {path}: {first}. "
            "Export it again."
        ) from None


def _parsed(path: Path) -> pl.DataFrame:
    name = path.name.lower().removesuffix(".gz").removesuffix(".zip")
    match name.rpartition(".")[2]:
        case "parquet" | "pq":
            return pl.read_parquet(path, glob=False)
        case "feather" | "arrow" | "ipc" | "ft":
            return pl.read_ipc(path)
        case "json":
            return _from_json(_text(path))
        case "csv" | "txt" | "tsv":
            return _from_csv(_text(path))
        case ending if path.suffix.lower() == ".zip":
            return _from_csv(_text(path))
        case ending:
            raise ValueError(f'the ending ".{ending}" is none of .csv, .csv.gz, .zip, .parquet, .feather and .json')


def _text(path: Path) -> bytes:
    match path.suffix.lower():
        case ".gz":
            with gzip.open(path) as file:
                text = file.read(LONGEST_TEXT + 1)
        case ".zip":
            text = _zipped(path)
        case _:
            with path.open("rb") as file:
                text = file.read(LONGEST_TEXT + 1)
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"it is longer than {LONGEST_TEXT / 1e9:g} GB; split it")
    return text


def _zipped(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        if len(names) != 1:
            raise ValueError(f"it holds {len(names)} files, not one; unpack it and import each")
        try:
            with archive.open(names[0]) as file:
                return file.read(LONGEST_TEXT + 1)
        except (RuntimeError, NotImplementedError) as error:
            raise ValueError(str(error)) from None


def _from_csv(text: bytes) -> pl.DataFrame:
    head = text[:20_000].decode("utf-8-sig", "replace").splitlines()[:5]
    if not head:
        raise ValueError("it is empty")
    separator = max(",;\t|", key=head[-1].count)
    # Some sites put their name into the first line.
    skipped = 1 if len(head) > 1 and separator not in head[0] else 0
    bare = _is_bare(head[skipped].split(separator))
    table = pl.read_csv(
        io.BytesIO(text),
        has_header=not bare,
        separator=separator,
        skip_rows=skipped,
        infer_schema=False,
        truncate_ragged_lines=True,
    )
    return _named(table) if bare else table


def _is_bare(cells: Sequence[str]) -> bool:
    """Whether a first line has numbers where a header would have names."""
    return len(cells) >= len(BARE) and all(re.fullmatch(r'"?\s*[\d.]+([eE][-+]?\d+)?\s*"?', cell) for cell in cells[:6])


def _named(table: pl.DataFrame) -> pl.DataFrame:
    if table.width < len(BARE):
        raise ValueError(f"it has {table.width} columns without names; expected time, open, high, low, close, volume")
    return table.rename(dict(zip(table.columns, BARE, strict=False)))


def _from_json(text: bytes) -> pl.DataFrame:
    rows = json.loads(text)
    if not isinstance(rows, list) or not rows:
        raise ValueError("it is no list of candles")
    if all(isinstance(row, dict) for row in rows):
        return pl.DataFrame(rows, infer_schema_length=None, strict=False)
    if not all(isinstance(row, list) and len(row) >= len(BARE) for row in rows):
        raise ValueError("its entries are no candles of time, open, high, low, close and volume")
    columns = list(zip(*(row[: len(BARE)] for row in rows), strict=True))
    return pl.DataFrame({name: pl.Series(column, strict=False) for name, column in zip(BARE, columns, strict=True)})


def _form(times: pl.Series) -> str:
    if times.dtype.is_temporal():
        return "dates"
    numbers = times.cast(pl.Float64, strict=False)
    if numbers.null_count() > times.len() // 2:
        return "dates written as text"
    size = numbers.abs().median()
    typical = float(size) if isinstance(size, int | float) else 0.0
    units = ((1e11, "seconds"), (1e14, "milliseconds"), (1e17, "microseconds"))
    return f"{next((unit for most, unit in units if typical < most), 'nanoseconds')} since 1970"


def _timeframe(path: Path, candles: pl.DataFrame) -> str | None:
    """The commonest distance between candles; where there are too few, what the name says."""
    distances = candles["open_ms"].drop_nulls().unique().sort().diff().drop_nulls()
    lengths = {timeframe_ms(name): name for name in _LENGTHS}
    if distances.len() >= 2:
        common = distances.mode().sort()[0]
        return lengths.get(int(common)) if isinstance(common, int) else None
    named = _LENGTH.search(path.stem)
    return named[1] if named else None


def _symbol(path: Path) -> str | None:
    """The coin and what it is priced in, from names such as BTC_USDT-1h, BTCUSDT-1h-2024-01 or Binance_BTCUSDT_1h."""
    found = _SYMBOL.search(re.sub(r"_(USDT|USDC)_\1(?![A-Za-z0-9])", r"_\1", path.stem).replace("_", "-"))
    return found[1] + found[2] if found else None


def _exchange(path: Path) -> str | None:
    """The exchange that the file or its folder is named after."""
    told = f"{path.resolve().parent.name} {path.name}".lower()
    named = [name for name in _EXCHANGES if name in told]
    return named[0] if len(named) == 1 else None

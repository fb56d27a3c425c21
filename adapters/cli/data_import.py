"""`eternal data import`: candles that another program has kept."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapters.cli import options
from adapters.cli.failure import ExitCode, Failure, near
from adapters.cli.market_folder import FOLDER, AsJson, DataFolder, minute_of, refuse_made_up
from runtime.instrument import Market

if TYPE_CHECKING:
    from adapters.history.bringing_in import Bringing
    from adapters.history.foreign import Foreign
    from adapters.history.series_file import SeriesFile

SHOWN = 5


def import_candles(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV (also .gz, .zip), Parquet, Feather or JSON with candles.")
    ],
    *,
    folder: DataFolder = FOLDER,
    exchange: Annotated[str | None, typer.Option(help="Whose candles these are: binance or bybit.")] = None,
    market: Annotated[Market | None, typer.Option(help="spot, or linear for perpetuals.")] = None,
    symbol: Annotated[
        str | None, typer.Option(help="Such as BTCUSDT; read from the file's name where it tells.")
    ] = None,
    timeframe: Annotated[
        str | None,
        typer.Option(parser=options.timeframe, metavar="LENGTH", help="Read from the rows where they tell."),
    ] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Only show what was understood; write nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take candles of freqtrade, ccxt, Binance's archive and others into the folder, and say what was understood."""
    from adapters.cli.screen import say, say_json
    from adapters.history.bringing_in import bringing_in
    from adapters.history.foreign import read_foreign

    refuse_made_up(folder)
    foreign = read_foreign(file)
    place = _place(folder, foreign, exchange or foreign.exchange, market or foreign.market, symbol, timeframe)
    brought = bringing_in(place, foreign.candles)
    if not preview:
        brought.write()
    if as_json:
        say_json(_plain(foreign, brought, written=not preview))
        return
    for line in _lines(foreign, brought, written=not preview):
        say(line)


def _place(
    folder: Path,
    foreign: "Foreign",
    exchange: str | None,
    market: Market | None,
    symbol: str | None,
    length: str | None,
) -> "SeriesFile":
    """Say into which file the candles go; fails with a sentence for what neither the file nor the command tells."""
    from adapters.history.bringing_in import VENUES
    from adapters.history.folder import check_symbol
    from adapters.history.series_file import Kind, SeriesFile

    symbol, length = symbol or foreign.symbol, _length(foreign, length)
    lacking = {"--exchange binance": exchange, "--market spot": market, "--symbol BTCUSDT": symbol}
    unknown = [option for option, value in {**lacking, "--timeframe 1h": length}.items() if value is None]
    if exchange is None or market is None or symbol is None or length is None:
        raise Failure(
            f"Expected to learn from {foreign.path} what it holds, but it doesn't tell. Add {' '.join(unknown)}, "
            "with what is right.",
            ExitCode.USAGE,
        )
    check_symbol(symbol)
    venue = VENUES.get((exchange.lower(), market.value))
    if venue is None:
        known = sorted({name for name, _ in VENUES})
        raise Failure(f'Expected binance or bybit, found "{exchange}". {near(exchange, known)}', ExitCode.USAGE)
    return SeriesFile(folder, Kind.CANDLES, venue, symbol, length)


def _length(foreign: "Foreign", asked: str | None) -> str | None:
    if asked is not None and foreign.timeframe not in (None, asked):
        raise Failure(
            f"Expected {asked} candles in {foreign.path}, found rows that are {foreign.timeframe} apart. Leave "
            "--timeframe out, or choose another file; the engine builds longer candles from shorter ones by itself.",
            ExitCode.USAGE,
        )
    return asked or foreign.timeframe


def _lines(foreign: "Foreign", brought: "Bringing", *, written: bool) -> Iterator[str]:
    from adapters.history.series_file import TIME

    rows, times = brought.usable, brought.usable[TIME]
    yield f"{foreign.path}"
    yield f"  read as   {brought.file.timeframe} candles of {brought.file.symbol}"
    yield f'  time      column "{foreign.columns["time"]}", {foreign.form}, taken for when a candle opens, UTC'
    prices = [f'{name} from "{column}"' for name, column in foreign.columns.items() if name not in ("time", column)]
    yield f"  prices    {', '.join(prices) or 'open, high, low, close, volume, by their names'}"
    if foreign.ignored:
        yield f"  not used  {', '.join(foreign.ignored)}"
    yield f"  rows      {rows.height:,} usable of {foreign.candles.height:,}, {_span(times[0], times[-1])}"
    for name, row in (("first", rows.row(0)), ("last", rows.row(-1))):
        open_price, high, low, close, volume = (f"{number:.10g}" for number in row[1:])
        yield f"  {name:<8}  open {open_price}, high {high}, low {low}, close {close}, volume {volume}"
    yield from _wrong(brought)
    yield from _result(brought, written=written)


def _wrong(brought: "Bringing") -> Iterator[str]:
    for problem in brought.problems[:SHOWN]:
        yield f"  {'left out' if problem.left_out else 'odd':<8}  row {problem.row}: {problem.reason}"
    if len(brought.problems) > SHOWN:
        yield f"            and {len(brought.problems) - SHOWN:,} more rows with something wrong"
    if brought.missing:
        yield f"  missing   {brought.missing:,} candles between the first and the last"


def _result(brought: "Bringing", *, written: bool) -> Iterator[str]:
    known = brought.usable.height - brought.added
    yield f"  new       {brought.added:,}; {known:,} are there already in {brought.file.place}"
    if brought.differing:
        yield f"  differ    {brought.differing:,} of those have other values; what was there stays"
    yield "Written." if written and brought.added else "Nothing was written."


def _plain(foreign: "Foreign", brought: "Bringing", *, written: bool) -> dict[str, Any]:
    from adapters.history.series_file import TIME

    return {
        "file": brought.file.place,
        "symbol": brought.file.symbol,
        "timeframe": brought.file.timeframe,
        "columns": foreign.columns,
        "times": foreign.form,
        "rows": foreign.candles.height,
        "usable": brought.usable.height,
        "first_ms": int(brought.usable[TIME][0]),
        "last_ms": int(brought.usable[TIME][-1]),
        "added": brought.added,
        "differing": brought.differing,
        "missing": brought.missing,
        "problems": [{"row": one.row, "at_ms": one.at_ms, "reason": one.reason} for one in brought.problems],
        "written": written and brought.added > 0,
    }


def _span(first_ms: int, last_ms: int) -> str:
    return f"{minute_of(first_ms)} to {minute_of(last_ms)}"

"""`eternal data download`: the past from Bybit's public endpoints, into a folder."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapters.cli import options
from adapters.cli.failure import ExitCode, Failure
from adapters.cli.market_folder import FOLDER, AsJson, DataFolder, aligned, minute_of, refuse_made_up
from runtime.instrument import Market

if TYPE_CHECKING:
    from adapters.bybit.past import Past
    from adapters.history.download import Downloaded, Task
    from adapters.history.series_file import SeriesFile


# Where Bybit's candles lie; the folder "spot" is Binance's.
BYBIT_CANDLES = {Market.SPOT: "spot_bybit", Market.LINEAR: "linear"}
BYBIT = "bybit"


def download(
    *,
    folder: DataFolder = FOLDER,
    symbol: Annotated[list[str] | None, typer.Option(help="A symbol such as BTCUSDT; repeat it for more.")] = None,
    market: Annotated[
        list[Market] | None, typer.Option(help="spot or linear (perpetuals); repeat it for both. Without any: both.")
    ] = None,
    timeframe: Annotated[
        list[str] | None,
        typer.Option(metavar="LENGTH", help="The length of candles; repeat it for more. Without any: 1h and 1d."),
    ] = None,
    start: Annotated[
        int | None, typer.Option("--from", parser=options.moment, metavar="DAY", help="UTC; without it all there is.")
    ] = None,
    end: Annotated[
        int | None, typer.Option("--to", parser=options.moment, metavar="DAY", help="UTC; without it until now.")
    ] = None,
    candles: Annotated[bool, typer.Option(help="Candles.")] = True,
    funding: Annotated[bool, typer.Option(help="Funding rates of perpetuals.")] = True,
    open_interest: Annotated[bool, typer.Option(help="Open interest of perpetuals, hourly.")] = False,
    fear_greed: Annotated[bool, typer.Option(help="The Fear & Greed index.")] = False,
    mode: Annotated[str, typer.Option(help="Whose data: mainnet, testnet, or local with --address.")] = "mainnet",
    address: Annotated[str | None, typer.Option(help="Where a local exchange is, as http://127.0.0.1:8080.")] = None,
    as_json: AsJson = False,
) -> None:
    """Download from Bybit what the folder doesn't have yet. No account and no key are needed.

    It can be stopped at any moment: the same command goes on where it was, and ends with the same files.
    """
    from adapters.cli.screen import say, say_json

    markets, span = market or list(Market), _span(start, end)
    lengths = _lengths(timeframe or ("1h", "1d")) if candles else []
    kinds = _perpetual_kinds(funding=funding, open_interest=open_interest) if Market.LINEAR in markets else []
    if not (symbol or fear_greed):
        raise Failure("Expected a symbol such as --symbol BTCUSDT, found none.", ExitCode.USAGE)
    refuse_made_up(folder)
    finished: list[Downloaded] = []
    try:
        if symbol:
            with _past(mode, address) as past:
                wanted = _wanted(folder, _symbols(symbol), markets, lengths, kinds)
                finished += _downloaded(past, wanted, span)
        if fear_greed:
            finished.append(_fear_greed(folder))
    except KeyboardInterrupt:
        raise Failure("Stopped. What came so far is kept; the same command goes on from there.") from None
    if as_json:
        say_json({"folder": str(folder), "series": [_downloaded_plain(one) for one in finished]})
        return
    for line in _downloaded_lines(finished):
        say(line)


Wanted = tuple["SeriesFile", Market]


def _span(start: int | None, end: int | None) -> tuple[int, int | None]:
    from_ms = start or 0
    if end is not None and from_ms >= end:
        raise Failure("Expected a span that ends after it starts. Swap or widen --from and --to.", ExitCode.USAGE)
    return from_ms, end


def _lengths(given: Iterable[str]) -> list[str]:
    from adapters.bybit.klines import interval_of

    lengths = [options.timeframe(one) for one in given]
    try:
        for one in lengths:
            interval_of(one)
    except ValueError as error:
        raise Failure(str(error), ExitCode.USAGE) from None
    return lengths


def _symbols(given: Iterable[str]) -> list[str]:
    from adapters.history.folder import check_symbol

    symbols = list(dict.fromkeys(one.upper() for one in given))
    for one in symbols:
        check_symbol(one)
    return symbols


def _perpetual_kinds(*, funding: bool, open_interest: bool) -> list[str]:
    return [name for name, asked in (("funding", funding), ("open_interest", open_interest)) if asked]


def _wanted(
    folder: Path, symbols: Sequence[str], markets: Sequence[Market], lengths: Sequence[str], kinds: Sequence[str]
) -> list[Wanted]:
    from adapters.history.series_file import Kind, SeriesFile

    found: list[Wanted] = [
        (SeriesFile(folder, Kind.CANDLES, BYBIT_CANDLES[market], symbol, length), market)
        for market in dict.fromkeys(markets)
        for symbol in symbols
        for length in dict.fromkeys(lengths)
    ]
    found += [(SeriesFile(folder, Kind(kind), BYBIT, symbol), Market.LINEAR) for kind in kinds for symbol in symbols]
    return found


@contextmanager
def _past(mode: str, address: str | None) -> "Iterator[Past]":
    from threading import Event

    from adapters.bybit.hosts import HostRefusedError, Mode, hosts_of
    from adapters.bybit.past import Past

    try:
        past = Past(hosts_of(Mode(mode), address), Event().wait)
    except HostRefusedError as refusal:
        raise Failure(str(refusal), ExitCode.USAGE) from None
    except ValueError:
        raise Failure(f'Expected the mode mainnet, testnet or local, found "{mode}".', ExitCode.USAGE) from None
    try:
        yield past
    finally:
        past.close()


def _downloaded(past: "Past", wanted: Sequence[Wanted], span: tuple[int, int | None]) -> "list[Downloaded]":
    from adapters.cli.progress import through
    from adapters.history.download import download as bring

    tasks = _tasks(past, wanted, span)
    total = sum(len(task.pieces) for task in tasks)
    finished = []
    before = 0
    with through("downloading", 0, total) as reach:
        for task in tasks:
            finished.append(bring(past, task, lambda pieces, before=before: reach(before + pieces)))  # type: ignore[misc]
            before += len(task.pieces)
    return finished


def _tasks(past: "Past", wanted: Sequence[Wanted], span: tuple[int, int | None]) -> "list[Task]":
    from adapters.history.download import task_of

    now_ms = past.now_ms()
    to_ms = now_ms if span[1] is None else min(span[1], now_ms)
    symbols = dict.fromkeys((market, file.symbol) for file, market in wanted)
    firsts = {key: max(span[0], past.first_ms(*key)) for key in symbols}
    return [task_of(file, market, firsts[market, file.symbol], to_ms) for file, market in wanted]


def _fear_greed(folder: Path) -> "Downloaded":
    from adapters.clock import now_ms
    from adapters.history.download import add
    from adapters.history.series_file import TIME, Kind, SeriesFile
    from adapters.sentiment import fear_greed

    file = SeriesFile(folder, Kind.FEAR_GREED)
    there = file.read()
    if there.height and fear_greed.Reading(int(there[TIME][-1]), 0).is_current(now_ms()):
        return add(file, [])
    return add(file, [(one.at_ms, one.value) for one in fear_greed.FearGreed(fear_greed.ADDRESS).history()])


def _downloaded_plain(one: "Downloaded") -> dict[str, Any]:
    first_ms, last_ms = one.span or (None, None)
    return {
        "file": one.file.place,
        "added": one.added,
        "rows": one.rows,
        "first_ms": first_ms,
        "last_ms": last_ms,
        "missing": one.missing,
    }


def _downloaded_lines(finished: "Sequence[Downloaded]") -> Iterator[str]:
    rows: list[tuple[str, ...]] = [("file", "new rows", "rows", "from", "to", "missing between")]
    for one in finished:
        times = tuple(minute_of(at_ms) for at_ms in one.span) if one.span else ("nothing there", "")
        rows.append((one.file.place, f"{one.added:,}", f"{one.rows:,}", *times, f"{one.missing:,}"))
    yield from aligned(rows)
    if any(one.missing for one in finished):
        yield "What is missing between was asked for, and the exchange doesn't have it either."

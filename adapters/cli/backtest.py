"""`eternal backtest`: the engine over history."""

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.cli import options
from adapters.cli.places import RUNS, SEARCHES
from adapters.cli.plan import (
    DEFAULT_BOOKS,
    DEFAULT_CAPITAL,
    DEFAULT_SLIPPAGE,
    DEFAULT_WAIT_MS,
    CandleFile,
    Inside,
    Plan,
)
from adapters.cli.rules import Environment, RulesFolder
from runtime.instrument import Market

if TYPE_CHECKING:
    from adapters.cli.wiring import Prepared
    from runtime.leap import Leaper
    from runtime.run import RunResult

DATA, FILE, TERMS, RESULT = "Market data", "One file of candles", "Terms", "Result"


def backtest(
    *,
    data: Annotated[Path | None, typer.Option(help="A folder of market data.", rich_help_panel=DATA)] = None,
    start: Annotated[
        int | None,
        typer.Option("--from", parser=options.moment, metavar="DAY", help="The start, UTC; else where the data begin."),
    ] = None,
    end: Annotated[
        int | None,
        typer.Option("--to", parser=options.moment, metavar="DAY", help="The end, UTC; else where the data end."),
    ] = None,
    no_stand_ins: Annotated[
        bool,
        typer.Option(
            "--no-stand-ins", help="Use the first venue of each market only, and leave gaps.", rich_help_panel=DATA
        ),
    ] = False,
    candles: Annotated[
        Path | None, typer.Option(help="A CSV or Parquet file of candles, instead of --data.", rich_help_panel=FILE)
    ] = None,
    symbol: Annotated[str | None, typer.Option(help="Its symbol, such as BTCUSDT.", rich_help_panel=FILE)] = None,
    market: Annotated[
        Market | None,
        typer.Option(parser=options.market, metavar="MARKET", help="spot or linear.", rich_help_panel=FILE),
    ] = None,
    timeframe: Annotated[
        str | None,
        typer.Option(parser=options.timeframe, metavar="LENGTH", help="1h, 4h, 1d, …", rich_help_panel=FILE),
    ] = None,
    book: Annotated[
        list[str] | None,
        typer.Option(
            help=f"A book to run; repeat it. Without any: {', '.join(DEFAULT_BOOKS)}, funding where data are."
        ),
    ] = None,
    share: Annotated[
        list[options.Share] | None,
        typer.Option(
            parser=options.share,
            metavar="NAME=RATIO",
            help="The share of a book, such as core-hodl=60%; else that of the rules. Repeat it.",
        ),
    ] = None,
    capital: Annotated[
        Decimal, typer.Option(parser=options.money, metavar="USDT", help="What the portfolio starts with.")
    ] = DEFAULT_CAPITAL,
    folder: RulesFolder = None,
    environment: Environment = "",
    costs: Annotated[
        Decimal,
        typer.Option(
            parser=options.multiple, metavar="TIMES", help="Multiply fees and slippage.", rich_help_panel=TERMS
        ),
    ] = Decimal(1),
    slippage: Annotated[
        Decimal,
        typer.Option(
            parser=options.ratio,
            metavar="RATIO",
            help="How much worse market orders fill.",
            rich_help_panel=TERMS,
            show_default="0.05%",
        ),
    ] = DEFAULT_SLIPPAGE,
    inside: Annotated[
        Inside,
        typer.Option(
            metavar="finer|worst|best",
            help="What happened inside a candle: what finer candles tell, or on the book's own the worst or the best.",
            rich_help_panel=TERMS,
        ),
    ] = Inside.FINER,
    acknowledge_after: Annotated[
        int | None,
        typer.Option(
            parser=options.wait_ms,
            metavar="TIME",
            help="When somebody acknowledges a halt: 7d, or never.",
            rich_help_panel=TERMS,
            show_default="7d",
        ),
    ] = DEFAULT_WAIT_MS,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Also write the run as JSON.", rich_help_panel=RESULT)
    ] = None,
    html_file: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Also write the report as a web page.", rich_help_panel=RESULT),
    ] = None,
    runs: Annotated[Path, typer.Option(help="The folder in which runs are kept.", rich_help_panel=RESULT)] = RUNS,
    searches: Annotated[
        Path,
        typer.Option(help="The folder of searches, for doubts about what one has found.", rich_help_panel=RESULT),
    ] = SEARCHES,
    step: Annotated[
        bool,
        typer.Option("--step", help="Step through every candle; the result is the same, and takes longer."),
    ] = False,
) -> None:
    """Run books over history, report what came of it, and keep the run so that it can be explained."""
    from adapters.cli.places import rules_folder

    plan = Plan(
        rules=rules_folder(folder),
        environment=environment,
        source=source_of(data, candles, symbol, market, timeframe),
        books=tuple(book or ()),
        shares={one.book: one.ratio for one in share or ()},
        capital=capital,
        from_ms=start,
        to_ms=end,
        costs=costs,
        slippage=slippage,
        wait_ms=acknowledge_after,
        inside=inside,
        stand_ins=not no_stand_ins,
    )
    run_and_report(plan, runs, json_file, html_file, searches, leaping=not step)


def source_of(
    data: Path | None, candles: Path | None, symbol: str | None, market: Market | None, timeframe: str | None
) -> Path | CandleFile:
    """Return where the candles are: a folder, or a file with what its candles are of."""
    if (data is None) == (candles is None):
        raise typer.BadParameter("expected either --data FOLDER or --candles FILE; give one of them.")
    if data is not None:
        _refuse_description(symbol, market, timeframe)
        return data
    if candles is None or symbol is None or market is None or timeframe is None:
        raise typer.BadParameter(
            "a file of candles doesn't say what it is; give --symbol, --market and --timeframe too."
        )
    return CandleFile(candles, market, symbol, timeframe)


def _refuse_description(*described: object) -> None:
    if any(one is not None for one in described):
        raise typer.BadParameter("--symbol, --market and --timeframe describe a file of --candles; leave them out.")


def run_and_report(
    plan: Plan,
    runs: Path,
    json_file: Path | None,
    html_file: Path | None,
    searches: Path = SEARCHES,
    *,
    leaping: bool = True,
) -> None:
    """Run a plan, keep the run, write the files that were asked for, and show the report."""
    from adapters.cli.saved import as_text, full_document, keep
    from adapters.cli.screen import say, screen
    from adapters.cli.search_found import found_among
    from adapters.cli.wiring import prepare
    from adapters.report.page import to_html
    from adapters.report.terminal import show

    prepared = prepare(plan)
    prepared.recorder.found = found_among(searches, prepared.rulebook, prepared.settings)
    result, leaper = play(prepared, leaping=leaping)
    # The run is kept before anything is shown: whoever reads the report through `head` wants the run as well.
    folder = keep(prepared, result, runs)
    if json_file is not None:
        json_file.write_text(as_text(full_document(result)), encoding="utf-8")
    if html_file is not None:
        html_file.write_text(to_html(result), encoding="utf-8")
    show(result, screen())
    say(how_far(leaper))
    say(f"Run {prepared.run_id} is kept in {folder}. Explain its orders: eternal explain {prepared.run_id}")


def play(prepared: "Prepared", *, leaping: bool = True) -> tuple["RunResult", "Leaper | None"]:
    """Run a prepared back-test to its end, with a bar that shows how far it is."""
    from adapters.cli.progress import through

    with through("running", prepared.settings.from_ms, prepared.settings.to_ms) as reach:
        leaper = prepared.run(reach, leaping=leaping)
    return prepared.recorder.result(), leaper


def how_far(leaper: "Leaper | None") -> str:
    """Say how much of a run was leapt over."""
    if leaper is None:
        return "Every moment was stepped through."
    return f"Of {leaper.turns:,} moments {leaper.leapt:,} were leapt over: nothing could happen in them."

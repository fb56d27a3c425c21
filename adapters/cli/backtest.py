"""`eternal backtest`: the engine over history."""

import webbrowser
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.cli import history_options as asked
from adapters.cli import options
from adapters.cli.places import RUNS, SEARCHES
from adapters.cli.plan import (
    DEFAULT_BOOKS,
    DEFAULT_CAPITAL,
    DEFAULT_SLIPPAGE,
    DEFAULT_WAIT_MS,
    Inside,
    Plan,
)
from adapters.cli.rules import Environment, RulesFolder

if TYPE_CHECKING:
    from adapters.cli.wiring import Prepared
    from runtime.leap import Leaper
    from runtime.run import RunResult

RESULT = "Result"
PAGE = "report.html"


def backtest(
    *,
    data: asked.Data = None,
    start: asked.From = None,
    end: asked.To = None,
    no_stand_ins: Annotated[
        bool,
        typer.Option(
            "--no-stand-ins",
            help="Use the first venue of each market only, and leave gaps.",
            rich_help_panel=asked.DATA,
        ),
    ] = False,
    generated: Annotated[
        bool,
        typer.Option(
            "--generated",
            help="A made-up market instead of --data; it is drawn into ./made-up-market.",
            rich_help_panel=asked.DATA,
        ),
    ] = False,
    candles: asked.Candles = None,
    symbol: asked.Symbol = None,
    market: asked.MarketName = None,
    timeframe: asked.Timeframe = None,
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
    costs: asked.Costs = Decimal(1),
    slippage: asked.Slippage = DEFAULT_SLIPPAGE,
    inside: Annotated[
        Inside,
        typer.Option(
            metavar="finer|worst|best",
            help="What happened inside a candle: what finer candles tell, or on the book's own the worst or the best.",
            rich_help_panel=asked.TERMS,
        ),
    ] = Inside.FINER,
    acknowledge_after: Annotated[
        int | None,
        typer.Option(
            parser=options.wait_ms,
            metavar="TIME",
            help="When somebody acknowledges a halt: 7d, or never.",
            rich_help_panel=asked.TERMS,
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
    opened: Annotated[
        bool, typer.Option("--open", help="Also show the report in the browser.", rich_help_panel=RESULT)
    ] = False,
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
    from adapters.cli.made_up import made_up_market
    from adapters.cli.places import rules_folder

    if generated and data is not None:
        raise typer.BadParameter("expected either --data or --generated; give one of them.")
    plan = Plan(
        rules=rules_folder(folder),
        environment=environment,
        source=asked.Source(made_up_market() if generated else data, candles, symbol, market, timeframe).path,
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
    run_and_report(plan, runs, searches, Wanted(json_file, html_file, opened), leaping=not step)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The files that are asked for besides the run, and whether a browser is to show the page."""

    json_file: Path | None
    html_file: Path | None
    opened: bool


def run_and_report(plan: Plan, runs: Path, searches: Path, wanted: Wanted, *, leaping: bool = True) -> None:
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
    if wanted.json_file is not None:
        wanted.json_file.write_text(as_text(full_document(result)), encoding="utf-8")
    page = wanted.html_file or (folder / PAGE if wanted.opened else None)
    if page is not None:
        page.write_text(to_html(result), encoding="utf-8")
    show(result, screen())
    say(how_far(leaper))
    say(f"Run {prepared.run_id} is kept in {folder}. Explain its orders: eternal explain {prepared.run_id}")
    if wanted.opened and page is not None:
        _show_page(page)


def _show_page(page: Path) -> None:
    from adapters.cli.screen import say

    shown = webbrowser.open(page.resolve().as_uri())
    say(f"The report is {page}." if shown else f"No browser was found here; the report is {page}.")


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

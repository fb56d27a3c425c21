"""`eternal search`: the params of a book that did best, and how far that can be trusted."""

import os
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from adapters.cli import history_options as asked
from adapters.cli import options
from adapters.cli.failure import Commands
from adapters.cli.market_folder import FOLDER
from adapters.cli.places import RUNS, SEARCHES
from adapters.cli.plan import DEFAULT_CAPITAL, DEFAULT_SLIPPAGE
from adapters.cli.rules import Environment, RulesFolder
from adapters.search.choosers import Method
from runtime.aim import Aim
from runtime.instrument import Market

TRIALS = 100
SHOWN = 10
RUN, LAST = "run", "last"
WORKERS, RESULT = "Workers", "Result"


class SearchCommands(Commands):
    """`eternal search trend-1` is `eternal search run trend-1`; a book may be called as a command is."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the command where only a book is named."""
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            args = [RUN, *args]
        return super().parse_args(ctx, args)


search = typer.Typer(cls=SearchCommands, no_args_is_help=True, help="Search the params of a book: eternal search BOOK.")
Searches = Annotated[Path, typer.Option(help="The folder in which searches are kept.")]
Kept = Annotated[str, typer.Argument(metavar="[SEARCH]", help="The id of a search, or `last`.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print it for a machine.")]
Data = Annotated[Path, typer.Option(help="A folder of market data.")]


@search.command(RUN)
def run(
    book: Annotated[str, typer.Argument(help="The book whose section `search` says what may be tried.")],
    *,
    data: Data = FOLDER,
    start: asked.From = None,
    end: asked.To = None,
    method: Annotated[Method, typer.Option(help="How it is chosen what is tried next.")] = Method.RANDOM,
    trials: Annotated[
        int | None, typer.Option(min=1, help=f"At most so many; else {TRIALS}, and all of a grid.", show_default=False)
    ] = None,
    aim: Annotated[Aim, typer.Option(help="What is made as good as can be.")] = Aim.SHARPE,
    seed: Annotated[int, typer.Option(min=0, help="Another seed tries others.")] = 1,
    walk_forward: Annotated[
        str,
        typer.Option(metavar="INSIDE/AFTER", help="Search in windows and prove each best on the time after: 2y/6m."),
    ] = "",
    cluster: Annotated[
        str, typer.Option(metavar="NAME", help="Trade the coins of a cluster, with its ranges: calm, middle or wild.")
    ] = "",
    share: Annotated[
        Decimal | None,
        typer.Option(parser=options.ratio, metavar="RATIO", help="Of the portfolio; else the book's share of it."),
    ] = None,
    capital: Annotated[
        Decimal,
        typer.Option(
            parser=options.money, metavar="USDT", help="What the portfolio starts with.", rich_help_panel=asked.TERMS
        ),
    ] = DEFAULT_CAPITAL,
    costs: asked.Costs = Decimal(1),
    slippage: asked.Slippage = DEFAULT_SLIPPAGE,
    folder: RulesFolder = None,
    environment: Environment = "",
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="How many run at once; else one for each processor.", rich_help_panel=WORKERS),
    ] = None,
    ray: Annotated[
        str,
        typer.Option(
            "--ray", metavar="ADDRESS", help="On a Ray cluster: its address, auto or local.", rich_help_panel=WORKERS
        ),
    ] = "",
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the same search where it ended.")] = False,
    name: Annotated[
        str, typer.Option(help="What the best is called as a book; else BOOK-found.", rich_help_panel=RESULT)
    ] = "",
    write: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the best as a rule file that extends BOOK.", rich_help_panel=RESULT),
    ] = None,
    searches: Searches = SEARCHES,
    as_json: AsJson = False,
) -> None:
    """Try values of a book's params over history, and tell which were best and whether that is more than luck."""
    from adapters.cli.places import rules_folder
    from adapters.cli.searching import Wanted, carry_out

    wanted = Wanted(
        book=book,
        name=name or f"{book}-found",
        rules=rules_folder(folder),
        environment=environment,
        data=data,
        from_ms=start,
        to_ms=end,
        method=method,
        trials=trials,
        aim=aim,
        seed=seed,
        walk=walk_forward,
        cluster=cluster,
        share=share,
        capital=capital,
        costs=costs,
        slippage=slippage,
    )
    kept = carry_out(wanted, searches, workers or (None if ray else os.cpu_count()), ray, resume=resume, write=write)
    _tell(kept.id, searches, SHOWN, as_json=as_json)
    if write is not None and not as_json:
        _tell_written(kept.id, searches, write)


@search.command("list")
def list_searches(searches: Searches = SEARCHES, as_json: AsJson = False) -> None:
    """List the searches that were made."""
    from adapters.cli.screen import say, say_json, screen
    from adapters.cli.search_folder import kept_searches
    from adapters.cli.search_report import list_sheet, plain
    from adapters.report.terminal import table

    kept = kept_searches(searches)
    if as_json:
        say_json([plain(one) for one in kept])
        return
    screen().print(table(list_sheet(kept)))
    if kept:
        say("Look at one with `eternal search show ID`.")


@search.command("show")
def show(
    which: Kept = LAST,
    *,
    best: Annotated[int, typer.Option(min=1, help="How many of the best.")] = SHOWN,
    keep: Annotated[
        int, typer.Option(min=0, metavar="COUNT", help="Run so many of the best again and keep them as runs.")
    ] = 0,
    write: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the best as a rule file that extends its book.")
    ] = None,
    runs: Annotated[Path, typer.Option(help="The folder in which runs are kept.")] = RUNS,
    searches: Searches = SEARCHES,
    as_json: AsJson = False,
) -> None:
    """Show what a search found; its best trials can be kept as runs, for `eternal compare` and all else."""
    from adapters.cli.search_best import keep_best, write_best
    from adapters.cli.search_folder import find

    found = find(which, searches)
    if write is not None:
        write_best(found, write)
    _tell(found.id, searches, best, as_json=as_json)
    if write is not None and not as_json:
        _tell_written(found.id, searches, write)
    if keep:
        _tell_kept(keep_best(found, keep, runs), as_json=as_json)


@search.command("clusters")
def clusters(
    data: Data = FOLDER,
    market: Annotated[
        Market, typer.Option(parser=options.market, metavar="MARKET", help="spot or linear.", show_default="linear")
    ] = Market.LINEAR,
    end: Annotated[
        int | None,
        typer.Option("--to", parser=options.moment, metavar="DAY", help="Look at the time before this day only, UTC."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Group the coins of a folder by how much they move and how much of them is traded."""
    from adapters.cli.screen import say, say_json, screen
    from adapters.cli.search_clusters import clusters_in, plain, sheet
    from adapters.report.terminal import table

    found = clusters_in(data, market, end)
    if as_json:
        say_json(plain(found))
        return
    screen().print(table(sheet(found)))
    say("Search over the coins of one, with the ranges that a book has for it: eternal search BOOK --cluster NAME")


def _tell(which: str, searches: Path, shown: int, *, as_json: bool) -> None:
    from adapters.cli.screen import say, say_json, screen
    from adapters.cli.search_folder import find
    from adapters.cli.search_report import head, plain, sheets, verdicts
    from adapters.report.terminal import table
    from adapters.search.result import result_of

    kept = find(which, searches)
    if as_json:
        say_json(plain(kept))
        return
    result = result_of(kept.asked, kept.tried)
    say(head(kept, result))
    say()
    for sheet in sheets(kept, result, shown):
        screen().print(table(sheet))
        say()
    for sentence in verdicts(result):
        say(sentence)


def _tell_written(which: str, searches: Path, file: Path) -> None:
    from adapters.cli.screen import say
    from adapters.cli.search_best import repetition
    from adapters.cli.search_folder import find

    say()
    say(f"The best stands in {file}. Repeat its run, with the file in the folder of rules:")
    say(repetition(find(which, searches)))


def _tell_kept(runs: list[str], *, as_json: bool) -> None:
    from adapters.cli.screen import say

    if runs and not as_json:
        say(f"Kept as runs, the best first. Compare them: eternal compare {' '.join(runs)}")

"""`eternal compare`: kept runs beside each other."""

from pathlib import Path
from typing import Annotated

import typer

from adapters.cli.places import RUNS


def compare(
    run: Annotated[list[str], typer.Argument(help="Two or more runs: their ids, their paths, or `last`.")],
    html_file: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Also write the comparison as a web page.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it for a machine.")] = False,
    runs: Annotated[Path, typer.Option(help="The folder of runs.")] = RUNS,
) -> None:
    """Compare kept runs: figures, books, terms, and a word where they are not like for like."""
    from adapters.cli.saved import find
    from adapters.cli.screen import say, say_json, screen
    from adapters.report.comparison import Compared, sheets_of, to_html, warnings
    from adapters.report.terminal import table

    if len(run) < 2:
        raise typer.BadParameter("expected two runs or more; `eternal backtest` keeps each one that it makes.")
    compared = [Compared(saved.id, saved.document) for saved in (find(one, runs) for one in run)]
    if html_file is not None:
        html_file.write_text(to_html(compared), encoding="utf-8")
    if as_json:
        told = [{"title": sheet.title, "columns": sheet.columns, "rows": sheet.rows} for sheet in sheets_of(compared)]
        say_json({"warnings": warnings(compared), "tables": told})
        return
    for warning in warnings(compared):
        say(warning)
    for sheet in sheets_of(compared):
        screen().print(table(sheet))
        say()

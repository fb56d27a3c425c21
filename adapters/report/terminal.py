"""A run as a report in the terminal."""

from rich import box
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from adapters.report.drawdown_chart import drawdown_chart
from adapters.report.header import head
from adapters.report.shades import MONTHS, month_rows, strength
from adapters.report.sheet import Sheet
from adapters.report.sheets import details, falls, overview
from adapters.report.summary import Summary, summarise
from runtime.run import RunResult

LAST_ROWS = 20
_NARROW = 100
_LOSS = ("#5a2a2a", "#7a2e2e", "#9a3131", "#ba3333", "#da3333")
_GAIN = ("#23472f", "#265c38", "#287142", "#29874b", "#289d54")


def show(result: RunResult, console: Console, last: int = LAST_ROWS) -> None:
    """Print everything about a run, with so many of its last trades, transfers and level changes."""
    summary = summarise(result)
    months = _months(summary, narrow=console.width < _NARROW)
    first, middle, rest = overview(summary), falls(summary, last), details(summary, last)
    tables = [[table(sheet) for sheet in part] for part in (first, middle, rest)]
    for section in [_header(summary), *tables[0], months, *_drawdown(summary, console.width), *tables[1], *tables[2]]:
        console.print(section)
        console.print()


def _drawdown(summary: Summary, width: int) -> list[RenderableType]:
    lines = drawdown_chart(summary, width)
    title = Text("Drawdown", style="bold")
    return [Group(title, *(Text(line, no_wrap=True, overflow="crop") for line in lines))] if lines else []


def _header(summary: Summary) -> RenderableType:
    lines = [Text(line) for line in head(summary)]
    notes = [Text(f"· {note}", style="dim") for note in summary.result.data_notes]
    verdict = Text(summary.verdict, style="bold")
    return Panel(Group(verdict, Text(), *lines, *notes), title="Back-test", title_align="left", box=box.ROUNDED)


def table(sheet: Sheet) -> RenderableType:
    """Return one table of a report, or its title and a word where it has no rows."""
    title = Text(sheet.title, style="bold")
    about = [Text(sheet.about, style="dim")] if sheet.about else []
    if not sheet.rows:
        return Group(title, Text(sheet.empty, style="dim"))
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for index, column in enumerate(sheet.columns):
        drawn.add_column(column, justify="left" if index < sheet.text else "right", overflow="fold")
    for row in sheet.rows:
        drawn.add_row(*(_cell(text, signed=index in sheet.signed) for index, text in enumerate(row)))
    return Group(title, *about, drawn)


def _cell(text: str, *, signed: bool) -> Text:
    style = {"+": "green", "-": "red"}.get(text[:1], "") if signed else ""
    return Text(text, style=style)


def _months(summary: Summary, *, narrow: bool) -> RenderableType:
    table = Table(box=None, pad_edge=False, padding=(0, 0) if narrow else (0, 1))
    for column in ("", *MONTHS, "year", "held"):
        table.add_column(column, justify="right")
    for year, changes in month_rows(summary):
        table.add_row(str(year), *(_shade(change, 0 if narrow else 1) for change in changes))
    return Group(Text("Months, in per cent", style="bold"), table)


def _shade(change: float | None, digits: int) -> Text:
    if change is None:
        return Text("")
    steps = strength(change)
    colours = _GAIN if steps > 0 else _LOSS
    style = f"white on {colours[abs(steps) - 1]}" if steps else ""
    return Text(f" {change * 100:.{digits}f} ", style=style)

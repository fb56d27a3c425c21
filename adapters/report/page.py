"""A run as one web page that needs nothing else: no network, and without scripts its charts still stand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from string import Template

from adapters.report.chart import Band, Line, Mark, chart
from adapters.report.doubt_sheet import doubts
from adapters.report.header import head
from adapters.report.histogram import Bar, histogram
from adapters.report.interactive import scripts
from adapters.report.scale import value_axis
from adapters.report.shades import MONTHS, month_rows, strength
from adapters.report.sheet import Sheet
from adapters.report.sheets import sheets
from adapters.report.summary import Summary, summarise
from adapters.report.words import counted, money, number, percent
from runtime.metrics import Curve, under_water
from runtime.run import RunResult

LAST_ROWS = 200
_LONG = 40  # characters from which a cell may be broken into lines
_FEW = 3  # columns that would stand too far apart over the whole page
_NORMAL = "NORMAL"
_FULL_SHADE = 0.85


def to_html(result: RunResult, last: int = LAST_ROWS) -> str:
    """Return the page, with so many of the last trades, transfers and level changes."""
    summary = summarise(result)
    tables = [section(sheet) for sheet in sheets(summary, last)]
    first = len(doubts(summary))
    page = Page(
        title=f"Back-test {' '.join(result.settings.books)}",
        verdict=summary.verdict,
        head=head(summary),
        cards=_cards(summary),
        charts=_equity(summary) + _drawdown(summary),
        sections=[*tables[:first], _distribution(summary), _months(summary), *tables[first:]],
        notes=result.data_notes,
        scripts=scripts(summary),
    )
    return page.html()


@dataclass(frozen=True)
class Page:
    """The parts of a page: title, verdict, head and notes are plain text, the others are elements."""

    title: str
    verdict: str
    head: Sequence[str]
    charts: str
    sections: Sequence[str]
    cards: Sequence[str] = ()
    notes: Sequence[str] = ()
    scripts: str = ""

    def html(self) -> str:
        """Return the whole page."""
        return _template().substitute(
            title=escape(self.title),
            verdict=_unbroken(escape(self.verdict)),
            head="".join(f'<p class="soft">{_unbroken(escape(line))}</p>' for line in self.head),
            cards="".join(self.cards),
            charts=self.charts,
            sections="".join(self.sections),
            notes="".join(f"<li>{escape(note)}</li>" for note in self.notes),
            scripts=self.scripts,
        )


def _unbroken(text: str) -> str:
    """A number and its sign stay on one line."""
    return text.replace(" %", "&nbsp;%")


def _template() -> Template:
    return Template(files("adapters.report").joinpath("page.html").read_text(encoding="utf-8"))


def _cards(summary: Summary) -> list[str]:
    own, record = summary.portfolio, summary.record
    profit = summary.curve.values[-1] - summary.curve.values[0]
    total = percent(own.total_return, signed=True)
    annual = percent(own.annual_return, signed=True)
    return [
        _card("total return", total, f"{money(profit, signed=True)} USDT", signed=True),
        _card("annual return", annual, _held(summary, "annual_return", percent), signed=True),
        _card("Sharpe", number(own.sharpe), _held(summary, "sharpe", number)),
        _card("largest drawdown", percent(own.largest_drawdown), _held(summary, "largest_drawdown", percent)),
        _card("win rate", percent(record.win_rate, 0), f"of {record.trades:,} closed trades"),
        _card("profit factor", number(record.profit_factor), f"net {money(record.net, signed=True)} USDT"),
    ]


def _held(summary: Summary, figure: str, write: Callable[[float | None], str]) -> str:
    return "" if summary.benchmark is None else f"buy and hold {write(getattr(summary.benchmark, figure))}"


def _card(name: str, figure: str, beside: str, *, signed: bool = False) -> str:
    style = _sign(figure) if signed else ""
    return (
        f'<div class="card"><small>{name}</small><b class="{style}">{figure}</b><small>{escape(beside)}</small></div>'
    )


def _sign(text: str) -> str:
    return {"+": "gain", "-": "loss"}.get(text[:1], "")


def _equity(summary: Summary) -> str:
    lines = [Line("portfolio", "own", summary.curve)]
    if summary.benchmark is not None:
        lines.insert(0, Line("buy and hold", "held", summary.benchmark_curve))
    if summary.weekly is not None:
        lines.insert(0, Line("bought weekly", "weekly", summary.weekly_curve))
    if len(summary.curve.at_ms) < 2:
        return ""
    lowest = min(float(line.curve.values.min()) for line in lines)
    highest = max(float(line.curve.values.max()) for line in lines)
    return chart("Equity, USDT", lines, value_axis(lowest, highest, lambda value: f"{value:,.0f}"))


def _drawdown(summary: Summary) -> str:
    curve, thresholds = summary.curve, summary.result.thresholds
    if len(curve.at_ms) < 2:
        return ""
    below = under_water(curve)
    marks = [Mark(-float(depth), level.lower(), f"{level} from {depth:.0%}") for level, depth in thresholds.items()]
    lowest = min(-float(below.max()), -0.01, *(mark.value for mark in marks))
    axis = value_axis(lowest, 0.0, lambda value: f"{value:.0%}")
    line = Line("below the highest equity", "wet", Curve(curve.at_ms, -below), filled=True)
    drawn = chart("Drawdown", [line], axis, _bands(summary), marks)
    return drawn.replace('class="chart"', 'class="chart low"', 1)


def _bands(summary: Summary) -> list[Band]:
    changes = summary.result.levels
    ends = [*(change.at_ms for change in changes[1:]), summary.result.settings.to_ms]
    return [
        Band(change.at_ms, end_ms, change.after.lower(), change.after)
        for change, end_ms in zip(changes, ends, strict=False)
        if change.after != _NORMAL
    ]


def _distribution(summary: Summary) -> str:
    bars = histogram([float(trade.net_return) for trade in summary.result.trades])
    if not bars:
        return ""
    most = max(bar.count for bar in bars)
    drawn = "".join(_bar(bar, most) for bar in bars)
    ends = f"<span>{percent(bars[0].start)}</span><span>{percent(bars[-1].end)}</span>"
    return (
        '<section><h2>Results of trades</h2><p class="about">How many trades returned how much, after costs; the '
        f'first and the last bar hold all that is beyond.</p><div class="bars">{drawn}</div>'
        f'<div class="under">{ends}</div></section>'
    )


def _bar(bar: Bar, most: int) -> str:
    told = f"{percent(bar.start)} to {percent(bar.end)}: {counted(bar.count, 'trade')}"
    style = ' class="lost"' if bar.end <= 0 else ""
    return f'<i{style} style="height:{bar.count / most:.1%}" title="{told}"></i>'


def section(sheet: Sheet) -> str:
    """Return one table of a report as part of a page."""
    about = f'<p class="about">{escape(sheet.about)}</p>' if sheet.about else ""
    if not sheet.rows:
        return f'<section><h2>{escape(sheet.title)}</h2><p class="soft">{escape(sheet.empty)}</p></section>'
    columns = "".join(f"<th{_text(index, sheet)}>{escape(name)}</th>" for index, name in enumerate(sheet.columns))
    rows = "".join(
        f"<tr>{''.join(_cell(index, text, sheet) for index, text in enumerate(row))}</tr>" for row in sheet.rows
    )
    size = ' class="small"' if len(sheet.columns) <= _FEW else ""
    return (
        f"<section><h2>{escape(sheet.title)}</h2>{about}"
        f'<div class="wide"><table{size}><thead><tr>{columns}</tr></thead><tbody>{rows}</tbody></table></div></section>'
    )


def _text(index: int, sheet: Sheet) -> str:
    return ' class="text"' if index < sheet.text else ""


def _cell(index: int, text: str, sheet: Sheet) -> str:
    if index < sheet.text:
        return f'<td class="text{" long" if len(text) > _LONG else ""}">{escape(text)}</td>'
    style = _sign(text) if index in sheet.signed else ""
    return f'<td class="{style}">{escape(text)}</td>' if style else f"<td>{escape(text)}</td>"


def _months(summary: Summary) -> str:
    names = "".join(f"<th>{name}</th>" for name in ("", *MONTHS, "year", "held"))
    rows = "".join(
        f"<tr><th>{year}</th>{''.join(_heat(index, change) for index, change in enumerate(changes))}</tr>"
        for year, changes in month_rows(summary)
    )
    return (
        '<section><h2>Months, in per cent</h2><div class="wide"><table class="heat">'
        f"<thead><tr>{names}</tr></thead><tbody>{rows}</tbody></table></div></section>"
    )


def _heat(index: int, change: float | None) -> str:
    if change is None:
        return "<td></td>"
    steps = strength(change)
    kind = {12: " year", 13: " held"}.get(index, "")
    direction = "up" if steps > 0 else "down" if steps < 0 else ""
    shade = abs(steps) / 5 * _FULL_SHADE
    return f'<td class="{direction}{kind}" style="--shade:{shade:.2f}">{change * 100:.1f}</td>'

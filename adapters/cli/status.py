"""`eternal status`: how the engine stands, from what it writes into the store every two seconds."""

from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapters.cli.failure import ExitCode, Failure
from adapters.cli.store import FOLDER, StoreFolder, opened

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

    from adapters.postgres.connection import Connection

EVERY_S = 2.0
MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400
DECISIONS, ALERTS = 6, 6
Plain = dict[str, Any]


def status(
    watch: Annotated[bool, typer.Option("--watch", help="Go on until Ctrl+C, looking every two seconds.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print it for a machine; with --watch one a line.")] = False,
    folder: StoreFolder = FOLDER,
) -> None:
    """Show how the engine stands: books, positions with their stops, loans, orders, breaker, and what entries wait for.

    Ends with code 1 where no engine is running, or one that has said nothing for 10 s.
    """
    with opened(folder) as connection:
        if watch:
            _watch(connection, as_json=as_json)
            return
        found = look(connection)
    _print(found, as_json=as_json)
    if not found["running"] or found["stale"]:
        raise Failure(_trouble(found), ExitCode.FINDINGS)


def look(connection: "Connection") -> Plain:
    """Give everything that the store tells of the engine; `sheet` is None where none has ever run."""
    from adapters.postgres.lease import holder_of
    from adapters.postgres.live_status import last_alerts, last_decisions, live_status

    holder, said = holder_of(connection), live_status(connection)
    return {
        "running": holder is not None and holder.alive,
        "holder": None if holder is None else asdict(holder),
        "mode": None if said is None else said.mode,
        "age_s": None if said is None else said.age_s,
        "stale": said is None or said.stale,
        "sheet": None if said is None else said.sheet,
        "decisions": last_decisions(connection, DECISIONS),
        "alerts": last_alerts(connection, ALERTS),
    }


def _watch(connection: "Connection", *, as_json: bool) -> None:
    """Look again and again until the person has seen enough."""
    import json

    from rich.live import Live

    from adapters.cli.screen import screen

    pause = Event()
    try:
        if as_json:
            while True:
                typer.echo(json.dumps(look(connection), sort_keys=True))
                pause.wait(EVERY_S)
        with Live(page(look(connection)), console=screen(), screen=True, auto_refresh=False) as live:
            while not pause.wait(EVERY_S):
                live.update(page(look(connection)), refresh=True)
    except KeyboardInterrupt:
        return


def _print(found: Plain, *, as_json: bool) -> None:
    from adapters.cli.screen import say_json, screen

    if as_json:
        say_json(found)
    else:
        screen().print(page(found))


def _trouble(found: Plain) -> str:
    if not found["running"]:
        return "No engine is running on this store. Start it with `eternal run`."
    return "The engine has the store but says nothing. Look at its log; it may be starting, or hang."


# ── the page ───────────────────────────────────────────────────────────────────────────────────────────────────────


def page(found: Plain, *, brief: bool = False) -> "RenderableType":
    """Lay everything out for a person; `brief` gives each book and symbol one line, so that a screen holds it all."""
    from rich.console import Group
    from rich.text import Text

    sheet = found["sheet"]
    if sheet is None:
        return Text("No engine has ever run on this store.")
    parts: list[RenderableType] = [_head(found, sheet), _engines(sheet, brief=brief)]
    parts += [part for part in (_positions(sheet), _loans(sheet), _orders(sheet)) if part]
    parts += [part for part in (_decisions(found), _alerts(found)) if part]
    return Group(*parts)


def _head(found: Plain, sheet: Plain) -> "Text":
    from rich.text import Text

    from adapters.report.words import minute, money, percent

    life, purse = sheet["life"], sheet["money"]
    well = found["running"] and not found["stale"]
    text = Text()
    text.append(life["state"] if well else "NOT RUNNING", style="bold green" if well else "bold red")
    text.append(f"  mode {found['mode']}, rules {sheet['rules']}, entry {sheet['entry']}, {minute(sheet['at_ms'])} UTC")
    text.append(f", said {found['age_s']:.0f} s ago\n", style="" if well else "red")
    for sentence in _remarks(life, sheet["engines"]):
        text.append(f"{sentence}\n", style="yellow")
    equity = None if purse["equity"] is None else Decimal(purse["equity"])
    drawdown = "unknown" if purse["drawdown"] is None else percent(Decimal(purse["drawdown"]))
    text.append(f"{money(equity)} {purse['coin']}, drawdown {drawdown}, breaker ")
    text.append(purse["breaker"], style="green" if purse["entries_allowed"] else "red")
    text.append("" if purse["entries_allowed"] else " (no entries)")
    feeds = ", ".join(f"{feed['symbol']} {_span(feed['age_ms'])}" for feed in sheet["feeds"])
    text.append(f"\nprices heard: {feeds or 'none yet'}")
    return text


def _remarks(life: Plain, engines: Sequence[Plain]) -> list[str]:
    remarks = {
        "Not every account is reconciled yet: nothing is decided.": not life["reconciled"],
        "A person has paused it.": life["paused"],
        "The exchange can't be reached.": life["exchange_away"],
        "Trading is halted and being closed.": life["halted"] and not life["halt_complete"],
        "Trading is halted; everything is closed. Acknowledge with `eternal ack`.": life["halt_complete"],
        f"Paused by name: {', '.join(life['paused_books'])}.": bool(life["paused_books"]),
    }
    older = [
        f"{' '.join((one['book'], one['symbol'])).rstrip()} keeps the version {one['version']} until it holds nothing; "
        f"then it goes by {one['waits_for']}."
        for one in engines
        if one.get("waits_for")
    ]
    fenced = [f"{name} is fenced off: {reason}" for name, reason in life.get("fenced", {}).items()]
    return [*(sentence for sentence, holds in remarks.items() if holds), *older, *fenced]


def _span(age_ms: int) -> str:
    return f"{_long(age_ms)} ago"


def _long(span_ms: int) -> str:
    """Write a span in its two largest units: "25 d 16 h", "4 h 0 min", "12 s"."""
    seconds = span_ms // 1000
    if seconds >= DAY_S:
        return f"{seconds // DAY_S} d {seconds % DAY_S // HOUR_S} h"
    if seconds >= HOUR_S:
        return f"{seconds // HOUR_S} h {seconds % HOUR_S // MINUTE_S} min"
    return f"{seconds // MINUTE_S} min {seconds % MINUTE_S} s" if seconds >= MINUTE_S else f"{seconds} s"


def _engines(sheet: Plain, *, brief: bool) -> "Table":
    """One line for each book and symbol, with what its next entry waits for."""
    missing = {(one["book"], one["symbol"]): one for one in sheet["why_not"]}
    rows = []
    for one in sheet["engines"]:
        waits = [missing[key] for key in missing if key[0] == one["book"] and one["symbol"] in {"", key[1]}]
        told = [" ".join(filter(None, (_of(one, wait), wait["rule"], wait["text"]))) for wait in waits]
        said = "".join(told[:1]) if brief else "\n".join(told)
        state = " ".join((one["state"], *one["holds"]))
        rows.append((one["book"], one["symbol"] or "all", state, _since(sheet, one["since_ms"]), said))
    table = _table("engines", ("book", "symbol", "state", "for", "next entry waits for"), rows)
    if brief:
        for column in table.columns:
            column.no_wrap, column.overflow = True, "ellipsis"
        table.expand, table.columns[-1].ratio = True, 1
    return table


def _of(engine: Plain, wait: Plain) -> str:
    return "" if engine["symbol"] else f"{wait['symbol']}:"


def _since(sheet: Plain, since_ms: int) -> str:
    return _long(sheet["at_ms"] - since_ms) if since_ms else ""


def _positions(sheet: Plain) -> "Table | None":
    from adapters.report.words import price

    rows = []
    for one in sheet["positions"]:
        average, mark, stop = (_decimal(one[name]) for name in ("average_price", "price", "stop"))
        unrealised = _decimal(one["unrealised"])
        protected = price(stop) if stop is not None else "NONE" if one["market"] == "linear" else "holding"
        where = (one["account"], one["market"], one["symbol"], one["quantity"])
        rows.append((*where, price(average), price(mark), _earned(unrealised), protected))
    names = ("account", "market", "symbol", "quantity", "bought at", "price", "profit", "stop")
    return _table("positions", names, rows) if rows else None


def _loans(sheet: Plain) -> "Table | None":
    from runtime.decimals import readable

    rows = []
    for one in sheet.get("loans", ()):
        moving = "an order is on its way" if one["moving"] else ""
        rows.append((one["account"], one["coin"], readable(Decimal(one["amount"])), moving))
    return _table("loans at Earn", ("account", "coin", "amount", ""), rows) if rows else None


def _earned(amount: Decimal | None) -> "Text":
    from rich.text import Text

    from adapters.report.words import money

    if amount is None:
        return Text("unknown")
    return Text(money(amount, signed=True), style="green" if amount > 0 else "red" if amount < 0 else "")


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _orders(sheet: Plain) -> "Table | None":
    rows = [(one["book"], one["rule"], one["asked"], one["state"], one["filled"]) for one in sheet["orders"]]
    return _table("open orders", ("book", "rule", "asked", "state", "filled"), rows) if rows else None


def _decisions(found: Plain) -> "Table | None":
    from adapters.report.words import minute

    rows = []
    for one in found["decisions"]:
        moved = f"{one['before']} → {one['after']}" if one["before"] != one["after"] else one["after"]
        rows.append((minute(one["at_ms"]), one["book"], one["symbol"], one["rule"], moved))
    return _table("last decisions", ("at, UTC", "book", "symbol", "rule", "state"), rows) if rows else None


def _alerts(found: Plain) -> "Table | None":
    from adapters.report.words import minute

    rows = [(minute(one["at_ms"]), one["severity"], one["book"], one["text"]) for one in found["alerts"]]
    return _table("last alerts", ("at, UTC", "", "book", "what was said"), rows) if rows else None


def _table(title: str, names: Sequence[str], rows: "Sequence[Sequence[str | Text]]") -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(
        title=f"\n{title}",
        title_justify="left",
        title_style="bold cyan",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for name in names:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table

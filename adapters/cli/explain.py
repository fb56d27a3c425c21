"""`eternal explain`: why there was an order, or what a decision saw."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.cli.places import RUNS
from adapters.cli.store import FOLDER, StoreFolder

if TYPE_CHECKING:
    from adapters.cli.saved import SavedRun


LIVE = "live"


def explain(
    run: Annotated[str, typer.Argument(help="A run: its id, its path, or `last`; `live`: the engine.")],
    order: Annotated[
        str | None,
        typer.Argument(
            help="An order's id or the start of it, or a decision's number; of the engine also `last`. Without it, "
            "list the orders."
        ),
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print it for a machine.")] = False,
    last: Annotated[int, typer.Option(min=1, help="How many of the latest orders to list.")] = 40,
    runs: Annotated[Path, typer.Option(help="The folder of runs.")] = RUNS,
    folder: StoreFolder = FOLDER,
) -> None:
    """Explain an order: its rule, file and line, every condition with the values it saw, and the limits."""
    from adapters.cli.saved import find

    if run == LIVE:
        saved, order = _live(order, last, folder)
    else:
        saved = find(run, runs)
    if order is None:
        _list(saved, last, as_json=as_json)
    else:
        _tell(saved, order, as_json=as_json)


def _live(order: str | None, last: int, folder: Path) -> "tuple[SavedRun, str | None]":
    """Give what the store knows, in the form of a run, and the whole name of what is asked for."""
    from adapters.cli.live_run import about, recent
    from adapters.cli.store import opened

    with opened(folder) as connection:
        return (recent(connection, last), None) if order is None else about(connection, order)


def _tell(saved: "SavedRun", order: str, *, as_json: bool) -> None:
    from adapters.cli.screen import say_json, screen
    from adapters.cli.story import story_of
    from adapters.cli.telling import tree_of

    story = story_of(saved, order)
    if as_json:
        say_json(story.to_plain())
    else:
        screen().print(tree_of(story))


def _list(saved: "SavedRun", last: int, *, as_json: bool) -> None:
    from rich import box
    from rich.table import Table

    from adapters.cli.screen import say, say_json, screen
    from adapters.report.words import minute

    orders = saved.document["orders"]
    if as_json:
        say_json({"run": saved.id, "orders": orders})
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name, cut in (("order", "ignore"), ("at, UTC", "fold"), ("book", "fold"), ("rule", "fold"), ("asked", "fold")):
        table.add_column(name, no_wrap=cut == "ignore", min_width=36 if cut == "ignore" else None)
    table.add_column("ended")
    for order in orders[-last:]:
        book, rule, asked, ended = (order[name] for name in ("book", "rule", "asked", "ended"))
        table.add_row(order["order_id"], minute(order["at_ms"]), book, rule, asked, ended)
    screen().print(table)
    shown = min(last, len(orders))
    say(f"{shown} of {len(orders)} orders of run {saved.id}. Explain one: eternal explain {saved.id} ORDER")

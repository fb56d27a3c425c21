"""`eternal rules`: what the rule files say."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.text import Text

    from rules.language.book import Book, Setting
    from rules.language.rulebook import Rulebook

COMMENT_COLUMN = 48

rules = typer.Typer(help="Show what the rule files say.", no_args_is_help=True)
RulesFolder = Annotated[
    Path | None, typer.Option("--rules", help="A folder of rules; else that of this folder, else the shipped one.")
]
Environment = Annotated[
    str, typer.Option(metavar="NAME", help="Use the values of this environment, such as live; else those of the books.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print it for a machine.")]


@rules.command("list")
def list_books(folder: RulesFolder = None, as_json: AsJson = False) -> None:
    """List the books: what each trades, on which account, with which share."""
    from rich import box
    from rich.table import Table

    from adapters.cli.places import rules_folder
    from adapters.cli.rulebook import in_force
    from adapters.cli.screen import say, say_json, screen

    rulebook = in_force(rules_folder(folder))
    if as_json:
        say_json({"version": rulebook.version, "books": [_plain(book, rulebook) for book in rulebook.books.values()]})
        return
    table = Table("book", "machine", "market", "symbols", "candles", "account", "share", "about", box=box.SIMPLE_HEAD)
    for book in rulebook.books.values():
        symbols, share = ", ".join(book.symbols), rulebook.shares.get(book.name)
        percent = "–" if share is None else f"{float(share) * 100:g}%"
        table.add_row(book.name, book.machine, book.market, symbols, book.timeframe, book.account, percent, book.about)
    screen().print(table)
    say(f"{len(rulebook.books)} books, {len(rulebook.checks)} pre-trade checks, version {rulebook.version}")


def _plain(book: "Book", rulebook: "Rulebook") -> dict[str, Any]:
    share = rulebook.shares.get(book.name)
    return {
        "book": book.name,
        "about": book.about,
        "machine": book.machine,
        "market": book.market,
        "symbols": list(book.symbols),
        "timeframe": book.timeframe,
        "account": book.account,
        "share": None if share is None else f"{float(share):.4g}",
        "mode": book.mode.value,
        "file": book.file,
        "version": book.version,
    }


@rules.command("show")
def show_book(
    book: Annotated[str, typer.Argument(help="The name of a book.")],
    folder: RulesFolder = None,
    environment: Environment = "",
    as_json: AsJson = False,
) -> None:
    """Show a whole book as it is in force, with the file and line that set each value."""
    from adapters.cli.places import rules_folder
    from adapters.cli.rulebook import book_named, in_force
    from adapters.cli.screen import say, say_json, screen
    from rules.language.book import in_force as settings_of

    found = book_named(in_force(rules_folder(folder), environment), book)
    settings = settings_of(found)
    if as_json:
        values = [
            {"path": one.path, "value": one.value, "file": one.origin.file, "line": one.origin.line} for one in settings
        ]
        say_json({"book": found.name, "version": found.version, "environment": environment, "settings": values})
        return
    for line in lines(settings):
        screen().print(line, soft_wrap=True)
    say(f"\nversion {found.version}")


def lines(settings: Sequence["Setting"]) -> Iterator["Text"]:
    """Write settings in the form of the file, each with its origin as a comment."""
    from rich.text import Text

    above: tuple[str, ...] = ()
    for setting in settings:
        *sections, key = setting.path.split(".")
        for depth, section in enumerate(sections):
            if tuple(sections[: depth + 1]) != above[: depth + 1]:
                yield Text(f"{'  ' * depth}{section}:", style="bold")
        above = tuple(sections)
        text = Text(f"{'  ' * len(sections)}{key}: ", style="bold")
        text.append(setting.value, style="not bold")
        text.append(" " * max(2, COMMENT_COLUMN - len(text)))
        yield text.append(f"# {setting.origin.file}:{setting.origin.line}", style="not bold dim")

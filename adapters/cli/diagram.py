"""`eternal diagram`: a machine with the rules on its arrows."""

from pathlib import Path
from typing import Annotated

import typer

from adapters.cli.rules import RulesFolder


def diagram(
    machine: Annotated[str, typer.Argument(help="A machine, such as core or trend.")],
    book: Annotated[
        str | None,
        typer.Option(help="Write the rules of this book on the arrows; else those of the machine's first book."),
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Write the diagram to this file.")] = None,
    folder: RulesFolder = None,
) -> None:
    """Draw a machine as a Mermaid state diagram, with the rules that move it on its arrows."""
    from adapters.cli.failure import ExitCode, Failure, near
    from adapters.cli.screen import say
    from machines.breaker import BREAKER
    from machines.catalogue import MACHINES
    from machines.diagram import mermaid
    from machines.lifecycle import LIFECYCLE
    from machines.order import ORDER

    tables = {**MACHINES, **{table.name: table for table in (BREAKER, LIFECYCLE, ORDER)}}
    if machine not in tables:
        raise Failure(f'Expected the name of a machine, found "{machine}". {near(machine, tables)}', ExitCode.USAGE)
    drawn = mermaid(tables[machine], _moves(book, machine, folder) if machine in MACHINES else ())
    if output is None:
        say(drawn.rstrip("\n"))
    else:
        output.write_text(drawn, encoding="utf-8")
        say(f"The machine {machine} is drawn in {output}.")


def _moves(name: str | None, machine: str, folder: Path | None) -> list[tuple[str, tuple[str, ...], str]]:
    from adapters.cli.failure import ExitCode, Failure
    from adapters.cli.places import rules_folder
    from adapters.cli.rulebook import book_named, in_force

    rulebook = in_force(rules_folder(folder))
    if name is None:
        name = next(
            (book.name for book in rulebook.books.values() if book.machine == machine and not book.extends), None
        )
        if name is None:
            return []
    book = book_named(rulebook, name)
    if book.machine != machine:
        raise Failure(
            f"Expected a book of the machine {machine}, found {name}, whose machine is {book.machine}. "
            f"Write `eternal diagram {book.machine} --book {name}`.",
            ExitCode.USAGE,
        )
    return [(rule.id, rule.states, rule.trigger) for rule in book.rules]

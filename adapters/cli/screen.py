"""The terminal: colours and frames where somebody looks, plain text where a program reads."""

import json
from typing import Any

import typer
from rich.console import Console

# What a pipe or a file gets; narrower columns would break paths and sentences.
PLAIN_WIDTH = 160


def screen(*, errors: bool = False) -> Console:
    """Return standard output, or standard error; without a terminal it writes plain text."""
    console = Console(stderr=errors, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = PLAIN_WIDTH
    return console


def say(text: str = "") -> None:
    """Print a line as it is, however long."""
    screen().print(text, soft_wrap=True)


def complain(sentence: str) -> None:
    """Print a sentence on standard error."""
    console = screen(errors=True)
    console.print(sentence, style="red" if console.is_terminal else None, soft_wrap=True)


def say_json(document: Any) -> None:
    """Print a document for a machine: nothing else may be on standard output then."""
    typer.echo(json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False))

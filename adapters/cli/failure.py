"""How a command ends: its exit code, and a sentence instead of a traceback when what it was given can't be used."""

import errno
from collections.abc import Iterable
from difflib import get_close_matches
from enum import IntEnum
from typing import Any

import typer
from typer.core import TyperGroup

from adapters.cli.screen import complain


class ExitCode(IntEnum):
    """What a calling program learns."""

    FINE = 0
    FINDINGS = 1
    USAGE = 2
    UNUSABLE = 3


class Failure(Exception):  # noqa: N818 - it is how a command ends, not a fault of the program
    """A command can't do what was asked; the sentence says what was expected, what was found, where, and what to do."""

    def __init__(self, sentence: str, code: ExitCode = ExitCode.UNUSABLE) -> None:
        super().__init__(sentence)
        self.code = code


class Commands(TyperGroup):
    """Commands that end in a sentence and a code where they can't go on."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; what its input is to blame for is said on standard error."""
        try:
            return super().invoke(ctx)
        except Failure as failure:
            end(str(failure), failure.code)
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise
            end(_about_file(error), ExitCode.UNUSABLE)
        except Exception as error:
            code = _code_of(error)
            if code is None:
                raise
            end(str(error), code)
        return None


def end(sentence: str, code: ExitCode) -> None:
    """Say why on standard error and stop with the code."""
    complain(sentence)
    raise typer.Exit(code)


def near(word: str, known: Iterable[str]) -> str:
    """Suggest the nearest of what exists, or list it where nothing is near."""
    names = sorted(set(known))
    matches = get_close_matches(word, names, n=3, cutoff=0.6)
    if matches:
        return f"Did you mean {' or '.join(matches)}?"
    return f"There is {', '.join(names)}." if names else "There is none."


def _code_of(error: Exception) -> ExitCode | None:
    """The code for an error of what the command was given; None for a defect, which shows itself whole."""
    from runtime.capital import CapitalError
    from runtime.market_data import MarketDataError

    if isinstance(error, CapitalError):
        return ExitCode.USAGE
    return ExitCode.UNUSABLE if isinstance(error, MarketDataError) else None


def _about_file(error: OSError) -> str:
    where = f" {error.filename}" if error.filename else ""
    return f"The file or folder{where} can't be used: {error.strerror or error}. Check the path and its permissions."

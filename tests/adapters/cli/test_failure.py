import errno

import pytest
import typer
from typer.testing import CliRunner

from adapters.cli.failure import Commands, ExitCode, Failure, near
from runtime.capital import CapitalError
from runtime.market_data import MarketDataError


def fail_with(error: Exception) -> typer.Typer:
    app = typer.Typer(cls=Commands)

    @app.command()
    def one() -> None:
        raise error

    @app.command()
    def other() -> None: ...

    return app


@pytest.mark.spec("CLI-01")
@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Failure("Expected a run, found none."), ExitCode.UNUSABLE),
        (Failure("Expected a book, found none.", ExitCode.USAGE), ExitCode.USAGE),
        (CapitalError("The shares add up to 120%."), ExitCode.USAGE),
        (MarketDataError("Expected candles, found none."), ExitCode.UNUSABLE),
    ],
)
def test_what_a_command_was_given_ends_in_its_sentence_and_a_code(error: Exception, code: ExitCode) -> None:
    ended = CliRunner().invoke(fail_with(error), ["one"])
    assert (ended.exit_code, ended.stderr, ended.stdout) == (code, f"{error}\n", "")


def test_a_file_that_cannot_be_written_is_named(tmp_path: object) -> None:
    error = PermissionError(errno.EACCES, "Permission denied", f"{tmp_path}/report.html")
    ended = CliRunner().invoke(fail_with(error), ["one"])
    assert ended.exit_code == ExitCode.UNUSABLE
    assert f"{tmp_path}/report.html can't be used: Permission denied" in ended.stderr


def test_a_defect_is_not_hidden_behind_a_sentence() -> None:
    ended = CliRunner().invoke(fail_with(ZeroDivisionError("defect")), ["one"])
    assert isinstance(ended.exception, ZeroDivisionError)


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("trend-3", ["trend-1", "core"], "Did you mean trend-1?"),
        ("zzz", ["b", "a"], "There is a, b."),
        ("zzz", [], "There is none."),
    ],
)
def test_what_is_near_is_suggested_and_else_everything_is_listed(word: str, known: list[str], hint: str) -> None:
    assert near(word, known) == hint

from collections.abc import Callable

import pytest
from typer.testing import Result

Eternal = Callable[..., Result]
COMMANDS = ("check", "rules", "diagram", "backtest", "explain", "why-not", "demo")


@pytest.mark.spec("CLI-01")
def test_help_names_every_command_and_what_exit_codes_mean(eternal: Eternal) -> None:
    ended = eternal("--help")
    assert ended.exit_code == 0
    assert all(f" {command} " in ended.output for command in COMMANDS)
    assert "Exit codes" in ended.output


@pytest.mark.spec("CLI-01")
@pytest.mark.parametrize("command", [*COMMANDS, "rules show", "rules list"])
def test_every_command_explains_itself(eternal: Eternal, command: str) -> None:
    ended = eternal(*command.split(), "-h")
    assert ended.exit_code == 0
    assert f"eternal {command}" in ended.output


def test_the_version_is_told(eternal: Eternal) -> None:
    ended = eternal("--version")
    assert (ended.exit_code, ended.output.split()[0]) == (0, "eternal")


@pytest.mark.spec("CLI-01")
def test_a_misspelt_command_is_a_mistake_of_usage_and_the_near_one_is_named(eternal: Eternal) -> None:
    ended = eternal("chek")
    assert ended.exit_code == 2
    assert "Did you mean 'check'?" in ended.stderr


def test_without_a_command_the_help_is_shown(eternal: Eternal) -> None:
    assert "Commands" in eternal().output

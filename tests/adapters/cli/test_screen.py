from collections.abc import Callable

import pytest
from typer.testing import Result

from adapters.cli import screen

Eternal = Callable[..., Result]


@pytest.mark.spec("CLI-01")
def test_without_a_terminal_there_are_no_colours(eternal: Eternal, rules: object, spoil: Callable[..., object]) -> None:
    spoil("engines/trend-1.yaml", "adx(14)", "adxx(14)")
    assert "\x1b" not in eternal("check", rules).output


@pytest.mark.spec("CLI-01")
def test_no_colour_is_respected_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    assert screen.screen().no_color


def test_words_in_square_brackets_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    screen.say("symbols: [red] [BTCUSDT] :smile:")
    assert capsys.readouterr().out == "symbols: [red] [BTCUSDT] :smile:\n"


def test_a_complaint_goes_to_standard_error_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    screen.complain("word " * 60)
    assert capsys.readouterr() == ("", "word " * 60 + "\n")

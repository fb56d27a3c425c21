from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

Eternal = Callable[..., Result]


@pytest.mark.spec("RULE-12")
def test_the_rules_of_a_book_stand_on_the_arrows(eternal: Eternal, rules: Path) -> None:
    ended = eternal("diagram", "trend", "--book", "trend-1", "--rules", rules)
    assert ended.exit_code == 0
    assert ended.stdout.startswith("stateDiagram-v2\n")
    assert "SCANNING --> SIGNAL_DETECTED: signal by entries.long, entries.short" in ended.stdout


def test_a_machine_can_be_drawn_into_a_file(eternal: Eternal, tmp_path: Path) -> None:
    assert eternal("diagram", "core", "--output", "core.mmd").exit_code == 0
    assert (tmp_path / "core.mmd").read_text(encoding="utf-8").startswith("stateDiagram-v2\n")


@pytest.mark.spec("CLI-01")
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["diagram", "tren"], "Did you mean trend"),
        (["diagram", "trend", "--book", "core-hodl"], "eternal diagram core --book core-hodl"),
        (["diagram", "trend", "--book", "trend-9"], "Did you mean trend-"),
    ],
)
def test_what_does_not_fit_is_refused(eternal: Eternal, words: list[str], sentence: str) -> None:
    ended = eternal(*words)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert sentence in ended.stderr


def test_a_file_that_cannot_be_written_is_said(eternal: Eternal) -> None:
    ended = eternal("diagram", "trend", "--output", "no/such/folder/x.mmd")
    assert ended.exit_code == 3
    assert "no/such/folder/x.mmd can't be used" in ended.stderr

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from adapters.cli import demo

Eternal = Callable[..., Result]


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same demonstration over a shorter time."""
    monkeypatch.setattr(demo, "YEARS", 2)
    monkeypatch.setattr(demo, "FROM", "2021-01-01")
    monkeypatch.setattr(demo, "TO", "2021-06-01")


@pytest.mark.spec("CLI-02", "RULE-03", "RULE-10")
def test_the_demonstration_says_that_all_is_made_up_explains_an_order_and_refuses_a_mistake(
    eternal: Eternal, tmp_path: Path, line_of: Callable[[str, str], int]
) -> None:
    ended = eternal("demo", "--keep", tmp_path / "kept")
    assert ended.exit_code == 0, ended.output
    assert "SYNTHETIC back-test of core-hodl, trend-1, trend-2, tactical, funding" in ended.stdout
    assert "SYNTHETIC back-test of core-hodl-ten, trend-1, trend-2" in ended.stdout
    assert ended.stdout.count("The market is synthetic") == 2
    assert "what it saw" in ended.stdout
    line = line_of("engines/trend-1.yaml", "- strength > strong")
    assert f"kept/rules/engines/trend-1.yaml:{line}:9: error" in ended.stdout
    assert "^^^^" in ended.stdout
    assert len(list((tmp_path / "kept/runs").iterdir())) == 2
    assert (tmp_path / "kept/market/SYNTHETIC.txt").is_file()


def test_every_command_that_it_shows_can_be_given(eternal: Eternal, tmp_path: Path) -> None:
    shown = [
        line.split()[2:] for line in eternal("demo", "--keep", tmp_path / "kept").stdout.splitlines() if line[:1] == "$"
    ]
    explain, check = (next(words for words in shown if words[0] == name) for name in ("explain", "check"))
    assert eternal(*explain).exit_code == 0
    assert eternal(*check).exit_code == 1


def test_other_market_data_are_never_written_over(eternal: Eternal, tmp_path: Path) -> None:
    (tmp_path / "kept/market/candles").mkdir(parents=True)
    ended = eternal("demo", "--keep", tmp_path / "kept")
    assert ended.exit_code == 3
    assert "Choose another folder" in ended.stderr

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from typer.testing import Result

Eternal = Callable[..., Result]
SPAN = ("--from", "2021-02-01", "--to", "2021-03-01")


@pytest.mark.spec("BT-02", "BT-05", "CLI-01")
def test_a_run_is_reported_written_and_kept(eternal: Eternal, market: Path, tmp_path: Path) -> None:
    ended = eternal("backtest", "--data", market, *SPAN, "--json", "run.json", "--html", "run.html")
    assert ended.exit_code == 0, ended.output
    assert "The market is synthetic" in ended.stdout
    assert "core-hodl 60 %, trend-1 15 %, trend-2 5 %" in ended.stdout
    (kept,) = (tmp_path / "runs").iterdir()
    assert f"Run {kept.name} is kept in runs/{kept.name}" in ended.stdout
    written = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    assert json.loads((kept / "run.json").read_text(encoding="utf-8")).items() >= written.items()
    assert "<html" in (tmp_path / "run.html").read_text(encoding="utf-8")


@pytest.mark.spec("BT-01")
def test_the_same_command_gives_the_same_run(eternal: Eternal, market: Path, tmp_path: Path) -> None:
    command = ("backtest", "--data", market, *SPAN, "--book", "trend-2", "--json")
    assert eternal(*command, "one.json").exit_code == eternal(*command, "other.json").exit_code == 0
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "other.json").read_bytes()
    assert len(list((tmp_path / "runs").iterdir())) == 1


@pytest.mark.spec("BT-01")
def test_stepping_and_leaping_give_the_same_run_and_say_which_it_was(
    eternal: Eternal, market: Path, tmp_path: Path
) -> None:
    command = ("backtest", "--data", market, *SPAN, "--book", "trend-2", "--json")
    leapt, stepped = eternal(*command, "one.json"), eternal(*command, "other.json", "--step")
    assert "were leapt over" in leapt.stdout
    assert "Every moment was stepped through." in stepped.stdout
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "other.json").read_bytes()


def settings_of(folder: Path) -> dict[str, object]:
    (document,) = folder.glob("runs/*/run.json")
    settings: dict[str, object] = json.loads(document.read_text(encoding="utf-8"))["settings"]
    return settings


def test_every_term_can_be_chosen(eternal: Eternal, market: Path, tmp_path: Path, rules: Path) -> None:
    terms = ("--capital", "50000", "--costs", "2", "--slippage", "10bps", "--acknowledge-after", "never")
    books = ("--book", "core-hodl", "--share", "core-hodl=90%", "--rules", rules)
    ended = eternal("backtest", "--data", market, *SPAN, *terms, *books)
    assert ended.exit_code == 0, ended.output
    settings = settings_of(tmp_path)
    assert settings["books"] == ["core-hodl"]
    assert settings["shares"] == {"core-hodl": "0.9"}
    assert (settings["capital"], settings["costs"], settings["slippage"]) == ("50000", "2", "0.001")
    assert settings["acknowledge_after_ms"] is None


@pytest.mark.parametrize(("words", "stand_ins"), [([], True), (["--no-stand-ins"], False)])
def test_other_venues_stand_in_unless_told_otherwise(
    eternal: Eternal, market: Path, tmp_path: Path, words: list[str], stand_ins: bool
) -> None:
    assert eternal("backtest", "--data", market, *SPAN, "--book", "trend-1", *words).exit_code == 0
    (document,) = tmp_path.glob("runs/*/run.json")
    assert json.loads(document.read_text(encoding="utf-8"))["plan"]["stand_ins"] is stand_ins


def test_one_file_of_candles_is_enough_and_says_the_span(eternal: Eternal, market: Path, tmp_path: Path) -> None:
    hourly = pl.read_parquet(market / "candles/linear/1h/BTCUSDT.parquet")
    hourly.head(24 * 300).write_csv(tmp_path / "btc.csv")
    what = ("--symbol", "BTCUSDT", "--market", "linear", "--timeframe", "1h")
    ended = eternal("backtest", "--candles", "btc.csv", *what, "--book", "trend-1")
    assert ended.exit_code == 0, ended.output
    assert "2020-01-01 to 2020-10-27" in ended.stdout
    assert "btc.csv from 2020-01-01" in ended.stdout


def test_candles_too_long_to_decide_on_are_refused(eternal: Eternal, market: Path) -> None:
    daily = market / "candles/linear/1d/BTCUSDT.parquet"
    what = ("--symbol", "BTCUSDT", "--market", "linear", "--timeframe", "1w")
    ended = eternal("backtest", "--candles", daily, *what, "--book", "trend-1")
    assert ended.exit_code == 3
    assert "Expected candles" in ended.stderr


@pytest.mark.spec("CLI-01")
@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        ([], 2, "either --data"),
        (["--data", "DATA", "--candles", "x.csv"], 2, "either --data"),
        (["--data", "DATA", "--symbol", "BTCUSDT"], 2, "leave them out"),
        (["--candles", "x.csv"], 2, "--symbol"),
        (["--data", "DATA", "--from", "2021-02-30"], 2, "2021-02-30"),
        (["--data", "DATA", "--from", "2021-03-01", "--to", "2021-02-01"], 2, "ends after it starts"),
        (["--data", "DATA", "--from", "2031-03-01", "--to", "2031-04-01"], 3, "Choose a span"),
        (["--data", "DATA", "--book", "trend-3"], 2, "Did you mean trend-"),
        (["--data", "DATA", "--book", "trend-1", "--book", "trend-1"], 2, "each book once"),
        (["--data", "DATA", "--book", "core-hodl", "--book", "core-hodl-phase-1"], 2, "both use the sub-account"),
        (["--data", "DATA", "--book", "core-hodl-ten"], 3, "SOLUSDT"),
        (["--data", "DATA", "--capital", "-5"], 2, "above zero"),
        (["--data", "DATA", "--capital", "lots"], 2, "above zero"),
        (["--data", "DATA", "--slippage", "0.05"], 2, "Write 5%"),
        (["--data", "DATA", "--slippage", "60%", "--costs", "2"], 2, "less than 1"),
        (["--data", "DATA", "--share", "trend-1"], 2, "core-hodl=60%"),
        (["--data", "DATA", "--share", "trend-9=5%"], 2, "Did you mean trend-"),
        (["--data", "DATA", "--share", "trend-1=90%"], 2, "add up to"),
        (["--data", "DATA", "--acknowledge-after", "7"], 2, "a duration"),
        (["--data", "nowhere"], 3, 'sub-folder "candles"'),
        (["--data", "DATA", "--rules", "nowhere"], 2, "found nothing there"),
        (["--candles", "nowhere.csv", "--symbol", "BTCUSDT", "--market", "linear", "--timeframe", "1d"], 3, "nowhere"),
    ],
)
def test_what_cannot_be_run_ends_in_a_sentence(
    eternal: Eternal, market: Path, words: list[str], code: int, sentence: str
) -> None:
    ended = eternal("backtest", *(str(market) if word == "DATA" else word for word in words))
    said = " ".join(ended.stderr.replace("│", " ").split())
    assert (ended.exit_code, ended.stdout) == (code, ""), ended.output
    assert sentence in said
    assert isinstance(ended.exception, SystemExit)


@pytest.mark.spec("RULE-03")
def test_a_broken_rule_file_is_refused_before_anything_runs(
    eternal: Eternal,
    market: Path,
    rules: Path,
    spoil: Callable[..., Path],
    line_of: Callable[[str, str], int],
    tmp_path: Path,
) -> None:
    spoil("engines/trend-1.yaml", "strong: 25", "strong: 30%")
    ended = eternal("backtest", "--data", market, *SPAN, "--rules", rules)
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert f"trend-1.yaml:{line_of('engines/trend-1.yaml', '- strength > strong')}:9" in ended.stderr
    assert not (tmp_path / "runs").exists()


def test_a_file_that_is_no_market_data_is_named(eternal: Eternal, tmp_path: Path) -> None:
    (tmp_path / "candles/linear/1d").mkdir(parents=True)
    for symbol in ("BTCUSDT", "ETHUSDT"):
        (tmp_path / f"candles/linear/1d/{symbol}.parquet").write_bytes(b"no parquet")
    ended = eternal("backtest", "--data", tmp_path, "--book", "trend-1")
    assert ended.exit_code == 3
    assert "BTCUSDT.parquet" in ended.stderr


@pytest.fixture
def browser(tmp_path: Path) -> dict[str, str]:
    """Something that takes an address as a browser would, and keeps it in a file."""
    script = tmp_path / "browser"
    script.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/shown\n')
    script.chmod(0o755)
    return {**os.environ, "BROWSER": f"{script} %s"}


@pytest.mark.spec("BT-05")
def test_whoever_has_no_data_gets_a_report_in_the_browser(tmp_path: Path, browser: dict[str, str]) -> None:
    words = ("backtest", "--generated", "--from", "2024-01-01", "--to", "2024-02-01", "--open")
    command = [sys.executable, "-c", "from adapters.cli.main import app; app()", *words]
    first, again = (
        subprocess.run(command, cwd=tmp_path, env=browser, capture_output=True, text=True, check=True) for _ in range(2)
    )
    assert "The market is synthetic" in first.stdout
    assert first.stdout == again.stdout
    (page,) = (tmp_path / "runs").glob("*/report.html")
    assert (tmp_path / "shown").read_text(encoding="utf-8").strip() == page.as_uri()
    assert "<html" in page.read_text(encoding="utf-8")


def test_a_made_up_market_takes_nobodys_place(eternal: Eternal, market: Path, tmp_path: Path) -> None:
    (tmp_path / "made-up-market").mkdir()
    (tmp_path / "made-up-market" / "mine.txt").write_text("Something of somebody's own.", encoding="utf-8")
    taken = eternal("backtest", "--generated")
    assert taken.exit_code == 2
    assert "Expected a made-up market in made-up-market, found something else." in taken.output
    both = eternal("backtest", "--generated", "--data", market)
    assert both.exit_code == 2
    assert "--data or --generated" in both.output

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

Eternal = Callable[..., Result]


@pytest.fixture
def why_not(eternal: Eternal, kept: Path) -> Eternal:
    return lambda *words: eternal("why-not", "last", *words, "--runs", kept / "runs")


@pytest.mark.spec("RULE-10")
def test_each_false_condition_says_by_how_much_it_misses(why_not: Eternal) -> None:
    ended = why_not("BTCUSDT", "--at", "2021-02-10", "--book", "trend-2")
    assert ended.exit_code == 0, ended.output
    assert "trend-2 BTCUSDT, 2021-02-10 00:00 UTC: SCANNING" in ended.stdout
    assert "✗ entries.long" in ended.stdout
    assert "✗ close > sma_slow  is 17055.6, needs more than 22139.3 (5083.7 short)" in ended.stdout


@pytest.mark.spec("RULE-10", "BRK-02")
def test_a_breaker_that_forbids_entries_is_named_and_so_is_the_check_that_asks_it(why_not: Eternal) -> None:
    ended = why_not("ETHUSDT", "--at", "2021-04-10", "--book", "core-hodl")
    assert "The breaker is at ALERT, which forbids entries." in ended.stdout
    assert "would be refused by entries_halted" in ended.stdout


@pytest.mark.spec("RULE-10")
def test_rules_of_other_states_are_told_in_brief(why_not: Eternal) -> None:
    said = why_not("BTCUSDT", "--at", "2020-12-05", "--book", "core-hodl").stdout
    assert "it counts in MAINTAINING or EARN_OPTIMIZING, not in DEPLOYING" in said
    assert "schedule.left" in said
    assert "age(purchase)" not in said


@pytest.mark.spec("RULE-10", "CLI-01")
def test_the_answer_for_a_machine(why_not: Eternal) -> None:
    document = json.loads(why_not("BTCUSDT", "--at", "2020-12-20", "--json").stdout)
    assert [answer["book"] for answer in document["answers"]] == ["core-hodl", "trend-1", "trend-2", "tactical"]
    entry = document["answers"][1]["entries"][0]
    assert {"rule", "place", "fires", "state_fits", "missing", "trace", "answers"} <= entry.keys()
    assert entry["rule"] == "entries.long"


def test_only_the_books_asked_for_answer(why_not: Eternal) -> None:
    asked = ("--at", "2020-12-20", "--book", "trend-2", "--book", "trend-1")
    document = json.loads(why_not("BTCUSDT", *asked, "--json").stdout)
    assert [answer["book"] for answer in document["answers"]] == ["trend-1", "trend-2"]


def test_rules_that_have_changed_since_are_said_and_the_kept_ones_used(
    eternal: Eternal, days: Path, rules: Path, spoil: Callable[..., Path]
) -> None:
    command = ("backtest", "--data", days, "--from", "2021-02-01", "--to", "2021-02-10", "--book", "trend-1")
    assert eternal(*command, "--rules", rules).exit_code == 0
    spoil("engines/trend-1.yaml", "strong: 25", "strong: 26")
    ended = eternal("why-not", "last", "BTCUSDT")
    assert "have changed since" in ended.stderr
    assert "strong = 25" in ended.stdout


def test_data_that_have_changed_since_are_said(eternal: Eternal, days: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(days, data)
    command = ("backtest", "--data", data, "--from", "2021-02-01", "--to", "2021-02-10", "--book", "trend-1")
    assert eternal(*command).exit_code == 0
    assert "data" not in eternal("why-not", "last", "BTCUSDT").stderr
    daily = data / "candles/linear/1d"
    (daily / "ETHUSDT.parquet").replace(daily / "BTCUSDT.parquet")
    shutil.copy(daily / "BTCUSDT.parquet", daily / "ETHUSDT.parquet")
    assert "market data or the program have changed" in eternal("why-not", "last", "BTCUSDT").stderr


@pytest.mark.spec("CLI-01")
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["DOGEUSDT"], "Expected a symbol"),
        (["BTCUSD"], "Did you mean BTCUSDT"),
        (["BTCUSDT", "--book", "trend-9"], "Did you mean trend-"),
        (["BTCUSDT", "--at", "1999-01-01"], "from 2020-12-01 00:00 to 2021-08-01 00:00"),
        (["BTCUSDT", "--at", "soon"], "expected a day"),
    ],
)
def test_what_the_run_does_not_know_is_refused(why_not: Eternal, words: list[str], sentence: str) -> None:
    ended = why_not(*words)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert sentence in " ".join(ended.stderr.replace("│", " ").split())


def test_an_unknown_run_is_refused(eternal: Eternal) -> None:
    assert eternal("why-not", "0123456789", "BTCUSDT").exit_code == 2

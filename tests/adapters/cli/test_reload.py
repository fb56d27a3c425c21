"""The real process whose rule files are changed while it trades: by an editor, by hand, rightly and wrongly."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from runtime.events import CandleClose, OperatorCommand, RulesReloaded
from runtime.step import VersionTaken
from tests.adapters.cli import running

pytestmark = pytest.mark.spec("RULE-08")
Eternal = Callable[..., Result]
MOST_DAYS = 25
WEEKLY = ("      - not asleep\n", "      - not asleep\n      - known(sma(close@1w, 4))\n")
FEATURE = """Feature: Mine
  Scenario: It waits
    Given the book trend-1 with a sub-account of 100,000 USDT
    And BTCUSDT daily candles flat at 60,000 USDT for 3 days
    Then the book is {state}
"""


@pytest.fixture
def folder(tmp_path: Path, served: Any, store: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with rules of its own."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    return running.folder_with_rules(tmp_path, served, store)


@pytest.fixture
def process(folder: Path) -> Iterator[Callable[[], running.Running]]:
    """Start processes; whatever is left of them ends with the test."""
    processes = []

    def begin() -> running.Running:
        processes.append(running.started(folder))
        processes[-1].until("reconciled")
        return processes[-1]

    yield begin
    for one in processes:
        one.kill()


@pytest.fixture
def journal(store: str) -> Iterator[running.Journal]:
    journal = running.Journal(store)
    yield journal
    journal.close()


def reloads(journal: running.Journal) -> list[RulesReloaded]:
    found: list[RulesReloaded] = journal.follow().events(RulesReloaded)
    return found


def versions(eternal: Eternal) -> dict[str, tuple[str, str | None]]:
    """By which version each machine of trend-1 goes, and for which it waits."""
    sheet = json.loads(eternal("status", "--json").stdout)["sheet"]
    return {one["symbol"]: (one["version"], one["waits_for"]) for one in sheet["engines"] if one["book"] == "trend-1"}


def check_replay(eternal: Eternal) -> None:
    """Every decision comes out the same, whatever version it was made by."""
    replayed = eternal("replay")
    assert (replayed.exit_code, "came out the same, byte for byte" in replayed.output) == (0, True), replayed.output


def test_rule_files_are_changed_while_the_engine_trades(
    folder: Path, process: Any, served: Any, journal: running.Journal, eternal: Eternal
) -> None:
    trend = folder / "rules" / "engines" / "trend-1.yaml"
    model = served.application.exchange.live.model
    first = process()
    for _ in range(MOST_DAYS):
        running.pass_moments(served, journal, 1)
        held = [symbol for symbol in ("BTCUSDT", "ETHUSDT") if model.position("TREND-1", symbol).size]
        if held:
            break
    assert held, "nothing was bought, so there is nothing that could keep its version"
    free = [symbol for symbol in ("BTCUSDT", "ETHUSDT") if symbol not in held]
    before = versions(eternal)[held[0]][0]

    # Somebody saves a file, and it is in force without a word to the engine.
    trend.write_text(trend.read_text().replace("longest: 30d", "longest: 29d"))
    running.wait_for(lambda: reloads(journal), "an event of the changed file")
    assert [(one.actor, one.problems) for one in reloads(journal)] == [("eternal run", ())]
    running.wait_for(lambda: versions(eternal)[held[0]][1], "a status that tells who waits")
    now = versions(eternal)
    assert now[held[0]][0] == before
    assert {now[symbol] for symbol in free} <= {(now[held[0]][1], None)}
    assert f"trend-1 {held[0]} keeps the version {before} until" in " ".join(eternal("status").stdout.split())
    again = json.loads(eternal("reload", "--reason", "once more", "--json").stdout)
    assert (again["in_force"], again["changed"]) == (True, [])
    assert "Nothing has changed" in again["sentences"][0]

    # A file with a mistake, read on demand: the answer says where it is, and everything trades on as before.
    good = trend.read_text()
    trend.write_text(good.replace("slow: 200", "slow: slow"))
    refused = eternal("reload", "--reason", "a test", "--json")
    answer = json.loads(refused.stdout)
    assert (refused.exit_code, answer["in_force"]) == (1, False)
    assert "rules/engines/trend-1.yaml:32:9: R061 `120` is a whole number" in answer["problems"][0]
    assert any("rules/engines/trend-1.yaml:32:9" in text for text in journal.follow().told("P1"))
    assert [one.name for one in journal.events(OperatorCommand)] == ["reload", "reload"]
    running.pass_moments(served, journal, 1)
    assert versions(eternal) == now

    trend.write_text(good)
    first.stop()

    # The next process goes on with all of it, and everything comes out the same.
    second = process()
    assert versions(eternal) == now
    running.pass_moments(served, journal, 1)
    second.stop()
    taken = [record for step in journal.follow().steps for record in step.records if isinstance(record, VersionTaken)]
    assert len([one for one in taken if not one.book]) == 1
    check_replay(eternal)


def test_features_beside_the_rules_have_to_hold_and_new_candles_are_there_at_once(
    folder: Path, process: Any, served: Any, journal: running.Journal, eternal: Eternal
) -> None:
    trend, feature = folder / "rules" / "engines" / "trend-1.yaml", folder / "rules" / "mine.feature"
    first = process()
    before = versions(eternal)

    # What the trader wrote beside the rules has to hold; these look at weeks, which nobody has looked at until now.
    feature.write_text(FEATURE.format(state="PAUSED"))
    trend.write_text(trend.read_text().replace(*WEEKLY))
    refused = " ".join(eternal("reload", "--reason", "with weeks").output.split())
    assert "A feature fails" in refused
    assert "mine.feature:5: It waits" in refused
    assert versions(eternal) == before

    # With the feature put right they are taken, and the weeks of the past are known.
    feature.write_text(FEATURE.format(state="SCANNING"))
    taken = json.loads(eternal("reload", "--reason", "put right", "--json").stdout)
    assert taken["in_force"], taken
    assert {(one["book"], one["symbol"]) for one in taken["changed"]} >= {
        ("trend-1", "BTCUSDT"),
        ("trend-1", "ETHUSDT"),
    }
    assert reloads(journal)[-1].candles
    assert "no value" not in eternal("why-not", "BTCUSDT", "--book", "trend-1").output
    running.pass_moments(served, journal, 8)
    assert any(candle.timeframe == "1w" for event in journal.events(CandleClose) for candle in event.candles)
    now = versions(eternal)
    first.stop()

    second = process()
    assert versions(eternal) == now
    running.pass_moments(served, journal, 1)
    second.stop()
    check_replay(eternal)

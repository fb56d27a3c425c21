"""The real process with rule files that can't be used: whose they are is fenced off, and everybody else trades."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from typer.testing import Result

from adapters.cli.places import packaged_rules
from runtime.events import RulesRead
from runtime.requests import PlaceOrder
from tests.adapters.cli import running

pytestmark = pytest.mark.spec("ORCH-05")
Eternal = Callable[..., Result]
SLOW = ("slow: 200", "slow: slow")
WRONG_MACHINE = ("machine: tactical", "machine: tactcal")
MOST_DAYS = 25


@pytest.fixture
def folder(tmp_path: Path, served: Any, store: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with rules of its own, numbers and health."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    return running.folder_with_rules(tmp_path, served, store, "metrics_port: 0\n")


@pytest.fixture
def start(folder: Path) -> Iterator[Any]:
    """Start processes, each with its own rules; whatever is left of them ends with the test."""
    processes = []

    def begin(**spoilt: tuple[str, str]) -> Any:
        for name in ("trend-1", "tactical"):
            text = (packaged_rules() / "engines" / f"{name}.yaml").read_text()
            right, wrong = spoilt.get(name.replace("-", "_"), ("", ""))
            assert right in text
            (folder / "rules" / "engines" / f"{name}.yaml").write_text(text.replace(right, wrong) if right else text)
        processes.append(running.started(folder))
        return processes[-1]

    yield begin
    for one in processes:
        one.kill()


class Beside:
    """What the exchange, the journal and the status say of the processes of a test."""

    def __init__(self, served: Any, journal: Any, eternal: Eternal) -> None:
        self.served, self.journal, self.eternal = served, journal, eternal

    def held(self) -> list[str]:
        """What trend-1 holds on the exchange."""
        return [symbol for symbol in ("BTCUSDT", "ETHUSDT") if self.position(symbol).size]

    def position(self, symbol: str) -> Any:
        return self.served.application.exchange.live.model.position("TREND-1", symbol)

    def opened_by(self, book: str, since: int = 0) -> list[PlaceOrder]:
        """The orders of a book that add risk, from an entry of the journal on."""
        steps = self.journal.follow().steps[since:]
        placed = [request for step in steps for request in step.requests if isinstance(request, PlaceOrder)]
        return [one for one in placed if one.account == running.BOOKS[book] and not one.reduce_only]

    def days_until(self, condition: Callable[[], Any], what: str) -> None:
        for _ in range(MOST_DAYS):
            running.pass_moments(self.served, self.journal, 1)
            if condition():
                return
        raise AssertionError(f"{what} did not happen within {MOST_DAYS} days")

    def sheet(self) -> Any:
        return json.loads(self.eternal("status", "--json").stdout)["sheet"]

    def fenced(self) -> list[str]:
        return list(self.sheet()["life"]["fenced"])

    def remembered(self) -> dict[str, tuple[str, int]]:
        """Where the machines of trend-1 stood when the last process had ended."""
        instances = self.journal.ask("SELECT state -> 'instances' FROM snapshots ORDER BY seq DESC LIMIT 1")
        machines = {one["symbol"]: one["machine"] for one in instances if one["book"] == "trend-1"}
        return {symbol: (machine["state"], machine["since_ms"]) for symbol, machine in machines.items()}

    def shown(self) -> dict[str, tuple[str, int]]:
        """Where they stand now."""
        machines = [one for one in self.sheet()["engines"] if one["book"] == "trend-1"]
        return {one["symbol"]: (one["state"], one["since_ms"]) for one in machines}


@pytest.fixture
def beside(served: Any, store: str, eternal: Eternal) -> Iterator[Beside]:
    journal = running.Journal(store)
    yield Beside(served, journal, eternal)
    journal.close()


def test_a_bad_file_fences_off_its_own_book_until_it_is_put_right(start: Any, beside: Beside, eternal: Eternal) -> None:
    # One file is bad from the beginning: its book has never run, and is not missed by the others.
    first = start(tactical=WRONG_MACHINE)
    assert "There is no machine `tactcal`" in first.until("tactical does not run")
    first.until("reconciled")
    beside.days_until(beside.held, "an entry of trend-1")
    assert beside.opened_by("core-hodl")
    assert not beside.opened_by("tactical")
    first.stop()

    # It is put right, and now another one is bad, whose book holds something.
    symbol, before = beside.held()[0], beside.remembered()
    stop, since = beside.position(symbol).stop, len(beside.journal.follow().steps)
    second = start(trend_1=SLOW)
    said = second.until("trend-1 opens nothing")
    assert "rules/engines/trend-1.yaml:32:9: R061 `120` is a whole number; the param `slow`" in said
    address = second.until("Numbers and health").split()[3].removesuffix("/metrics,")
    second.until("reconciled")
    running.wait_for(lambda: beside.fenced() == ["trend-1"], "a status that tells of it")
    assert list(json.loads(urlopen(f"{address}/health").read())["fenced"]) == ["trend-1"]
    assert "trend-1 is fenced off: rules/engines/trend-1.yaml:32:9" in " ".join(eternal("status").stdout.split())
    assert (beside.position(symbol).stop, beside.shown()) == (stop, before)
    refused = eternal("unfence", "trend-1", "--reason", "a test")
    assert refused.exit_code == 1
    assert "until its rule file is put right" in refused.output
    beside.days_until(lambda: beside.opened_by("core-hodl", since), "a purchase of core-hodl beside the fence")
    assert not beside.opened_by("trend-1", since)
    second.stop()

    # Mended, it goes on where it stood.
    before = beside.remembered()
    third = start()
    third.until("reconciled")
    running.wait_for(lambda: not beside.fenced(), "a status without fences")
    assert beside.shown() == before
    assert {one["book"] for one in beside.sheet()["engines"]} == set(running.BOOKS)
    running.pass_moments(beside.served, beside.journal, 1)
    third.stop()
    journal = beside.journal.follow()
    assert [sorted(event.faulty) for event in journal.events(RulesRead)] == [["tactical"], ["trend-1"], []]
    assert sum("Everything else trades on" in text for text in journal.told("P0")) == 2
    replayed = eternal("replay")
    assert (replayed.exit_code, "came out the same, byte for byte" in replayed.output) == (0, True), replayed.output


def test_a_mistake_in_what_governs_all_books_keeps_it_from_starting(folder: Path, eternal: Eternal) -> None:
    for file, right, wrong in (("governance/breakers.yaml", "at: 10%", "at: 10"), ("engines/trend-1.yaml", *SLOW)):
        path = folder / "rules" / file
        path.write_text(path.read_text().replace(right, wrong))
    ended = eternal("run", folder)
    assert ended.exit_code == 1
    assert "governance/breakers.yaml:10:" in ended.stderr
    assert "engines/trend-1.yaml:32:9" in ended.stderr

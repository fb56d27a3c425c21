"""What the thread beside the engine makes of rule files that were changed, before the engine hears of them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import polars as pl
import psycopg
import pytest

from adapters.cli.kept_rules import KeptRules, rule_files_of
from adapters.cli.places import packaged_rules
from adapters.cli.reloader import Files, MoreMarket, Reloader, stamp
from adapters.cli.saved import copy_rules
from adapters.cli.spared_rules import read_rules
from adapters.cli.wanted import needed
from adapters.postgres.connection import connect
from adapters.postgres.migrations import migrate
from adapters.postgres.openings import kept_candles, rule_files
from adapters.simulated.instruments import load_instruments
from rules.language.rulebook import Rulebook
from runtime.capital import portfolio_of
from runtime.engine import Engine
from runtime.events import OperatorCommand, RulesReloaded
from runtime.inbox import EventInbox
from runtime.instrument import Market
from runtime.market_data import CANDLE_SCHEMA, Key
from tests.adapters.cli.running import wait_for

pytestmark = pytest.mark.spec("RULE-08")
NOW_MS = 1_700_000_000_000
BOOK = "trend-1"


class Still:
    def now_ms(self) -> int:
        return NOW_MS


class Beside:
    """An engine whose rule files are watched, and what it hears of them."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        read = read_rules(folder, "").whole()
        instruments = load_instruments()
        portfolio = portfolio_of(read.rulebook, {BOOK: Decimal(1)}, Decimal(100_000), instruments)
        self.engine = Engine(read.rulebook, (BOOK,), portfolio, instruments)
        self.engine.versions.name = rule_files_of(read).name
        self.known = needed(read.rulebook, [read.rulebook.books[BOOK]])
        self.inbox, self.listened, self.renewed = EventInbox(), list[Key](), list[Rulebook]()
        self.trend = folder / "engines" / "trend-1.yaml"

    def listen_to(self, series: Sequence[Key]) -> int:
        self.listened += series
        return NOW_MS

    def candles(self, series: Sequence[Key], until_ms: int) -> Mapping[Key, pl.DataFrame]:
        rows = [(until_ms - 3_600_000, until_ms, 1.0, 1.0, 1.0, 1.0, 1.0)]
        return {key: pl.DataFrame(rows, schema=CANDLE_SCHEMA, orient="row") for key in series}

    @contextmanager
    def watched(self, connection: psycopg.Connection) -> Iterator[Reloader]:
        market = MoreMarket(self.known, self.listen_to, self.candles)
        files = Files(self.folder, "", stamp(self.folder))
        around = {"kept": KeptRules(connection), "market": market, "find": lambda: self.url}
        with Reloader(files, self.engine, self.inbox, Still(), **around, renew=self.renewed.append) as reloader:  # type: ignore[arg-type]
            yield reloader

    def edit(self, before: str, after: str) -> None:
        text = self.trend.read_text()
        assert before in text
        self.trend.write_text(text.replace(before, after))

    def heard(self) -> RulesReloaded:
        event = wait_for(lambda: self.inbox.take(0), "an event of the files")
        assert isinstance(event, RulesReloaded)
        return event


@pytest.fixture
def beside(tmp_path: Path, store: str) -> Iterator[tuple[Beside, Reloader, psycopg.Connection]]:
    copy_rules(packaged_rules(), tmp_path / "rules")
    trend = tmp_path / "rules" / "engines" / "trend-1.yaml"
    trend.write_text(trend.read_text().replace("symbols: [BTCUSDT, ETHUSDT]", "symbols: [BTCUSDT]"))
    one = Beside(tmp_path / "rules", store)
    with connect(store) as connection:
        migrate(connection)
        with one.watched(connection) as reloader:
            yield one, reloader, connection


Watched = tuple[Beside, Reloader, psycopg.Connection]


def test_files_that_are_good_are_kept_with_their_candles_before_the_engine_hears_of_them(beside: Watched) -> None:
    one, reloader, connection = beside
    one.edit("      - not asleep\n", "      - not asleep\n      - known(close@4h)\n")
    event = one.heard()
    assert (event.problems, event.actor, event.at_ms) == ((), "eternal run", NOW_MS)
    files = rule_files(connection, event.rules)
    assert files is not None
    assert any("known(close@4h)" in text for text in files.texts.values())
    wanted = {(Market.LINEAR, "BTCUSDT", "4h")}
    assert set(one.listened) == set(kept_candles(connection, event.candles)) == wanted
    assert reloader is not None


def test_a_mistake_is_told_with_its_place_and_nothing_is_kept(beside: Watched) -> None:
    one, _, connection = beside
    one.edit("slow: 200", "slow: slow")
    event = one.heard()
    assert event.rules == ""
    assert "trend-1.yaml:32:9: R061" in event.problems[0]
    assert not one.listened
    assert connection.execute("SELECT count(*) FROM rulebooks").fetchone() == (0,)


def test_coins_of_which_a_process_hears_nothing_need_a_start(beside: Watched) -> None:
    one, _, connection = beside
    one.known = ()
    with one.watched(connection):
        one.edit("slow: 200", "slow: 190")
        events = [one.heard(), one.heard()]
    told = [text for event in events for text in event.problems]
    assert len(told) == 1
    assert "of which this process hears nothing: stop the engine and start it again" in told[0]


def test_a_command_is_answered_also_where_nothing_has_changed_or_nothing_is_there(beside: Watched) -> None:
    one, reloader, _ = beside

    def ask(number: int) -> RulesReloaded:
        command = OperatorCommand(NOW_MS, "reload", "anna", "a test", "", "terminal", f"command-{number}")
        reloader.see(one.engine.step(command))
        return one.heard()

    event = ask(1)
    assert (event.rules, event.command_id, event.actor) == (one.engine.versions.name, "command-1", "anna")
    for file in one.folder.rglob("*.yaml"):
        file.unlink()
    assert "found none" in ask(2).problems[0]

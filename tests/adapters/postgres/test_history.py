"""A whole run in a store: it is replayed, projected, backed up, restored, and asked about by commands."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from adapters.cli.kept_rules import read_again, rule_files_of
from adapters.cli.main import app
from adapters.cli.places import packaged_rules
from adapters.cli.plan import Plan
from adapters.cli.spared_rules import read_rules
from adapters.cli.wiring import Prepared, prepare
from adapters.postgres import projections
from adapters.postgres.backup import backup, restore
from adapters.postgres.chain import checked
from adapters.postgres.connection import Connection, connect
from adapters.postgres.failure import StoreError
from adapters.postgres.journal import PostgresJournal, entries
from adapters.postgres.lease import Lease
from adapters.postgres.migrations import migrate
from adapters.postgres.openings import Opening, rule_files, write_opening
from adapters.postgres.projections import TABLES, Projector, rebuild
from adapters.postgres.replay import replay
from adapters.postgres.resume import resume
from adapters.postgres.server import PrivateServer
from adapters.postgres.snapshots import Snapshot, latest_snapshot, take_snapshot
from adapters.synthetic.market import write_market
from runtime.backtest import Backtest
from runtime.engine import Engine
from runtime.events import Fill, FundingPayment, OperatorCommand
from runtime.library import Library
from runtime.market_data import Key
from runtime.step import Step
from tests.adapters.postgres.running import opening_of

DAY_MS = 86_400_000
FIRST_MS = 1_577_836_800_000
FROM_MS = FIRST_MS + 335 * DAY_MS
MIDDLE_MS = FROM_MS + 20 * DAY_MS
TO_MS = FROM_MS + 45 * DAY_MS
BOOKS = ("core-hodl", "trend-1", "trend-2", "tactical")
DATABASE = "history"
SNAPSHOT_EVERY = 250


@dataclass
class History:
    """A finished run and the store that it was journaled into."""

    prepared: Prepared
    steps: list[Step]
    states: dict[int, dict[str, Any]]
    url: str
    connection: Connection

    @property
    def engine(self) -> Engine:
        return self.prepared.engine

    def watch(self, step: Step) -> None:
        self.steps.append(step)
        if step.sequence % SNAPSHOT_EVERY == 0:
            self.states[step.sequence] = json.loads(json.dumps(self.engine.to_plain()))


@pytest.fixture(scope="module")
def history(server: PrivateServer, admin: Connection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[History]:
    """Two months of all engines, with a restart in the middle, projected now and then on the way."""
    folder = tmp_path_factory.mktemp("market")
    write_market(folder, 7, FIRST_MS, 2, ("BTCUSDT", "ETHUSDT"))
    prepared = prepare(Plan(packaged_rules(), folder, BOOKS, from_ms=FROM_MS, to_ms=TO_MS))
    admin.execute(f"CREATE DATABASE {DATABASE}".encode())
    url = server.start().replace("/postgres?", f"/{DATABASE}?")
    with connect(url, patient=True) as connection:
        migrate(connection)
        made = History(prepared, [], {}, url, connection)
        _run(made)
        yield made
    admin.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)".encode())


def _run(history: History) -> None:
    prepared, connection = history.prepared, history.connection
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(projections, "LEDGER_EVERY", 700)
        backtest = Backtest(prepared.engine, prepared.exchange, prepared.data, (FROM_MS, TO_MS), history.watch, DAY_MS)
        _open(history, FROM_MS)
        backtest.run(until_ms=MIDDLE_MS)
        backtest.pass_on([OperatorCommand(MIDDLE_MS, "pause", "anna", "holiday", "trend-1")])
        backtest.pass_on([OperatorCommand(MIDDLE_MS, "resume", "anna", "back again", "trend-1")])
        _keep(history, 0)
        done = len(history.steps)
        _open(history, MIDDLE_MS)
        rest = Backtest(prepared.engine, prepared.exchange, prepared.data, (MIDDLE_MS, TO_MS), history.watch, DAY_MS)
        rest.run()
        _keep(history, done)
    assert connection.execute("SELECT count(*) FROM openings").fetchone() == (2,)


def _open(history: History, at_ms: int) -> None:
    """Note down how the engine stands before its next event."""
    prepared = history.prepared
    seen: dict[Key, pl.DataFrame] = {
        key: frame.filter(pl.col("close_ms") <= at_ms) for key, frame in prepared.data.candles.items()
    }
    opening = opening_of(prepared.engine, seen, prepared.engine.world.instruments)
    write_opening(history.connection, opening, rule_files_of(read_rules(prepared.plan.rules, "").whole()))


def _keep(history: History, done: int) -> None:
    """Journal what has happened since, in batches, and let the tables follow in leaps by processes of their own."""
    lease = Lease.acquire(history.connection, "the run")
    journal = PostgresJournal(lambda: history.url, lease, history.prepared.rulebook.version)
    for begin in range(done, len(history.steps), 600):
        journal.append_all(history.steps[begin : begin + 600])
        Projector(history.connection).catch_up()
    journal.close()
    hashes = {entry.seq: entry.hash for entry in entries(history.connection, done)}
    for seq, state in history.states.items():
        if seq in hashes:
            take_snapshot(history.connection, Snapshot(seq, journal.rules, state), hashes[seq])


@pytest.fixture
def again(history: History) -> Callable[[Opening], Engine]:
    """Make engines with the rules of the run."""
    return lambda opening: opening.engine(history.prepared.rulebook)


# ── replay ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.spec("STATE-04")
def test_a_replay_decides_the_same_byte_for_byte(history: History, again: Callable[[Opening], Engine]) -> None:
    played = replay(history.connection, again)
    assert played.difference is None
    assert played.entries == len(history.steps)
    assert played.decisions > 20


@pytest.mark.spec("STATE-04")
def test_a_replay_shows_the_first_difference(history: History) -> None:
    def richer(opening: Opening) -> Engine:
        state = json.loads(json.dumps(opening.state))
        wallet = state["portfolio"]["accounts"]["CORE-HODL"]["wallet"]
        wallet["USDT"] = str(Decimal(wallet["USDT"]) / 3)
        return replace(opening, state=state).engine(history.prepared.rulebook)

    difference = replay(history.connection, richer).difference
    assert difference is not None
    assert 1 < difference.seq < len(history.steps)
    assert difference.where.startswith("records[")
    assert difference.journaled != difference.replayed


@pytest.mark.spec("STATE-04")
def test_a_memory_that_differs_is_found_though_the_decisions_are_the_same(
    history: History, again: Callable[[Opening], Engine]
) -> None:
    snapshot = latest_snapshot(history.connection)
    assert snapshot is not None
    row = history.connection.execute("SELECT hash FROM journal WHERE seq = %s", (snapshot.seq,)).fetchone()
    assert row is not None
    try:
        take_snapshot(history.connection, replace(snapshot, state={**snapshot.state, "decisions": 1}), row[0])
        difference = replay(history.connection, again).difference
    finally:
        take_snapshot(history.connection, snapshot, row[0])
    assert difference is not None
    assert (difference.seq, difference.where) == (snapshot.seq, "the engine's memory, decisions")


@pytest.mark.spec("STATE-04")
def test_a_process_with_another_hash_seed_decides_the_same(history: History) -> None:
    environment = {**os.environ, "DATABASE_URL": history.url, "PYTHONHASHSEED": "4711"}
    command = [sys.executable, "-c", "from adapters.cli.main import app; app()", "replay"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert f"{len(history.steps)} entries" in ended.stdout


# ── snapshots ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.spec("STATE-03", "LIFE-04")
@pytest.mark.parametrize(
    "lost", [0, 1, 99], ids=["the latest snapshot", "the one before", "no snapshot but an opening"]
)
def test_an_engine_goes_on_where_the_journal_ends(history: History, lost: int) -> None:
    connection = history.connection
    with connection.transaction(force_rollback=True):
        forget = "DELETE FROM snapshots WHERE seq IN (SELECT seq FROM snapshots ORDER BY seq DESC LIMIT %s)"
        connection.execute(forget, (lost,))
        resumed = resume(connection, Library(lambda _name: history.prepared.rulebook))
    assert resumed is not None
    assert resumed.engine.to_plain() == history.engine.to_plain()
    assert list(resumed.tail) == history.steps[-len(resumed.tail) :]
    assert len(resumed.tail) == len(history.steps) % SNAPSHOT_EVERY + SNAPSHOT_EVERY * lost or lost == 99


@pytest.mark.spec("STATE-03")
def test_a_program_that_decides_otherwise_does_not_go_on(history: History) -> None:
    other = replace(history.prepared.rulebook, version="another")
    with pytest.raises(StoreError, match=r"decides otherwise .* Start once with the version that wrote it"):
        resume(history.connection, Library(lambda _name: other))


def test_a_store_in_which_nothing_ever_happened_has_nothing_to_resume(connection: Connection) -> None:
    assert resume(connection, Library(lambda _name: pytest.fail("no rules are needed"))) is None


@pytest.mark.spec("STATE-03")
@pytest.mark.parametrize(
    "change",
    ["state = replace(state::text, '\"sequence\"', '\"sequenze\"')::json", "hash = digest"],
    ids=["its content was changed", "it belongs to another journal"],
)
def test_a_snapshot_that_can_not_be_trusted_is_passed_over(history: History, change: str) -> None:
    connection, newest = history.connection, max(history.states)
    with connection.transaction(force_rollback=True):
        connection.execute(f"UPDATE snapshots SET {change} WHERE seq = {newest}".encode())
        snapshot = latest_snapshot(connection)
        assert snapshot is not None
        assert snapshot.seq < newest


# ── tables ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def contents(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    return {
        table: connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3".encode()).fetchall() for table in TABLES
    }


@pytest.mark.spec("STATE-02")
def test_tables_that_are_built_anew_are_those_that_followed_step_by_step(history: History) -> None:
    followed = contents(history.connection)
    assert rebuild(history.connection) == len(history.steps)
    assert contents(history.connection) == followed
    assert all(followed.values())


@pytest.mark.spec("STATE-02")
def test_the_tables_tell_what_the_engine_knows(history: History) -> None:
    connection, portfolio = history.connection, history.engine.portfolio
    held = {
        (account, position.market.value, position.symbol): (position.quantity, position.realised, position.funding)
        for account in portfolio.accounts
        for position in portfolio.positions(account)
    }
    query = "SELECT account, market, symbol, quantity, realised, funding FROM positions"
    assert {row[:3]: row[3:] for row in connection.execute(query)} == held
    trades = [(trade.book, trade.symbol, trade.quantity, trade.net) for trade in history.engine.trades.all]
    assert connection.execute("SELECT book, symbol, quantity, net FROM trades ORDER BY number").fetchall() == trades
    fills = [step.event for step in history.steps if isinstance(step.event, Fill)]
    found = connection.execute("SELECT sum(quantity * price), count(*) FROM fills").fetchone()
    assert found == (sum(fill.quantity * fill.price for fill in fills), len(fills))
    traded = "SELECT sum(filled) FROM orders WHERE status IN ('filled', 'partly filled', 'cancelled')"
    assert connection.execute(traded).fetchone() == (sum(fill.quantity for fill in fills if fill.kind == "trade"),)


@pytest.mark.spec("STATE-02")
def test_the_days_add_up_to_the_whole(history: History) -> None:
    connection = history.connection
    days = connection.execute(
        "SELECT sum(orders), sum(fills), sum(funding), sum(trades), sum(net) FROM days"
    ).fetchone()
    # What is heard twice, as after a restart, counts once.
    events = [step.event for step in history.steps]
    payments = {event.settlement_id: event.amount for event in events if isinstance(event, FundingPayment)}
    trades = history.engine.trades.all
    orders = connection.execute("SELECT count(*) FROM orders").fetchone()
    fills = connection.execute("SELECT count(*) FROM fills").fetchone()
    assert orders is not None
    assert fills is not None
    assert days == (orders[0], fills[0], sum(payments.values()), len(trades), sum(trade.net for trade in trades))
    last = "SELECT sum(equity) FROM days WHERE day = (SELECT max(day) FROM days WHERE equity IS NOT NULL)"
    equity = history.engine.portfolio.equity()
    assert connection.execute(last).fetchone() == (equity,)


@pytest.mark.spec("STATE-02", "LIFE-06")
def test_the_audit_tells_who_asked_for_what_and_what_was_answered(history: History) -> None:
    rows = history.connection.execute("SELECT command, actor, book, reason, answers FROM audit ORDER BY seq").fetchall()
    assert rows[:2] == [
        ("pause", "anna", "trend-1", "holiday", ["pause by anna: holiday"]),
        ("resume", "anna", "trend-1", "back again", ["resume by anna: back again"]),
    ]


# ── backup and restore ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.spec("STATE-06")
def test_a_backup_comes_back_into_an_empty_database_and_trading_can_go_on(
    history: History, empty: str, tmp_path: Path
) -> None:
    file = tmp_path / "store.backup"
    backup(history.url, file)
    assert restore(empty, file) == len(history.steps)
    with connect(empty, patient=True) as restored:
        assert contents(restored) == contents(history.connection)
        assert list(checked(entries(restored))) == list(entries(history.connection))
        assert latest_snapshot(restored) == latest_snapshot(history.connection)
        assert Lease.acquire(restored, "the next").epoch == 3
    assert [path.name for path in tmp_path.iterdir()] == ["store.backup"]


@pytest.mark.spec("STATE-06")
def test_only_a_whole_backup_is_restored_and_only_into_an_empty_database(
    history: History, empty: str, tmp_path: Path
) -> None:
    file, torn = tmp_path / "store.backup", tmp_path / "torn.backup"
    backup(history.url, file)
    torn.write_bytes(file.read_bytes()[:-40_000])
    with pytest.raises(StoreError, match="Expected an empty database"):
        restore(history.url, file)
    with pytest.raises(StoreError, match="pg_restore failed"):
        restore(empty, torn)
    with pytest.raises(StoreError, match="found no such file"):
        restore(empty, tmp_path / "nothing")
    assert restore(empty, file) == len(history.steps)


# ── rule files ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_rule_files_are_read_again_from_the_store(history: History) -> None:
    version = history.prepared.rulebook.version
    files = rule_files(history.connection, version)
    assert files is not None
    rulebook = read_again(files)
    assert rulebook.version == files.version == version
    assert {book.file for book in rulebook.books.values()} <= set(files.texts)
    assert rule_files(history.connection, "another") is None


# ── commands ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def eternal(history: History, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Result]:
    monkeypatch.setenv("DATABASE_URL", history.url)
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


def test_status_tells_how_far_the_store_is(history: History, eternal: Callable[..., Result]) -> None:
    told = eternal("store", "status")
    assert told.exit_code == 0, told.output
    assert f"{len(history.steps)} entries, the last of 2021-01-15 00:00" in told.output
    assert "writer     none" in told.output
    lease = Lease.acquire(history.connection, "the other one")
    try:
        assert "the other one (process" in eternal("store", "status").output
        plain = json.loads(eternal("store", "status", "--json").output)
    finally:
        lease.release(history.connection)
    assert (plain["entries"], plain["projected"], plain["holder"]["alive"]) == (*[len(history.steps)] * 2, True)


def test_verify_and_rebuild_say_what_they_found(history: History, eternal: Callable[..., Result]) -> None:
    assert f"The journal is sound: {len(history.steps)} entries" in eternal("store", "verify").output
    assert f"up to entry {len(history.steps)}" in eternal("store", "rebuild").output


def test_a_changed_journal_is_a_finding(history: History, eternal: Callable[..., Result]) -> None:
    connection = history.connection
    connection.execute(b"SET session_replication_role = replica")
    try:
        connection.execute(b"UPDATE journal SET at_ms = at_ms + 1 WHERE seq = 5")
        verified = eternal("store", "verify")
    finally:
        connection.execute(b"UPDATE journal SET at_ms = at_ms - 1 WHERE seq = 5")
        connection.execute(b"SET session_replication_role = origin")
    assert verified.exit_code == 1
    assert "broken at entry 5: its content was changed" in verified.output


def test_the_journal_is_shown_by_kind_book_and_time(history: History, eternal: Callable[..., Result]) -> None:
    fills = eternal("journal", "--kind", "Fill", "--last", "1000").output.splitlines()
    assert sum("  Fill  " in line for line in fills) == sum(isinstance(step.event, Fill) for step in history.steps)
    commands = eternal("journal", "--kind", "OperatorCommand", "--book", "trend-1").output
    assert "name=pause actor=anna reason=holiday book=trend-1" in commands
    assert "P2 trend-1 pause by anna: holiday" in commands
    lines = eternal("journal", "--json", "--last", "3", "--to", "2021-01-01").output.splitlines()
    assert [json.loads(line)["at_ms"] for line in lines][-1] <= 1_609_459_200_000
    assert len(lines) == 3


def test_an_unknown_kind_is_said(eternal: Callable[..., Result]) -> None:
    asked = eternal("journal", "--kind", "Fil")
    assert asked.exit_code == 2
    assert 'found "Fil". Did you mean Fill?' in asked.output


def test_a_backup_is_made_and_restored_by_commands(
    history: History, eternal: Callable[..., Result], empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = eternal("backup", tmp_path / "b")
    assert made.exit_code == 0, made.output
    monkeypatch.setenv("DATABASE_URL", empty)
    restored = eternal("restore", tmp_path / "b")
    assert f"The store is back: {len(history.steps)} entries" in restored.output
    again = eternal("restore", tmp_path / "b")
    assert again.exit_code == 3
    assert "Expected an empty database" in again.output


def test_a_store_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    asked = CliRunner().invoke(app, ["store", "status", "--store", str(tmp_path / "none")])
    assert asked.exit_code == 2
    assert "found none" in asked.output
    assert not (tmp_path / "none").exists()

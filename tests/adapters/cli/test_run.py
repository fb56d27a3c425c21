"""`eternal run` as a real process, against the served exchange and a real PostgreSQL."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from adapters.cli.exchange import market_of
from adapters.cli.options import moment
from adapters.cli.places import packaged_rules
from adapters.cli.rulebook import in_force
from adapters.cli.wiring import warm_up
from adapters.simulated.exchange import SimulatedExchange
from adapters.simulated.instruments import load_instruments
from adapters.simulated.settings import ExchangeSettings
from runtime.backtest import Backtest
from runtime.engine import Engine
from runtime.events import CandleClose, Fill
from runtime.portfolio import Portfolio
from runtime.step import Decision, Step
from tests.adapters.cli import running

DAY_MS = 86_400_000


@pytest.fixture
def start(tmp_path: Path, served: Any, store: str) -> Iterator[Any]:
    """Start processes in one working folder; whatever is left of them ends with the test."""
    folder = running.working_folder(tmp_path, served, store)
    processes = []

    def begin() -> Any:
        processes.append(running.started(folder))
        return processes[-1]

    yield begin
    for one in processes:
        one.kill()


@pytest.fixture
def journal(store: str) -> Iterator[Any]:
    one = running.Journal(store)
    yield one
    one.close()


@pytest.mark.spec("LIFE-04", "LIFE-05", "STATE-04")
def test_it_trades_refuses_a_second_one_stops_and_goes_on(
    start: Any, served: Any, store: str, journal: Any, eternal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = start()
    first.until("reconciled")
    running.pass_moments(served, journal, 4)
    monkeypatch.setenv("DATABASE_URL", store)
    running.wait_for(lambda: "RUNNING" in eternal("status", "--json").output, "a status that says it trades")
    second = start()
    assert second.process.wait(running.DEADLINE_S) == 3
    assert f"eternal run (process {first.process.pid} on" in second.rest()[-1]
    first.stop()
    assert journal.ask("SELECT max(seq) FROM snapshots") == journal.ask("SELECT max(seq) FROM journal")
    third = start()
    third.until("reconciled")
    running.pass_moments(served, journal, 3)
    third.stop()
    assert len(journal.follow().events(Fill)) >= 3
    assert len(journal.events(CandleClose)) == 7
    assert journal.told("P0", "P1") == []
    replayed = eternal("replay")
    assert (replayed.exit_code, "came out the same, byte for byte" in replayed.output) == (0, True), replayed.output


@pytest.mark.spec("OBS-01", "OBS-03")
def test_what_runs_shows_its_numbers_and_whether_it_could_trade(start: Any, served: Any, tmp_path: Path) -> None:
    with (tmp_path / "eternal.yaml").open("a") as configuration:
        configuration.write("metrics_port: 0\n")
    process = start()
    address = process.until("Numbers and health").split()[3].removesuffix("/metrics,")
    process.until("reconciled")

    def ready() -> bool:
        try:
            return json.loads(urlopen(f"{address}/ready").read())["ok"]
        except HTTPError:
            return False

    running.wait_for(ready, "being ready")
    assert json.loads(urlopen(f"{address}/health").read())["ok"]
    numbers = urlopen(f"{address}/metrics").read().decode()
    assert "eternal_build_info{" in numbers
    assert "eternal_breaker_level 0.0" in numbers
    process.stop()


# ── the same as a back-test ─────────────────────────────────────────────────────────────────────────────────────────

PARITY_DAYS = 20


def backtested(market: Path, days: int) -> list[Step]:
    """Play the same market, from the same wallets, through a back-test."""
    data, (from_ms, to_ms) = market_of(market, moment("2021-03-01"), ("BTCUSDT", "ETHUSDT"), "1d")
    instruments = {key: one for key, one in load_instruments().items() if key[1] in ("BTCUSDT", "ETHUSDT")}
    wallets = {name: {"USDT": Decimal(amount)} for name, amount in (running.CAPITAL | {"RESERVE": 20_000}).items()}
    engine = Engine(in_force(packaged_rules()), tuple(running.BOOKS), Portfolio(instruments, wallets), instruments)
    warm_up(engine.world.histories, data, from_ms)
    exchange = SimulatedExchange(instruments, ExchangeSettings(), wallets)
    steps: list[Step] = []
    last_ms = from_ms + days * DAY_MS
    Backtest(engine, exchange, data, (from_ms, to_ms), steps.append).run(until_ms=last_ms)
    return steps


def decided(steps: list[Step]) -> list[tuple[Any, ...]]:
    """What was decided when, and what came of it."""
    return [
        (
            step.at_ms,
            one.number,
            one.book,
            one.symbol,
            one.rule,
            one.before,
            one.after,
            dict(one.arguments),
            one.outcomes,
        )
        for step in steps
        for one in step.records
        if isinstance(one, Decision)
    ]


@pytest.mark.spec("BT-01", "DATA-04")
def test_it_decides_what_a_back_test_of_the_same_candles_decides(
    start: Any, served: Any, journal: Any, market: Path
) -> None:
    process = start()
    process.until("reconciled")
    running.pass_moments(served, journal, PARITY_DAYS)
    process.stop()
    expected = decided(backtested(market, PARITY_DAYS))
    assert len(expected) > 10
    assert decided(journal.follow().steps) == expected

"""The real process while something around it goes wrong: the exchange, its answers, the database."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from adapters.cli.places import packaged_rules
from adapters.cli.saved import copy_rules
from adapters.postgres.server import PrivateServer
from runtime.events import CandleClose, ExchangeBack, ExchangeLost, Fill, OrderUnknown
from tests.adapters.cli import running

NAME = "trouble"
MOST_DAYS = 25


@pytest.fixture(scope="module")
def admin(server: PrivateServer) -> Iterator[Any]:
    """A connection beside the store, which is empty."""
    with psycopg.connect(server.start(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {NAME}".encode())
        yield connection


@pytest.fixture(scope="module")
def store(server: PrivateServer, admin: Any) -> str:
    return server.start().replace("/postgres?", f"/{NAME}?")


@pytest.fixture(scope="module")
def served(market: Path) -> Iterator[Any]:
    with running.exchange(market, "2021-03-01") as served:
        yield served


@pytest.fixture(scope="module")
def posted(served: Any) -> "Counter[str]":
    counted: Counter[str] = running.counting(served)
    return counted


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory, served: Any, posted: "Counter[str]", store: str) -> Iterator[Any]:
    """A process that trades, and puts up with silence for one second only; the tests trouble it in turn."""
    folder = running.working_folder(tmp_path_factory.mktemp("trouble"), served, store)
    copy_rules(packaged_rules(), folder / "rules")
    lifecycle = folder / "rules" / "governance" / "lifecycle.yaml"
    lifecycle.write_text(lifecycle.read_text().replace("pause_after: 30s", "pause_after: 1s"))
    configuration = folder / "eternal.yaml"
    configuration.write_text(configuration.read_text().replace(f"rules: {packaged_rules()}", "rules: rules"))
    process = running.started(folder)
    process.until("reconciled")
    yield process
    process.kill()


@pytest.fixture
def journal(process: Any, store: str) -> Iterator[Any]:
    one = running.Journal(store)
    yield one.follow()
    one.close()


@pytest.mark.spec("LIFE-03")
def test_a_silent_exchange_pauses_it_and_it_goes_on_by_itself(process: Any, served: Any, journal: Any) -> None:
    served.fault("maintenance", count=None)
    running.wait_for(lambda: journal.follow().events(ExchangeLost), "the outage")
    served.pull("lift")
    running.wait_for(lambda: journal.follow().events(ExchangeBack), "the exchange's return")
    running.wait_for(lambda: any("Trading goes on" in text for text in journal.follow().told("P2")), "the end of it")


@pytest.mark.spec("EXEC-02", "EXEC-08")
def test_an_order_whose_answer_is_lost_is_looked_up_and_not_sent_again(
    process: Any, served: Any, journal: Any, posted: "Counter[str]"
) -> None:
    served.fault("lost", endpoint="/v5/order/create", after=True)
    while not journal.events(OrderUnknown):
        served.advance(1)
        running.wait_until(lambda: journal.follow().events(OrderUnknown), seconds=1)
    name = journal.events(OrderUnknown)[0].order_id
    running.pass_moments(served, journal, 2)
    fills = {fill.execution_id for fill in journal.events(Fill) if fill.order_id == name}
    assert (len(fills), posted[name]) == (1, 1)


@pytest.mark.spec("STATE-05")
def test_without_its_database_it_protects_and_what_happened_is_written_later(
    process: Any, served: Any, journal: Any, admin: Any, store: str, posted: "Counter[str]"
) -> None:
    while not (before := stops(served)):
        running.pass_moments(served, journal, 1)
    orders, candles = len(posted), len(journal.events(CandleClose))
    journal.close()
    admin.execute(f"ALTER DATABASE {NAME} ALLOW_CONNECTIONS false".encode())
    admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (NAME,))

    def followed() -> bool:
        now = stops(served)
        return any(symbol in now and now[symbol] != stop for symbol, stop in before.items())

    for _ in range(MOST_DAYS):
        served.advance(1)
        if running.wait_until(followed, seconds=1):
            break
    assert followed(), "no stop followed the price"
    assert len(posted) == orders
    admin.execute(f"ALTER DATABASE {NAME} ALLOW_CONNECTIONS true".encode())
    again = running.Journal(store)
    running.wait_for(lambda: len(again.follow().events(CandleClose)) > candles, "what happened meanwhile")
    running.pass_moments(served, again, 1)
    again.close()
    process.stop()


def stops(served: Any) -> dict[str, Any]:
    """Where the stops of the perpetual positions stand, as the exchange has them."""
    model = served.application.exchange.live.model
    found = {symbol: model.position("TREND-1", symbol) for symbol in ("BTCUSDT", "ETHUSDT")}
    return {symbol: position.stop for symbol, position in found.items() if position.size}

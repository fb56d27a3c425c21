from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from adapters.bybit.ledger import OVERLAP_MS, Ledger, Owner
from runtime.events import Event, FundingPayment

HOUR_MS = 3_600_000
BEGUN_MS = 1_750_000_000_000


@dataclass
class Log:
    """A transaction log that grows, as the exchange shows it, and a clock that stands at its end."""

    rows: list[dict[str, str]] = field(default_factory=list)
    at_ms: int = BEGUN_MS

    def now_ms(self) -> int:
        return self.at_ms

    def pages(self, method: str, **asked: Any) -> Iterator[tuple[dict[str, str], ...]]:
        assert method == "get_transaction_log"
        yield tuple(
            row
            for row in reversed(self.rows)
            if asked["startTime"] <= int(row["transactionTime"]) <= asked["endTime"]
            and asked.get("type", row["type"]) == row["type"]
        )

    def settle(self) -> None:
        self.at_ms += HOUR_MS
        self.rows.append(
            {
                "type": "SETTLEMENT",
                "transactionTime": str(self.at_ms - 1),
                "symbol": "BTCUSDT",
                "side": "Buy",
                "qty": "0.1",
                "feeRate": "0.0001",
                "tradePrice": "50000",
                "funding": "-0.5",
            }
        )


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def told() -> list[Event]:
    return []


@pytest.fixture
def ledger(log: Log, told: list[Event]) -> Ledger:
    return Ledger(log, Owner("A", "1"), told.append, log, BEGUN_MS)  # type: ignore[arg-type]


def read(ledger: Ledger) -> None:
    for _ in ledger.read():
        pass


def test_everything_is_told_once_however_often_it_is_read(ledger: Ledger, log: Log, told: list[Event]) -> None:
    for _ in range(300):
        log.settle()
        read(ledger)
        read(ledger)
    assert [event.at_ms // HOUR_MS for event in told] == [int(row["transactionTime"]) // HOUR_MS for row in log.rows]
    assert all(isinstance(event, FundingPayment) and event.amount == Decimal("-0.5") for event in told)


def test_what_will_not_be_read_again_is_forgotten(ledger: Ledger, log: Log) -> None:
    for _ in range(300):
        log.settle()
        read(ledger)
    assert ledger.remembered <= 2 + OVERLAP_MS // HOUR_MS


def test_a_look_at_a_long_absence_tells_everything_once(ledger: Ledger, log: Log, told: list[Event]) -> None:
    for _ in range(6_000):
        log.settle()
    read(ledger)
    read(ledger)
    assert len(told) == 6_000

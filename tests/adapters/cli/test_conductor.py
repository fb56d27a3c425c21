"""What the market of the demonstration waits for before it goes on."""

from decimal import Decimal

import pytest

from adapters.cli.conductor import OpenRequests
from runtime.codec import to_plain
from runtime.events import (
    AccountSeen,
    CashFlow,
    Event,
    OrderAccepted,
    OrderCancelled,
    OrderRejected,
    StopPlaced,
)
from runtime.instrument import Market
from runtime.requests import CancelOrder, ChangeStop, LookAtAccount, MoveMoney, Request

ONE = Decimal(1)
MOVE = MoveMoney("move-1", "TREND-1", "RESERVE", "USDT", ONE)
CANCEL = CancelOrder("order-1", "TREND-1", Market.LINEAR, "BTCUSDT")
STOP = ChangeStop("TREND-1", "BTCUSDT", ONE)


@pytest.mark.parametrize(
    ("request_", "answers"),
    [
        (MOVE, [CashFlow(1, f"flow-{n}", "TREND-1", "USDT", ONE, "move-1") for n in (1, 2)]),
        (MOVE, [OrderRejected(1, "move-1", 131212, "not enough")]),
        (CANCEL, [OrderCancelled(1, "order-1", "by user")]),
        (STOP, [StopPlaced(1, "TREND-1", "BTCUSDT", ONE)]),
        (STOP, [OrderRejected(1, "stop:TREND-1:BTCUSDT", 10001, "no position")]),
        (LookAtAccount("TREND-1"), [AccountSeen(1, "TREND-1", (), (), (), True)]),
    ],
)
def test_a_request_is_open_until_its_last_answer(request_: Request, answers: list[Event]) -> None:
    waits = OpenRequests()
    waits.asked(to_plain(request_))
    for answer in answers:
        assert waits
        waits.heard("OrderAccepted", to_plain(OrderAccepted(1, "somebody-elses")))
        waits.heard("StopPlaced", to_plain(StopPlaced(1, "TREND-2", "BTCUSDT", ONE)))
        assert waits
        waits.heard(type(answer).__name__, to_plain(answer))
    assert not waits

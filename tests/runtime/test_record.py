from decimal import Decimal

import pytest

from machines.intents import Direction
from runtime.instrument import Market
from runtime.record import record
from runtime.trades import Trade


def trade(gross: str, hours: int = 24) -> Trade:
    return Trade(
        book="trend-1",
        account="TREND-1",
        market=Market.LINEAR,
        symbol="BTCUSDT",
        direction=Direction.LONG,
        quantity=Decimal(1),
        entry_ms=0,
        entry_price=Decimal(100),
        exit_ms=hours * 3_600_000,
        exit_price=Decimal(100) + Decimal(gross),
        gross=Decimal(gross),
        fees=Decimal(2),
        funding=Decimal(1),
        entry_rule="entries.long",
        exit_rule="stop",
    )


@pytest.mark.spec("BT-05")
def test_trades_are_summed_up_after_fees_and_funding() -> None:
    told = record([trade("11"), trade("31"), trade("-9"), trade("1", hours=48)])
    assert (told.trades, told.won, told.win_rate) == (4, 2, 0.5)
    assert told.profit_factor == pytest.approx(40 / 10)
    assert told.net == Decimal(30)
    assert (told.average_win, told.average_loss, told.average_hours) == (Decimal(20), Decimal(-5), 30.0)


@pytest.mark.spec("BT-05")
def test_without_trades_or_losses_there_is_nothing_to_divide_by() -> None:
    nothing = record([])
    assert (nothing.win_rate, nothing.profit_factor, nothing.average_win, nothing.average_hours) == (
        None,
        None,
        None,
        None,
    )
    assert record([trade("10")]).profit_factor is None
    assert record([trade("1")]).profit_factor is None

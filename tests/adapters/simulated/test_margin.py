"""Margin, against a recorded account."""

from decimal import Decimal

from adapters.simulated.instruments import load_instruments
from adapters.simulated.margin import initial_margin, maintenance_margin
from adapters.simulated.position import Position
from runtime.instrument import Market


def test_margins_are_those_of_a_recorded_position() -> None:
    shipped = load_instruments()[Market.LINEAR, "SOLUSDT"]
    # That account paid 18 % tax on its fee.
    solana = type(shipped)(
        **{name: getattr(shipped, name) for name in shipped.__slots__ if name != "taker_fee"},
        taker_fee=Decimal("0.000649"),
    )
    position = Position(Decimal("0.2"), Decimal("0.2") * Decimal("233.02"))
    assert round(initial_margin(position, solana, Decimal(10)), 7) == Decimal("4.6876214")
    assert round(maintenance_margin(position, solana, Decimal(10)), 7) == Decimal("0.2602414")

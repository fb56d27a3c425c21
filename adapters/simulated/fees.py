"""What an execution costs, and in which coin."""

from decimal import Decimal

from adapters.simulated.precision import EXACT, money_up
from runtime.instrument import Instrument, Market
from runtime.requests import Side


def fee_of(instrument: Instrument, side: Side, quantity: Decimal, price: Decimal, maker: bool) -> tuple[Decimal, str]:
    """Say the fee and its coin: a spot purchase pays in the coin bought, everything else in quote coin."""
    rate = instrument.maker_fee if maker else instrument.taker_fee
    if instrument.market is Market.SPOT and side is Side.BUY:
        return money_up(quantity * rate), instrument.base
    return money_up(EXACT.multiply(EXACT.multiply(quantity, price), rate)), instrument.quote

"""How near an account's perpetuals are to being closed by the exchange."""

from collections.abc import Callable
from decimal import Decimal

from runtime.instrument import Instrument, Market
from runtime.portfolio import Portfolio
from runtime.position import Position

ZERO = Decimal(0)
ONE = Decimal(1)
STARTING_LEVERAGE = Decimal(10)


def room_to_rise(portfolio: Portfolio, account: str, perpetual: Callable[[str], Instrument]) -> Decimal | None:
    """Give how far the prices of all shorts of an account may rise together, as a ratio; None without a short.

    Cross margin: the wallet's quote coin and all unrealised profit stand for all positions; coins are no collateral.
    Below zero the exchange would close them already.
    """
    held = [position for position in portfolio.positions(account) if position.market is Market.LINEAR]
    value = needed = profit = ZERO
    for position in held:
        price = portfolio.mark_of(Market.LINEAR, position.symbol)
        if price is None:
            return None
        value -= position.quantity * price
        profit += position.unrealised(price)
        needed += maintenance(position, perpetual(position.symbol), portfolio.leverage_set(account, position.symbol))
    balance = portfolio.wallet(account, portfolio.money) + profit
    return (balance - needed) / value if value > ZERO else None


def maintenance(position: Position, instrument: Instrument, leverage: Decimal | None) -> Decimal:
    """Give what must be left for a position or it is closed: its maintenance margin and the fee of closing it."""
    used = min(STARTING_LEVERAGE, instrument.maximum_leverage) if leverage is None else leverage
    part = ONE + ONE / used if position.quantity < ZERO else ONE - ONE / used
    return abs(position.cost) * (instrument.maintenance_margin + part * instrument.taker_fee)

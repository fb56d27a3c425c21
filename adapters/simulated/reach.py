"""Between which prices no stop is reached and no account liquidated."""

from collections.abc import Mapping
from decimal import Decimal

from adapters.simulated.account import Account
from adapters.simulated.accounts import Accounts
from adapters.simulated.margin import Margin
from adapters.simulated.position import Position
from adapters.simulated.precision import ONE, ZERO
from runtime.decimals import EXACT
from runtime.settlements import MOST_PAID

Box = Mapping[str, tuple[float, float]]
# So much of twice what is held may be paid for funding, and the bounds still hold.
RESERVE = Decimal(repr(MOST_PAID))
TWICE = Decimal(2)
# How far the prices may go against the positions, tried from the widest.
PARTS = tuple(map(Decimal, ("1", "0.5", "0.2", "0.1", "0.05", "0.02")))
# A float is as near to its decimal as this, and nearer.
ROUNDING = 1e-12


def reach_of(accounts: Accounts, margin: Margin) -> Box | None:
    """Give for each perpetual that is held the prices that bound it; None where an account has no room at all."""
    reach: dict[str, tuple[float, float]] = {}
    for account in accounts:
        if account.positions:
            room = room_of(account, margin)
            if room is None:
                return None
            for symbol, (low, high) in room.items():
                before = reach.get(symbol, (low, high))
                reach[symbol] = max(before[0], low), min(before[1], high)
    return reach


def room_of(account: Account, margin: Margin, stops: bool = True) -> Box | None:
    """Give the widest bounds at which an account survives with all of its positions at their worst at once.

    Without `stops` these are taken not to be there, so that the bounds hold wherever they stand.
    """
    for part in PARTS:
        worst = {symbol: _worst(symbol, one, part, margin, stops) for symbol, one in account.positions.items()}
        if _survives(account, worst, margin):
            last = margin.last_mark
            return {s: _between(one, worst[s], last(s, one)) for s, one in account.positions.items()}
    return None


def _worst(symbol: str, position: Position, part: Decimal, margin: Margin, stops: bool) -> Decimal:
    last, stop = margin.last_mark(symbol, position), position.stop if stops else None
    if position.is_long:
        return max(EXACT.multiply(last, ONE - part), stop or ZERO)
    far = EXACT.multiply(last, ONE + part)
    return far if stop is None else min(far, stop)


def _survives(account: Account, worst: Mapping[str, Decimal], margin: Margin) -> bool:
    coins = {margin.settles_in(symbol) for symbol in account.positions}
    mark = lambda symbol, _: worst[symbol]  # noqa: E731 - the marks of a moment
    return all(margin.balance(account, coin, mark) > _needed(account, coin, margin) for coin in coins)


def _needed(account: Account, coin: str, margin: Margin) -> Decimal:
    return EXACT.add(margin.maintenance(account, coin), _reserve(account, coin, margin))


def _reserve(account: Account, coin: str, margin: Margin) -> Decimal:
    """What funding may come to while no price more than doubles."""
    held = (
        EXACT.multiply(position.size, margin.last_mark(symbol, position))
        for symbol, position in account.positions.items()
        if margin.settles_in(symbol) == coin
    )
    return EXACT.multiply(sum(held, ZERO), EXACT.multiply(TWICE, RESERVE))


def _between(position: Position, worst: Decimal, last: Decimal) -> tuple[float, float]:
    price = float(worst)
    return (price * (1 + ROUNDING), 2 * float(last)) if position.is_long else (0.0, price * (1 - ROUNDING))

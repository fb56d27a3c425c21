"""What is held, in words for the operator."""

from collections.abc import Iterator, Mapping

from runtime.decimals import readable
from runtime.instrument import Market
from runtime.portfolio import Portfolio
from runtime.position import Position


def held(portfolio: Portfolio) -> Iterator[tuple[str, Position]]:
    """Every position of every account that is more than dust, with the account."""
    for account in portfolio.accounts:
        for position in portfolio.positions(account):
            if portfolio.holds(account, position.market, position.symbol):
                yield account, position


def told_positions(portfolio: Portfolio, remarks: Mapping[tuple[str, str], str]) -> str:
    """List what is held, each perpetual with its stop, with remarks by account and symbol; "nothing" when empty."""
    lines = [_told(portfolio, account, position, remarks) for account, position in held(portfolio)]
    return "; ".join(lines) or "nothing"


def _told(portfolio: Portfolio, account: str, position: Position, remarks: Mapping[tuple[str, str], str]) -> str:
    words = f"{account} {position.symbol} {readable(abs(position.quantity))}"
    if position.market is Market.LINEAR:
        stop = portfolio.stop(account, position.symbol)
        words += f" {position.direction}, {'without a stop' if stop is None else f'stop at {readable(stop)} USDT'}"
    remark = remarks.get((account, position.symbol))
    return words if remark is None else f"{words} ({remark})"

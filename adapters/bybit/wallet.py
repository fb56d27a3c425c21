"""What an account has."""

from decimal import Decimal

from adapters.bybit.fields import MalformedError, Row, decimal, rows, text
from adapters.bybit.line import Line


def unified(line: Line) -> Row:
    """Ask for the one unified account of a key; raises RefusedError, NoAnswerError or MalformedError."""
    accounts = rows(line.ask("get_wallet_balance", accountType="UNIFIED").result, "list")
    if len(accounts) != 1:
        raise MalformedError(f"list: expected one unified account, found {len(accounts)}.")
    return accounts[0]


def coins(account: Row) -> dict[str, Decimal]:
    """Give the amount of each coin in a unified account's wallet."""
    return {text(coin, "coin"): decimal(coin, "walletBalance") for coin in rows(account, "coin")}


def worth(account: Row) -> Decimal:
    """Give what the exchange says everything in a unified account is worth, in US dollars."""
    return decimal(account, "totalEquity")

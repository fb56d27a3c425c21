"""A wallet as Bybit writes it: totals in USD, which is taken to be USDT, and coins."""

from decimal import Decimal
from typing import Any

from adapters.served.figure import figure
from adapters.simulated.live import LiveExchange
from adapters.simulated.precision import ZERO
from adapters.simulated.statement import CoinStatement
from runtime.instrument import Market

SETTLES = "USDT"


def wallet_row(live: LiveExchange, account: str) -> dict[str, Any]:
    """Write a unified account; coins of which there is nothing are left out."""
    names = [coin for coin, amount in live.model.wallet(account).items() if amount]
    statements = [live.model.statement(account, coin) for coin in dict.fromkeys((*names, SETTLES))]
    settling = next(one for one in statements if one.coin == SETTLES)
    values = {one.coin: one.equity * _price(live, one.coin) for one in statements}
    shown = [one for one in statements if one.balance or one.unrealised]
    return _totals(live, statements, settling, sum(values.values(), ZERO)) | {
        "coin": [_coin(live, account, one, values[one.coin]) for one in shown]
    }


def _totals(
    live: LiveExchange, statements: list[CoinStatement], settling: CoinStatement, equity: Decimal
) -> dict[str, Any]:
    wallet = sum((one.balance * _price(live, one.coin) for one in statements), ZERO)
    margin = settling.equity
    amounts = {
        "totalEquity": equity,
        "totalWalletBalance": wallet,
        "totalMarginBalance": margin,
        "totalAvailableBalance": max(settling.available, ZERO),
        "totalPerpUPL": settling.unrealised,
        "totalInitialMargin": settling.initial + settling.reserved - settling.locked,
        "totalMaintenanceMargin": settling.maintenance,
        "accountIMRate": _part(settling.initial + settling.reserved - settling.locked, margin),
        "accountMMRate": _part(settling.maintenance, margin),
        "accountLTV": ZERO,
    }
    return {"accountType": "UNIFIED", **{name: figure(amount) for name, amount in amounts.items()}}


def _coin(live: LiveExchange, account: str, one: CoinStatement, value: Decimal) -> dict[str, Any]:
    amounts = {
        "equity": one.equity,
        "usdValue": value,
        "walletBalance": one.balance,
        "locked": one.locked,
        "totalOrderIM": one.reserved - one.locked,
        "totalPositionIM": one.initial,
        "totalPositionMM": one.maintenance,
        "unrealisedPnl": one.unrealised,
        "cumRealisedPnl": _realised(live, account) if one.coin == SETTLES else ZERO,
        "availableToWithdraw": max(one.free, ZERO),
    }
    nothing = dict.fromkeys(("spotHedgingQty", "borrowAmount", "spotBorrow", "accruedInterest", "bonus"), "0")
    flags = {"collateralSwitch": True, "marginCollateral": True, "availableToBorrow": "", "free": ""}
    return {"coin": one.coin, **{name: figure(amount) for name, amount in amounts.items()}, **nothing, **flags}


def _realised(live: LiveExchange, account: str) -> Decimal:
    symbols = (symbol for market, symbol in live.instruments if market is Market.LINEAR)
    return sum((live.ledger.realised(account, symbol) for symbol in symbols), ZERO)


def _price(live: LiveExchange, coin: str) -> Decimal:
    """Say what a coin is worth; one that has no price yet counts for nothing."""
    if coin == SETTLES:
        return Decimal(1)
    return live.model.last(Market.SPOT, f"{coin}{SETTLES}") or ZERO


def _part(amount: Decimal, whole: Decimal) -> Decimal:
    return (amount / whole).quantize(Decimal("1E-8")) if whole > ZERO else ZERO

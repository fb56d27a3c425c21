"""What an execution of the exchange is: a fill, or a payment of funding."""

from dataclasses import replace
from decimal import Decimal

from adapters.bybit.fields import (
    MalformedError,
    Row,
    decimal,
    milliseconds,
    optional_decimal,
    optional_text,
    positive,
    shown,
    text,
)
from adapters.bybit.wire import SIDE_OF
from runtime.events import Fill, FillKind, FundingPayment
from runtime.instrument import Instrument, Market
from runtime.requests import Side

FUNDING = "Funding"
LIQUIDATIONS = frozenset({"BustTrade", "AdlTrade"})
TRADES = frozenset({"Trade", "BlockTrade", "MovePosition", "Delivery", "Settle"})
MINUTE_MS = 60_000
QUOTES = ("USDT", "USDC")


def market_of(value: object) -> Market:
    """Read a category; raises MalformedError for one that is not traded here."""
    if value not in (Market.SPOT.value, Market.LINEAR.value):
        raise MalformedError(f"category: expected spot or linear, found {shown(value)}.")
    return Market(value)


def side_of(data: Row) -> Side:
    """Read the side of an order or a fill."""
    side = SIDE_OF.get(text(data, "side"))
    if side is None:
        raise MalformedError(f"side: expected Buy or Sell, found {shown(data.get('side'))}.")
    return side


def fill_of(data: Row, account: str, market: Market, order_id: str, instrument: Instrument | None) -> Fill:
    """Read a fill of the order with this id of the engine."""
    side, symbol = side_of(data), text(data, "symbol")
    leaves = optional_decimal(data, "leavesQty")
    return Fill(
        at_ms=milliseconds(data, "execTime"),
        execution_id=text(data, "execId"),
        order_id=order_id,
        account=account,
        market=market,
        symbol=symbol,
        side=side,
        quantity=positive(data, "execQty"),
        price=positive(data, "execPrice"),
        fee=optional_decimal(data, "execFee") or Decimal(0),
        fee_coin=optional_text(data, "feeCurrency") or fee_coin(market, symbol, side, instrument),
        maker=data.get("isMaker") is True,
        kind=kind_of(data),
        done=leaves is not None and not leaves,
    )


def kind_of(data: Row) -> FillKind:
    """Say what made an execution happen; raises MalformedError for a kind that is not known."""
    kind = text(data, "execType")
    if kind in LIQUIDATIONS:
        return FillKind.LIQUIDATION
    if kind not in TRADES:
        raise MalformedError(f"execType: expected one of {', '.join(sorted(TRADES))}, found {shown(kind)}.")
    return FillKind.STOP if "Stop" in optional_text(data, "stopOrderType") else FillKind.TRADE


def fee_coin(market: Market, symbol: str, side: Side, instrument: Instrument | None) -> str:
    """Say in which coin a fee is paid where the exchange doesn't: coins that were bought pay it themselves."""
    quote = instrument.quote if instrument else next((coin for coin in QUOTES if symbol.endswith(coin)), "")
    base = instrument.base if instrument else symbol.removesuffix(quote)
    return base if market is Market.SPOT and side is Side.BUY else quote


def funding_of(data: Row, account: str) -> FundingPayment:
    """Read a settlement among the executions: a fee above zero was paid."""
    quantity = positive(data, "execQty")
    signed = quantity if side_of(data) is Side.BUY else -quantity
    fee, mark = decimal(data, "execFee"), positive(data, "execPrice")
    rate = optional_decimal(data, "feeRate")
    if rate is None:
        rate = fee / (signed * mark)
    at_ms, symbol = milliseconds(data, "execTime"), text(data, "symbol")
    return named(FundingPayment(at_ms, "", account, symbol, rate, signed, mark, -fee))


def named(payment: FundingPayment) -> FundingPayment:
    """Name a settlement after its account, symbol and minute, so that all places that tell of it tell of the same."""
    at_ms = payment.at_ms - payment.at_ms % MINUTE_MS
    name = f"funding-{payment.account}-{payment.symbol}-{at_ms}"
    return replace(payment, at_ms=at_ms, settlement_id=name)

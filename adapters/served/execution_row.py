"""An execution as Bybit writes it; a settlement of funding is one too."""

from decimal import Decimal
from typing import Any

from adapters.served.figure import figure
from adapters.served.order_row import CREATED_BY, SIDES, STOP_TYPES, TYPES
from adapters.simulated.execution import Execution
from adapters.simulated.precision import ZERO
from runtime.events import FillKind, FundingPayment
from runtime.instrument import Instrument, Market
from runtime.requests import Side

TYPES_OF_FILLS = {FillKind.TRADE: "Trade", FillKind.STOP: "Trade", FillKind.LIQUIDATION: "BustTrade"}


def execution_row(booked: Execution | FundingPayment, instrument: Instrument, mark: Decimal | None) -> dict[str, Any]:
    """Write an execution or settlement with all its fields, `category` included."""
    if isinstance(booked, FundingPayment):
        return _settlement(booked)
    fill, order = booked.fill, booked.order
    value = fill.quantity * fill.price
    rate = instrument.maker_fee if fill.maker else instrument.taker_fee
    return _rest(mark) | {
        "category": fill.market.value,
        "symbol": fill.symbol,
        "orderId": order.exchange_id,
        "orderLinkId": order.link_id,
        "side": SIDES[fill.side],
        "orderPrice": figure(order.request.price) or "0",
        "orderQty": figure(order.wanted),
        "leavesQty": figure(booked.left),
        "createType": CREATED_BY[order.origin],
        "orderType": TYPES[order.request.order_type],
        "stopOrderType": STOP_TYPES[order.origin] or "UNKNOWN",
        "execFee": figure(fill.fee),
        "execId": fill.execution_id,
        "execPrice": figure(fill.price),
        "execQty": figure(fill.quantity),
        "execType": TYPES_OF_FILLS[fill.kind],
        "execValue": figure(value),
        "execTime": str(fill.at_ms),
        "feeCurrency": fill.fee_coin if fill.market is Market.SPOT else "",
        "isMaker": fill.maker,
        "feeRate": figure(rate),
        "closedSize": figure(booked.closed) if fill.market is Market.LINEAR else "",
        "execPnl": figure(booked.realised),
        "isLeverage": "0",
        "seq": booked.number,
    }


def _settlement(payment: FundingPayment) -> dict[str, Any]:
    size = abs(payment.quantity)
    return _rest(payment.mark) | {
        "category": Market.LINEAR.value,
        "symbol": payment.symbol,
        "orderId": payment.settlement_id,
        "orderLinkId": "",
        "side": SIDES[Side.BUY if payment.quantity > ZERO else Side.SELL],
        "orderPrice": "0",
        "orderQty": "0",
        "leavesQty": "0",
        "createType": "",
        "orderType": "UNKNOWN",
        "stopOrderType": "UNKNOWN",
        "execFee": figure(-payment.amount),
        "execId": payment.settlement_id,
        "execPrice": figure(payment.mark),
        "execQty": figure(size),
        "execType": "Funding",
        "execValue": figure(size * payment.mark),
        "execTime": str(payment.at_ms),
        "feeCurrency": "",
        "isMaker": False,
        "feeRate": figure(payment.rate if payment.quantity > ZERO else -payment.rate),
        "closedSize": "0",
        "execPnl": "0",
        "isLeverage": "0",
        "seq": payment.at_ms,
    }


def _rest(mark: Decimal | None) -> dict[str, Any]:
    empty = dict.fromkeys(("tradeIv", "markIv", "indexPrice", "underlyingPrice", "blockTradeId"), "")
    return {**empty, "markPrice": figure(mark), "extraFees": ""}

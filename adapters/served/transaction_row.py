"""A line of the transaction log as Bybit writes it."""

from typing import Any

from adapters.served.figure import figure
from adapters.served.order_row import SIDES
from adapters.simulated.execution import Execution
from adapters.simulated.precision import ZERO
from adapters.simulated.transaction import Transaction
from runtime.events import CashFlow, EarnMoved, FundingPayment, InterestPaid
from runtime.instrument import Market
from runtime.requests import Side

NO_TRADE = ("symbol", "category", "side", "funding", "qty", "tradePrice", "feeRate", "orderId", "orderLinkId")


def transaction_row(line: Transaction) -> dict[str, Any]:
    """Write a line; funding is negative when paid, and `change` is cash flow plus funding less fee."""
    amounts = {
        "cashFlow": line.cash_flow,
        "fee": line.fee,
        "change": line.change,
        "cashBalance": line.balance,
        "size": line.size,
    }
    return {
        "id": f"{line.account}-{line.number}",
        "transactionTime": str(line.at_ms),
        "type": line.kind.value,
        "transSubType": "",
        "currency": line.coin,
        "bonusChange": "0",
        **{name: figure(amount) for name, amount in amounts.items()},
        **_cause(line.cause),
    }


def _cause(cause: Execution | FundingPayment | CashFlow | EarnMoved | InterestPaid) -> dict[str, str]:
    match cause:
        case Execution():
            return _trade(cause)
        case FundingPayment():
            return _settlement(cause)
        case CashFlow():
            return {**dict.fromkeys(NO_TRADE, ""), "tradeId": cause.transfer_id or cause.flow_id}
        case EarnMoved():
            return {**dict.fromkeys(NO_TRADE, ""), "tradeId": cause.order_id}
        case InterestPaid():
            return {**dict.fromkeys(NO_TRADE, ""), "tradeId": cause.payment_id}


def _trade(execution: Execution) -> dict[str, str]:
    fill, order = execution.fill, execution.order
    return {
        "symbol": fill.symbol,
        "category": fill.market.value,
        "side": SIDES[fill.side],
        "funding": "",
        "qty": figure(fill.quantity),
        "tradePrice": figure(fill.price),
        "feeRate": figure((fill.fee / (fill.quantity * fill.price)).quantize(fill.fee)) if fill.fee else "0",
        "orderId": order.exchange_id,
        "orderLinkId": order.link_id,
        "tradeId": fill.execution_id,
    }


def _settlement(payment: FundingPayment) -> dict[str, str]:
    is_long = payment.quantity > ZERO
    return {
        "symbol": payment.symbol,
        "category": Market.LINEAR.value,
        "side": SIDES[Side.BUY if is_long else Side.SELL],
        "funding": figure(payment.amount),
        "qty": figure(abs(payment.quantity)),
        "tradePrice": figure(payment.mark),
        "feeRate": figure(payment.rate if is_long else -payment.rate),
        "orderId": payment.settlement_id,
        "orderLinkId": "",
        "tradeId": payment.settlement_id,
    }

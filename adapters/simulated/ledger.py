"""The books of the exchange: executions and transactions, kept from events alone, beside what the accounts hold."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, TypeVar

from adapters.simulated.execution import Execution
from adapters.simulated.order_record import OrderRecord
from adapters.simulated.order_records import OrderRecords
from adapters.simulated.position import FLAT, Position
from adapters.simulated.precision import EXACT, ZERO, signed
from adapters.simulated.transaction import Transaction, TransactionKind
from runtime.codec import from_plain, to_plain
from runtime.events import CashFlow, EarnMoved, Fill, FillKind, FundingPayment, InterestPaid
from runtime.instrument import Instrument, Market

Booked = Execution | FundingPayment
Moved = CashFlow | EarnMoved | InterestPaid
Cause = TypeVar("Cause", bound=Execution | FundingPayment | Moved)


class Ledger:
    """Executions (funding among them) and transactions by account; positions and balances as these leave them.

    `entries` counts what was booked so far.
    """

    def __init__(
        self, instruments: Mapping[tuple[Market, str], Instrument], coins: Mapping[str, Mapping[str, Decimal]]
    ) -> None:
        self._instruments = instruments
        self._balances = {(account, coin): amount for account, held in coins.items() for coin, amount in held.items()}
        self._positions: dict[tuple[str, str], Position] = {}
        self._realised: dict[tuple[str, str], Decimal] = {}
        self._booked: dict[str, list[Booked]] = {}
        self._transactions: dict[str, list[Transaction]] = {}
        self.entries = 0

    def trade(self, fill: Fill, order: OrderRecord) -> Execution:
        """Book a fill, which the order has counted already."""
        closed, realised = ZERO, ZERO
        if fill.market is Market.LINEAR:
            closed, realised = self._move_position(fill)
        self.entries += 1
        execution = Execution(fill, order, order.left, closed, realised, self.entries)
        self._booked.setdefault(fill.account, []).append(execution)
        self._pay(execution)
        return execution

    def settle(self, payment: FundingPayment) -> None:
        """Book a settlement of funding."""
        self.entries += 1
        self._booked.setdefault(payment.account, []).append(payment)
        coin = self._instruments[Market.LINEAR, payment.symbol].quote
        key = (payment.account, payment.symbol)
        self._realised[key] = self._realised.get(key, ZERO) + payment.amount
        kind = TransactionKind.SETTLEMENT
        self._post(payment.at_ms, payment.account, kind, coin, payment, funding=payment.amount, size=payment.quantity)

    def move(self, flow: Moved) -> None:
        """Book coins that came or went: money, loans and interest; what is lent out leaves the wallet."""
        self.entries += 1
        change = -flow.amount if isinstance(flow, EarnMoved) else flow.amount
        self._post(flow.at_ms, flow.account, _kind_of(flow), flow.coin, flow, cash_flow=change)

    def position(self, account: str, symbol: str) -> Position:
        """Give a position as the executions so far leave it; it has no stop."""
        return self._positions.get((account, symbol), FLAT)

    def realised(self, account: str, symbol: str) -> Decimal:
        """Say what a perpetual has earned an account so far, fees and funding included, in quote coin."""
        return self._realised.get((account, symbol), ZERO)

    def booked(self, account: str) -> Iterator[Booked]:
        """Yield an account's executions and settlements, newest first."""
        return reversed(self._booked.get(account, []))

    def transactions(self, account: str) -> Iterator[Transaction]:
        """Yield an account's transactions, newest first."""
        return reversed(self._transactions.get(account, []))

    def balance(self, account: str, coin: str) -> Decimal:
        """Say a balance as the transactions so far leave it."""
        return self._balances.get((account, coin), ZERO)

    def _move_position(self, fill: Fill) -> tuple[Decimal, Decimal]:
        key = (fill.account, fill.symbol)
        before = self._positions.get(key, FLAT)
        closed = min(before.closable(fill.side), fill.quantity)
        after, realised = before.after(fill.order_id, signed(fill.side, fill.quantity), fill.price)
        self._positions[key] = after
        self._realised[key] = self._realised.get(key, ZERO) + realised - fill.fee
        return closed, realised

    def _pay(self, execution: Execution) -> None:
        fill = execution.fill
        instrument = self._instruments[fill.market, fill.symbol]
        kind = TransactionKind.LIQUIDATION if fill.kind is FillKind.LIQUIDATION else TransactionKind.TRADE
        if fill.market is Market.LINEAR:
            flows, size = {instrument.quote: execution.realised}, self.position(fill.account, fill.symbol).quantity
        else:
            base = signed(fill.side, fill.quantity)
            flows = {instrument.base: base, instrument.quote: EXACT.multiply(-base, fill.price)}
            size = ZERO
        for coin, flow in flows.items():
            fee = fill.fee if coin == fill.fee_coin else ZERO
            self._post(fill.at_ms, fill.account, kind, coin, execution, cash_flow=flow, fee=fee, size=size)

    def _post(  # noqa: PLR0913 - a line of the log has as many columns
        self,
        at_ms: int,
        account: str,
        kind: TransactionKind,
        coin: str,
        cause: Execution | FundingPayment | Moved,
        *,
        cash_flow: Decimal = ZERO,
        funding: Decimal = ZERO,
        fee: Decimal = ZERO,
        size: Decimal = ZERO,
    ) -> None:
        change = EXACT.subtract(EXACT.add(cash_flow, funding), fee)
        balance = EXACT.add(self.balance(account, coin), change)
        self._balances[account, coin] = balance
        lines = self._transactions.setdefault(account, [])
        lines.append(
            Transaction(len(lines) + 1, at_ms, account, kind, coin, balance, cause, cash_flow, funding, fee, size)
        )

    def to_plain(self) -> dict[str, Any]:
        """Give it as JSON-able values."""
        return {
            "balances": [[*key, str(amount)] for key, amount in self._balances.items()],
            "positions": [[*key, position.to_plain()] for key, position in self._positions.items()],
            "realised": [[*key, str(amount)] for key, amount in self._realised.items()],
            "booked": {account: [to_plain(one) for one in booked] for account, booked in self._booked.items()},
            "transactions": {
                account: [to_plain(line) for line in lines] for account, lines in self._transactions.items()
            },
            "entries": self.entries,
        }

    @classmethod
    def from_plain(
        cls,
        plain: Mapping[str, Any],
        instruments: Mapping[tuple[Market, str], Instrument],
        orders: OrderRecords,
    ) -> "Ledger":
        """Build it from what to_plain gave; its executions are of these orders."""
        ledger = cls(instruments, {})
        ledger._balances = {(account, coin): Decimal(amount) for account, coin, amount in plain["balances"]}
        ledger._positions = {(account, symbol): Position.from_plain(one) for account, symbol, one in plain["positions"]}
        ledger._realised = {(account, symbol): Decimal(amount) for account, symbol, amount in plain["realised"]}
        for account, booked in plain["booked"].items():
            ledger._booked[account] = [_of(orders, from_plain(Booked, one)) for one in booked]
        for account, lines in plain["transactions"].items():
            read = [from_plain(Transaction, line) for line in lines]
            ledger._transactions[account] = [replace(line, cause=_of(orders, line.cause)) for line in read]
        ledger.entries = plain["entries"]
        return ledger


def _kind_of(flow: Moved) -> TransactionKind:
    if isinstance(flow, InterestPaid):
        return TransactionKind.INTEREST
    if isinstance(flow, EarnMoved):
        return TransactionKind.LENT if flow.amount > ZERO else TransactionKind.GIVEN_BACK
    return TransactionKind.TRANSFER_IN if flow.amount > ZERO else TransactionKind.TRANSFER_OUT


def _of(orders: OrderRecords, cause: Cause) -> Cause:
    """Give an execution the order that goes on, instead of its copy."""
    return replace(cause, order=orders.named(cause.order.exchange_id)) if isinstance(cause, Execution) else cause

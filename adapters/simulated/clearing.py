"""What an execution does to coins, positions and orders, and the events that tell of it."""

from dataclasses import dataclass
from decimal import Decimal

from adapters.simulated.account import Account
from adapters.simulated.fees import fee_of
from adapters.simulated.order import Order
from adapters.simulated.precision import EXACT, money_down, signed
from adapters.simulated.refusal import Ending
from adapters.simulated.venue import Venue
from runtime.events import ExchangeEvent, Fill, FillKind, FundingPayment, OrderCancelled, StopPlaced
from runtime.instrument import Instrument, Market
from runtime.requests import Side


@dataclass(frozen=True, slots=True)
class Deal:
    """What changes hands in one execution."""

    account: str
    instrument: Instrument
    side: Side
    quantity: Decimal
    price: Decimal
    maker: bool


class Clearing:
    """The only place where coins and positions change hands; `executions` counts the fills so far."""

    def __init__(self, venue: Venue, executions: int = 0) -> None:
        self._venue = venue
        self.executions = executions

    def trade(self, order: Order, quantity: Decimal, price: Decimal, maker: bool, at_ms: int) -> list[ExchangeEvent]:
        """Fill a part of an open order, or all of it; the first part brings the attached stop."""
        request = order.request
        instrument = self._venue.instruments[order.symbol_key]
        is_first = not order.filled
        order.record(quantity, price)
        done = order.is_spent(instrument, price)
        if done:
            self._venue.book.remove(order)
        deal = Deal(request.account, instrument, request.side, quantity, price, maker)
        fill = self._execute(deal, request.order_id, FillKind.TRADE, done, at_ms)
        return [fill, *self._attach(order, is_first, at_ms), *self._cancel_needless(deal, at_ms)]

    def close(self, account: Account, symbol: str, price: Decimal, kind: FillKind, at_ms: int) -> list[ExchangeEvent]:
        """Close a whole position, by its stop or by liquidation."""
        position = account.position(symbol)
        order_id = position.stop_order_id if kind is FillKind.STOP else position.order_id
        done = self._venue.book.find(account.name, order_id) is None
        instrument = self._venue.perpetual(symbol)
        deal = Deal(account.name, instrument, position.closing_side, position.size, price, maker=False)
        fill = self._execute(deal, order_id, kind, done, at_ms)
        return [fill, *self._cancel_needless(deal, at_ms)]

    def cancel(self, order: Order, ending: Ending, at_ms: int) -> OrderCancelled:
        """End an open order without another fill."""
        self._venue.book.remove(order)
        return OrderCancelled(at_ms, order.request.order_id, ending.value)

    def settle(self, symbol: str, mark: Decimal, rate: Decimal, at_ms: int) -> list[ExchangeEvent]:
        """Pay funding on every position in a symbol: at a positive rate longs pay, shorts receive."""
        coin = self._venue.perpetual(symbol).quote
        payments: list[ExchangeEvent] = []
        for account in self._venue.accounts.holders((symbol,)):
            quantity = account.position(symbol).quantity
            amount = money_down(EXACT.multiply(EXACT.multiply(-quantity, mark), rate))
            account.change(coin, amount)
            settlement_id = f"funding-{account.name}-{symbol}-{at_ms}"
            payments.append(FundingPayment(at_ms, settlement_id, account.name, symbol, rate, quantity, mark, amount))
        return payments

    def _execute(self, deal: Deal, order_id: str, kind: FillKind, done: bool, at_ms: int) -> Fill:
        instrument = deal.instrument
        fee, fee_coin = fee_of(instrument, deal.side, deal.quantity, deal.price, deal.maker)
        account = self._venue.accounts.named(deal.account)
        self._exchange(account, deal, order_id)
        account.change(fee_coin, -fee)
        self.executions += 1
        return Fill(
            at_ms=at_ms,
            execution_id=f"execution-{self.executions}",
            order_id=order_id,
            account=deal.account,
            market=instrument.market,
            symbol=instrument.symbol,
            side=deal.side,
            quantity=deal.quantity,
            price=deal.price,
            fee=fee,
            fee_coin=fee_coin,
            maker=deal.maker,
            kind=kind,
            done=done,
        )

    def _exchange(self, account: Account, deal: Deal, order_id: str) -> None:
        instrument, change = deal.instrument, signed(deal.side, deal.quantity)
        if instrument.market is Market.SPOT:
            account.change(instrument.base, change)
            account.change(instrument.quote, EXACT.multiply(-change, deal.price))
            return
        position, realised = account.position(instrument.symbol).after(order_id, change, deal.price)
        self._venue.accounts.put(account, instrument.symbol, position)
        account.change(instrument.quote, realised)

    def _attach(self, order: Order, is_first: bool, at_ms: int) -> list[ExchangeEvent]:
        stop, symbol = order.request.stop_loss, order.request.symbol
        # A stop changed since the first part must not be undone by the next.
        if stop is None or not is_first:
            return []
        account = self._venue.accounts.named(order.request.account)
        position = account.position(symbol)
        if not position.quantity or position.closing_side is order.request.side:
            return []
        self._venue.accounts.put(account, symbol, position.protected(stop, order.request.order_id))
        return [StopPlaced(at_ms, account.name, symbol, stop)]

    def _cancel_needless(self, deal: Deal, at_ms: int) -> list[ExchangeEvent]:
        market, symbol = deal.instrument.market, deal.instrument.symbol
        if market is Market.SPOT:
            return []
        position = self._venue.accounts.named(deal.account).position(symbol)
        reducing = [order for order in self._venue.book.on((market, symbol)) if order.request.reduce_only]
        own = [order for order in reducing if order.request.account == deal.account]
        needless = [order for order in own if not position.closable(order.request.side)]
        return [self.cancel(order, Ending.BY_REDUCE_ONLY, at_ms) for order in needless]

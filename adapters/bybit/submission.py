"""Requests that change something: each is sent once, and its answer becomes an event."""

from collections.abc import Sequence

from adapters.bybit.account_news import AccountNews, Put
from adapters.bybit.answers import (
    is_as_asked,
    name_of_leverage,
    name_of_stop,
    news_of,
    news_of_cancel,
    own_answers,
)
from adapters.bybit.client import NOT_ANSWERED, NoAnswerError, RefusedError, Reply
from adapters.bybit.line import Line
from adapters.bybit.savings import Savings, has_no_product
from adapters.bybit.wire import Fields, batch, cancellation, leverage, loan, placement, stop_change, transfer
from runtime.answers import NOT_SENT
from runtime.events import CashFlow, Event, LeverageSet, OrderAccepted, OrderRejected
from runtime.ports import Clock
from runtime.requests import CancelOrder, ChangeStop, EarnOrder, MoveMoney, PlaceOrder, SetLeverage

Changing = PlaceOrder | CancelOrder | ChangeStop | SetLeverage | MoveMoney | EarnOrder
NO_PERMISSION = 10005
DONE = "SUCCESS"


class Submission:
    """Sends one account's changes; `members` are the exchange's numbers of the accounts, for transfers."""

    def __init__(
        self, line: Line, news: AccountNews, put: Put, clock: Clock, members: dict[str, str], savings: Savings
    ) -> None:
        self._line, self._news, self._put, self._clock, self._members = line, news, put, clock, members
        self._savings = savings

    def send(self, request: Changing) -> None:
        """Send a request, once, and tell what its answer means."""
        match request:
            case PlaceOrder():
                self._place(request)
            case CancelOrder():
                self._cancel(request)
            case ChangeStop():
                self._change_stop(request)
            case SetLeverage():
                self._set_leverage(request)
            case MoveMoney():
                self._move_money(request)
            case EarnOrder():
                self._lend(request)

    def place_all(self, orders: Sequence[PlaceOrder]) -> None:
        """Send several orders of one market in one request, once, and tell what its answer means to each of them."""
        for order in orders:
            self._news.sent(order)
        answer = self._ask("place_batch_order", batch(orders))
        for order, own in zip(orders, own_answers(answer, [order.order_id for order in orders]), strict=True):
            self._answered(order, own)

    def too_late(self, request: PlaceOrder) -> None:
        """Tell that an entry has waited too long for the limits and was not sent."""
        reason = "It had to wait too long for the exchange's rate limit and was not sent."
        self._put(OrderRejected(self._clock.now_ms(), request.order_id, NOT_SENT, reason))

    def _place(self, order: PlaceOrder) -> None:
        self._news.sent(order)
        self._answered(order, self._ask("place_order", placement(order)))

    def _answered(self, order: PlaceOrder, answer: Reply | RefusedError | NoAnswerError) -> None:
        if isinstance(answer, Reply):
            self._news.accepted(order.order_id, answer.at_ms)
        else:
            self._put(news_of(answer, order.order_id, self._clock.now_ms()))

    def _cancel(self, request: CancelOrder) -> None:
        # The order's own row tells when it is gone.
        answer = self._ask("cancel_order", cancellation(request))
        if not isinstance(answer, Reply):
            self._put(news_of_cancel(answer, request.order_id, self._clock.now_ms()))

    def _change_stop(self, request: ChangeStop) -> None:
        answer = self._ask("set_trading_stop", stop_change(request))
        at_ms = answer.at_ms if isinstance(answer, Reply) else self._clock.now_ms()
        if isinstance(answer, Reply) or is_as_asked(answer):
            self._news.stop_stands(request.symbol, request.price, at_ms)
        else:
            self._put(news_of(answer, name_of_stop(request.account, request.symbol), at_ms))

    def _set_leverage(self, request: SetLeverage) -> None:
        answer = self._ask("set_leverage", leverage(request))
        at_ms, changed = (answer.at_ms, True) if isinstance(answer, Reply) else (self._clock.now_ms(), False)
        news: Event = LeverageSet(at_ms, request.account, request.symbol, request.leverage, changed)
        if not isinstance(answer, Reply) and not is_as_asked(answer):
            news = news_of(answer, name_of_leverage(request.account, request.symbol), at_ms)
        self._put(news)

    def _move_money(self, request: MoveMoney) -> None:
        if not {request.source, request.destination} <= self._members.keys():
            reason = f"{request.source} or {request.destination} is no account whose number at the exchange is known."
            self._put(OrderRejected(self._clock.now_ms(), request.transfer_id, NO_PERMISSION, reason))
            return
        answer = self._ask("create_universal_transfer", transfer(request, self._members))
        if isinstance(answer, Reply) and answer.result.get("status") == DONE:
            for flow in halves(request, answer.at_ms):
                self._put(flow)
            return
        status = (
            NoAnswerError(f"The transfer is {answer.result.get('status')}.") if isinstance(answer, Reply) else answer
        )
        self._put(news_of(status, request.transfer_id, self._clock.now_ms()))

    def _lend(self, order: EarnOrder) -> None:
        """Send an order for flexible savings; only a look tells later that the coins have moved."""
        try:
            product = self._savings.product(order.coin)
        except NOT_ANSWERED as problem:
            # Nothing has left for which there was no product to name.
            reason = f"The savings in {order.coin} could not be asked for: {problem}"
            self._put(OrderRejected(self._clock.now_ms(), order.order_id, NOT_SENT, reason))
            return
        if product is None:
            self._put(has_no_product(order, self._clock.now_ms()))
            return
        answer = self._ask("stake_or_redeem", loan(order, product.name))
        if isinstance(answer, Reply):
            self._put(OrderAccepted(answer.at_ms, order.order_id))
        else:
            self._put(news_of(answer, order.order_id, self._clock.now_ms()))

    def _ask(self, method: str, fields: Fields) -> Reply | RefusedError | NoAnswerError:
        try:
            return self._line.ask(method, **fields)
        except (RefusedError, NoAnswerError) as problem:
            return problem


def halves(request: MoveMoney, at_ms: int) -> tuple[CashFlow, CashFlow]:
    """Give what a transfer is in both accounts."""
    name, coin, amount = request.transfer_id, request.coin, request.amount
    return (
        CashFlow(at_ms, f"{name}:out", request.source, coin, -amount, name),
        CashFlow(at_ms, f"{name}:in", request.destination, coin, amount, name),
    )

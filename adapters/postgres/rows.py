"""What one entry of the journal changes in the tables that follow from it."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

from adapters.postgres.chain import Entry
from adapters.postgres.failure import StoreError
from adapters.postgres.ledger import Effect, Ledger
from adapters.postgres.owners import Owner, Owners
from runtime.codec import canonical, to_plain
from runtime.decimals import ZERO
from runtime.events import (
    CandleClose,
    CashFlow,
    Event,
    Fill,
    FillKind,
    FundingPayment,
    InterestPaid,
    OperatorCommand,
    OrderAccepted,
    OrderCancelled,
    OrderRejected,
    OrderUnknown,
)
from runtime.position import Position
from runtime.requests import MoveMoney, PlaceOrder
from runtime.step import Approved, Decision, Notice, Step

HOUR_MS = 3_600_000
Value = str | int | bool | Decimal | date | list[str] | None
Row = tuple[str, Mapping[str, Value]]
"""A statement and its values."""

ORDER = """
INSERT INTO orders (order_id, seq, at_ms, decision, book, rule, rules, account, market, symbol, side, order_type,
                    quantity, quote_amount, price, stop_loss, reduce_only, status)
VALUES (%(order_id)s, %(seq)s, %(at_ms)s, %(decision)s, %(book)s, %(rule)s, %(rules)s, %(account)s, %(market)s,
        %(symbol)s, %(side)s, %(order_type)s, %(quantity)s, %(quote_amount)s, %(price)s, %(stop_loss)s,
        %(reduce_only)s, 'sent')
ON CONFLICT DO NOTHING
"""
ACCEPTED = "UPDATE orders SET status = 'open' WHERE order_id = %(order_id)s AND status IN ('sent', 'unknown')"
UNKNOWN = "UPDATE orders SET status = 'unknown' WHERE order_id = %(order_id)s AND ended_ms IS NULL"
# A refusal may also be about the cancellation of an order that stands, which changes nothing about the order.
REFUSED = """
UPDATE orders SET status = 'refused', reason = %(reason)s, ended_ms = %(at_ms)s
WHERE order_id = %(order_id)s AND status IN ('sent', 'unknown') AND filled = 0
"""
CANCELLED = """
UPDATE orders SET status = 'cancelled', reason = %(reason)s, ended_ms = %(at_ms)s
WHERE order_id = %(order_id)s AND ended_ms IS NULL
"""
FILLED = """
UPDATE orders SET filled = filled + %(quantity)s, value = value + %(quantity)s * %(price)s,
    status = CASE WHEN %(done)s THEN 'filled' WHEN ended_ms IS NULL THEN 'partly filled' ELSE status END,
    ended_ms = CASE WHEN %(done)s THEN %(at_ms)s ELSE ended_ms END
WHERE order_id = %(order_id)s
"""
FILL = """
INSERT INTO fills VALUES (%(execution_id)s, %(seq)s, %(at_ms)s, %(order_id)s, %(account)s, %(market)s, %(symbol)s,
                          %(side)s, %(quantity)s, %(price)s, %(fee)s, %(fee_coin)s, %(maker)s, %(kind)s)
"""
HELD = """
INSERT INTO positions VALUES (%(account)s, %(market)s, %(symbol)s, %(quantity)s, %(average_price)s, %(opened_ms)s,
                              %(realised)s, %(fees)s, %(funding)s, %(stop)s, %(seq)s)
ON CONFLICT (account, market, symbol) DO UPDATE SET
    quantity = EXCLUDED.quantity, average_price = EXCLUDED.average_price, opened_ms = EXCLUDED.opened_ms,
    realised = EXCLUDED.realised, fees = EXCLUDED.fees, funding = EXCLUDED.funding, stop = EXCLUDED.stop,
    seq = EXCLUDED.seq
"""
FLAT = "DELETE FROM positions WHERE account = %(account)s AND market = %(market)s AND symbol = %(symbol)s"
TRADE = """
INSERT INTO trades VALUES (%(number)s, %(seq)s, %(book)s, %(account)s, %(market)s, %(symbol)s, %(direction)s,
                           %(quantity)s, %(entry_ms)s, %(entry_price)s, %(entry_rule)s, %(exit_ms)s, %(exit_price)s,
                           %(exit_rule)s, %(gross)s, %(fees)s, %(funding)s, %(net)s)
ON CONFLICT (number) DO UPDATE SET
    seq = EXCLUDED.seq, quantity = EXCLUDED.quantity, entry_price = EXCLUDED.entry_price, exit_ms = EXCLUDED.exit_ms,
    exit_price = EXCLUDED.exit_price, exit_rule = EXCLUDED.exit_rule, gross = EXCLUDED.gross, fees = EXCLUDED.fees,
    funding = EXCLUDED.funding, net = EXCLUDED.net
"""
FUNDING = """
INSERT INTO funding_payments VALUES (%(settlement_id)s, %(seq)s, %(at_ms)s, %(account)s, %(symbol)s, %(rate)s,
                                     %(quantity)s, %(mark)s, %(amount)s)
"""
TRANSFER = """
INSERT INTO transfers (transfer_id, seq, at_ms, source, destination, coin, amount)
VALUES (%(transfer_id)s, %(seq)s, %(at_ms)s, %(source)s, %(destination)s, %(coin)s, %(amount)s) ON CONFLICT DO NOTHING
"""
TRANSFER_LEFT = "UPDATE transfers SET left_ms = %(at_ms)s WHERE transfer_id = %(transfer_id)s"
TRANSFER_ARRIVED = "UPDATE transfers SET arrived_ms = %(at_ms)s WHERE transfer_id = %(transfer_id)s"
TRANSFER_REFUSED = "UPDATE transfers SET refused = %(reason)s WHERE transfer_id = %(order_id)s"
CASH_FLOW = """
INSERT INTO cash_flows
VALUES (%(flow_id)s, %(seq)s, %(at_ms)s, %(account)s, %(coin)s, %(amount)s, %(transfer_id)s)
"""
DAY = """
INSERT INTO days (day, account, orders, refused, fills, turnover, fees, funding, trades, net)
VALUES (%(day)s, %(account)s, %(orders)s, %(refused)s, %(fills)s, %(turnover)s, %(fees)s, %(funding)s, %(trades)s,
        %(net)s)
ON CONFLICT (day, account) DO UPDATE SET
    orders = days.orders + EXCLUDED.orders, refused = days.refused + EXCLUDED.refused,
    fills = days.fills + EXCLUDED.fills, turnover = days.turnover + EXCLUDED.turnover, fees = days.fees + EXCLUDED.fees,
    funding = days.funding + EXCLUDED.funding, trades = days.trades + EXCLUDED.trades, net = days.net + EXCLUDED.net
"""
SUMS = ("orders", "refused", "fills", "turnover", "fees", "funding", "trades", "net")
"""What is added up for each day of an account."""
EQUITY = """
INSERT INTO days (day, account, equity) VALUES (%(day)s, %(account)s, %(equity)s)
ON CONFLICT (day, account) DO UPDATE SET equity = EXCLUDED.equity
"""
AUDIT = """
INSERT INTO audit VALUES (%(seq)s, %(at_ms)s, %(command)s, %(actor)s, %(reason)s, %(book)s, %(details)s, %(answers)s)
"""


class Rows:
    """Turns entries into rows, one after the other; what money did is known from the ledger."""

    def __init__(self, owners: Owners) -> None:
        self.ledger: Ledger | None = None
        self._owners = owners

    def begun(self, seq: int) -> Iterator[Row]:
        """What was held before the first entry."""
        ledger = self._known_ledger()
        for account in ledger.portfolio.accounts:
            for _, position in ledger.positions(account):
                yield self._position(seq, account, position)

    def of(self, entry: Entry) -> Iterator[Row]:
        """What an entry changes: first what its event did, then what was asked for."""
        step = entry.step
        yield from self._event(entry.seq, step.event, step)
        yield from self._requests(entry, step)

    # ── what happened ───────────────────────────────────────────────────────────────────────────────────────────────

    def _event(self, seq: int, event: Event, step: Step) -> Iterator[Row]:
        if isinstance(event, Fill | FundingPayment | CashFlow | InterestPaid):
            yield from self._money(seq, event)
            return
        if self.ledger is not None:
            yield from self._positions(seq, self.ledger.take(event, self._owner))
        if isinstance(event, OrderAccepted | OrderUnknown | OrderRejected | OrderCancelled):
            yield from self._order_news(event)
        elif isinstance(event, OperatorCommand):
            yield self._command(seq, event, step)
        elif isinstance(event, CandleClose) and event.at_ms % HOUR_MS == 0 and self.ledger is not None:
            yield from self._equity(event.at_ms, self.ledger)

    def _order_news(self, event: OrderAccepted | OrderUnknown | OrderRejected | OrderCancelled) -> Iterator[Row]:
        values: dict[str, Value] = {"order_id": event.order_id, "at_ms": event.at_ms}
        if isinstance(event, OrderAccepted):
            yield ACCEPTED, values
        elif isinstance(event, OrderUnknown):
            yield UNKNOWN, values
        elif isinstance(event, OrderCancelled):
            yield CANCELLED, {**values, "reason": event.reason}
        else:
            refusal = {**values, "reason": f"{event.reason} ({event.code})"}
            yield REFUSED, refusal
            yield TRANSFER_REFUSED, refusal
            refused = self._owners.get(event.order_id)
            if refused is not None:
                yield _day(event.at_ms, refused.account, refused=1)

    def _money(self, seq: int, event: Fill | FundingPayment | CashFlow | InterestPaid) -> Iterator[Row]:
        effect = self._known_ledger().take(event, self._owner)
        if not effect.counted:
            return
        if isinstance(event, Fill):
            yield from self._fill(seq, event)
        elif isinstance(event, FundingPayment):
            yield FUNDING, {**_fields(event), "seq": seq}
            yield _day(event.at_ms, event.account, funding=event.amount)
        elif isinstance(event, InterestPaid):
            yield _day(event.at_ms, event.account, funding=self._known_ledger().worth(event.coin, event.amount))
        else:
            yield CASH_FLOW, {**_fields(event), "seq": seq}
            if event.transfer_id:
                yield TRANSFER_LEFT if event.amount < 0 else TRANSFER_ARRIVED, _fields(event)
        yield from self._positions(seq, effect)
        yield from self._trade(seq, event.at_ms, effect)

    def _fill(self, seq: int, fill: Fill) -> Iterator[Row]:
        values = {**_fields(fill), "seq": seq}
        yield FILL, values
        if fill.kind is FillKind.TRADE:
            yield FILLED, values
        in_money = fill.fee_coin == self._known_ledger().portfolio.money
        fee = fill.fee if in_money else fill.fee * fill.price
        yield _day(fill.at_ms, fill.account, fills=1, turnover=fill.quantity * fill.price, fees=fee)

    def _positions(self, seq: int, effect: Effect) -> Iterator[Row]:
        for account, position in effect.touched:
            yield self._position(seq, account, position)

    def _position(self, seq: int, account: str, position: Position) -> Row:
        values: dict[str, Value] = {
            "account": account,
            "market": position.market.value,
            "symbol": position.symbol,
            "quantity": position.quantity,
            "average_price": position.average_price,
            "opened_ms": position.opened_ms,
            "realised": position.realised,
            "fees": position.fees,
            "funding": position.funding,
            "stop": self._known_ledger().stop(account, position),
            "seq": seq,
        }
        return (FLAT if position.is_flat else HELD), values

    def _trade(self, seq: int, at_ms: int, effect: Effect) -> Iterator[Row]:
        closed = effect.closed
        if closed is not None:
            yield TRADE, {**_fields(closed.trade), "net": closed.trade.net, "number": closed.number, "seq": seq}
            yield _day(at_ms, closed.trade.account, trades=int(closed.first), net=closed.gained)

    def _equity(self, at_ms: int, ledger: Ledger) -> Iterator[Row]:
        """What each account is worth; a candle that closes at midnight belongs to the day that ends."""
        for account in ledger.portfolio.accounts:
            yield EQUITY, {"day": _date(at_ms - 1), "account": account, "equity": ledger.equity(account)}

    def _command(self, seq: int, event: OperatorCommand, step: Step) -> Row:
        answers = [record.text for record in step.records if isinstance(record, Notice)]
        values: dict[str, Value] = {
            "seq": seq,
            "at_ms": event.at_ms,
            "command": event.name,
            "actor": event.actor,
            "reason": event.reason,
            "book": event.book,
            "details": canonical(to_plain(event)).decode(),
            "answers": answers,
        }
        return AUDIT, values

    # ── what was asked for ──────────────────────────────────────────────────────────────────────────────────────────

    def _requests(self, entry: Entry, step: Step) -> Iterator[Row]:
        decided = _decisions(step)
        for request in step.requests:
            if isinstance(request, MoveMoney):
                yield TRANSFER, {**_fields(request), "seq": entry.seq, "at_ms": entry.at_ms}
            if isinstance(request, PlaceOrder):
                yield from self._order(entry, request, decided.get(request.order_id), step.event)

    def _order(self, entry: Entry, request: PlaceOrder, decision: Decision | None, event: Event) -> Iterator[Row]:
        owner = self._owner_of(request, decision, event)
        self._owners.put(request.order_id, owner)
        values: dict[str, Value] = {
            **_fields(request),
            "seq": entry.seq,
            "at_ms": entry.at_ms,
            "decision": None if decision is None else decision.number,
            "book": owner.book,
            "rule": owner.rule,
            "rules": entry.rules,
        }
        yield ORDER, values
        yield _day(entry.at_ms, request.account, orders=1)

    def _owner_of(self, request: PlaceOrder, decision: Decision | None, event: Event) -> Owner:
        """An order that no rule asked for is the rest of the one whose news it follows, or nobody's."""
        if decision is not None:
            return Owner(decision.book, decision.rule, request.account)
        before = self._owners.get(getattr(event, "order_id", ""))
        if before is not None and before.account == request.account:
            return before
        return Owner("", "", request.account)

    def _owner(self, fill: Fill) -> tuple[str, str] | None:
        owner = self._owners.of(fill)
        return None if owner is None else (owner.book, owner.rule)

    def _known_ledger(self) -> Ledger:
        if self.ledger is None:
            raise StoreError("Expected to know what was held before the first entry, found nothing.")
        return self.ledger


def _decisions(step: Step) -> dict[str, Decision]:
    """The decision behind each order of a step."""
    return {
        request.order_id: record
        for record in step.records
        if isinstance(record, Decision)
        for outcome in record.outcomes
        if isinstance(outcome, Approved)
        for request in outcome.requests
        if isinstance(request, PlaceOrder)
    }


def _day(at_ms: int, account: str, **sums: int | Decimal) -> Row:
    nothing: dict[str, Value] = dict.fromkeys(SUMS, ZERO)
    return DAY, {**nothing, **sums, "day": _date(at_ms), "account": account}


def _date(at_ms: int) -> date:
    return datetime.fromtimestamp(at_ms / 1000, UTC).date()


def _fields(message: object) -> dict[str, Value]:
    """The fields of a message by their names; enums are their words."""
    slots: tuple[str, ...] = type(message).__slots__  # type: ignore[attr-defined]
    return {name: _plain(getattr(message, name)) for name in slots}


def _plain(value: Value) -> Value:
    return str(value) if isinstance(value, str) else value

"""Flexible savings: coins that are lent out, what they earn, and how they come back."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum
from typing import Any

from adapters.simulated.margin import Margin
from adapters.simulated.precision import EXACT, FINEST, ZERO
from adapters.simulated.refusal import (
    BAD_SHARE_TO_REDEEM,
    BAD_SHARE_TO_STAKE,
    EARN_BALANCE,
    EARN_ORDER_EXISTS,
    NO_EARN_POSITION,
    NO_EARN_PRODUCT,
    UNKNOWN_ACCOUNT,
    Refusal,
)
from adapters.simulated.venue import Venue
from runtime.codec import from_plain, to_plain
from runtime.events import EarnMoved, ExchangeEvent, InterestPaid, LookedUp, OrderAccepted, OrderRejected
from runtime.requests import EarnOrder, EarnSide, LookUpEarn

DAY_MS = 86_400_000
YEAR_MS = 365 * DAY_MS
# Interest is handed out once a day, half an hour after midnight.
PAID_AT_MS = 1_800_000
PRECISION = Decimal("0.00000001")
Key = tuple[str, str]


class EarnState(StrEnum):
    """How far an order is, in Bybit's words."""

    PENDING = "Pending"
    SUCCESS = "Success"


@dataclass(slots=True)
class EarnRecord:
    """An order at Earn; `due_ms` is when it may be done, `done_ms` when it was."""

    order: EarnOrder
    number: int
    created_ms: int
    due_ms: int
    state: EarnState = EarnState.PENDING
    done_ms: int | None = None


@dataclass(slots=True)
class Loan:
    """What an account has lent of a coin, and what it has earned until `earned_ms` and was not paid for yet."""

    amount: Decimal
    earned: Decimal
    earned_ms: int

    def earn(self, rate: Decimal | None, until_ms: int) -> None:
        """Earn at a rate (a ratio, a year) up to a moment."""
        year = EXACT.multiply(self.amount, rate or ZERO)
        part = EXACT.divide(EXACT.multiply(year, Decimal(max(0, until_ms - self.earned_ms))), Decimal(YEAR_MS))
        self.earned = EXACT.add(self.earned, part.quantize(FINEST, ROUND_DOWN, EXACT))
        self.earned_ms = max(self.earned_ms, until_ms)


@dataclass(frozen=True, slots=True)
class Payment:
    """Interest that was paid, and for how much."""

    paid: InterestPaid
    lent: Decimal


class Earn:
    """One flexible product for each coin that has a rate (a ratio, a year); nothing happens but when time passes."""

    def __init__(self, venue: Venue, margin: Margin) -> None:
        self._accounts, self._margin = venue.accounts, margin
        self.redeem_ms = venue.settings.redeem_ms
        self.rates: dict[str, Decimal] = dict(venue.settings.earn_rates)
        self._everywhere: Decimal | None = None
        self._loans: dict[Key, Loan] = {}
        self._records: dict[Key, EarnRecord] = {}
        self._pending: dict[Key, EarnRecord] = {}
        self._payments: list[Payment] = []
        # Before this moment interest was paid, or there was none.
        self._paid_ms = 0

    @property
    def idle(self) -> bool:
        """Whether nothing is lent out or on its way back."""
        return not self._loans and not self._pending

    def rate(self, coin: str) -> Decimal | None:
        """Say what a coin earns a year; None where it has no product."""
        return self.rates.get(coin, self._everywhere)

    def offer(self, rate: Decimal, at_ms: int) -> None:
        """Pay another rate from now on, for every coin."""
        for (_, coin), loan in self._loans.items():
            loan.earn(self.rate(coin), at_ms)
        self._everywhere, self.rates = rate, {}

    def lent(self, account: str) -> dict[str, Decimal]:
        """Give what an account has lent out, by coin."""
        return {coin: loan.amount for (owner, coin), loan in self._loans.items() if owner == account and loan.amount}

    def on_way(self, account: str) -> dict[str, Decimal]:
        """Give what is on its way back to an account, by coin."""
        found: dict[str, Decimal] = {}
        for (owner, _), record in self._pending.items():
            if owner == account:
                found[record.order.coin] = found.get(record.order.coin, ZERO) + record.order.amount
        return found

    def accrued(self, account: str, coin: str) -> Decimal:
        """Give what a coin has earned and was not paid for yet."""
        loan = self._loans.get((account, coin))
        return ZERO if loan is None else loan.earned

    def records(self, account: str) -> list[EarnRecord]:
        """Give the orders of an account, the newest first."""
        return [record for (owner, _), record in reversed(self._records.items()) if owner == account]

    def payments(self, account: str) -> list[Payment]:
        """Give the interest that an account was paid, the newest first."""
        return [payment for payment in reversed(self._payments) if payment.paid.account == account]

    # ── requests ────────────────────────────────────────────────────────────────────────────────────────────────────

    def submit(self, order: EarnOrder, at_ms: int) -> list[ExchangeEvent]:
        """Take or refuse an order: coins leave at once and come back after a while."""
        refusal = self._refusal(order)
        if refusal is not None:
            return [OrderRejected(at_ms, order.order_id, refusal.code, refusal.reason)]
        if self.idle:
            self._paid_ms = at_ms
        staked = order.side is EarnSide.STAKE
        due_ms = at_ms if staked else at_ms + self.redeem_ms
        key = (order.account, order.order_id)
        self._records[key] = self._pending[key] = EarnRecord(order, len(self._records) + 1, at_ms, due_ms)
        self._change(order, at_ms)
        return [OrderAccepted(at_ms, order.order_id), *(self._finish(key, at_ms) if due_ms <= at_ms else ())]

    def look(self, look: LookUpEarn, at_ms: int) -> list[ExchangeEvent]:
        """Tell what became of an order."""
        record = self._records.get((look.account, look.order_id))
        if record is None:
            return [LookedUp(at_ms, look.order_id, found=False, complete=True)]
        order = record.order
        news: ExchangeEvent = OrderAccepted(at_ms, order.order_id)
        if record.state is EarnState.SUCCESS:
            news = EarnMoved(record.done_ms or at_ms, order.order_id, order.account, order.coin, signed(order))
        return [news, LookedUp(at_ms, look.order_id, found=True, complete=True)]

    def _refusal(self, order: EarnOrder) -> Refusal | None:
        if self._accounts.find(order.account) is None:
            return UNKNOWN_ACCOUNT
        if (order.account, order.order_id) in self._records:
            return EARN_ORDER_EXISTS
        bad = order.amount <= ZERO or order.amount != order.amount.quantize(PRECISION, ROUND_DOWN)
        return self._against_redeeming(order, bad) if order.side is EarnSide.REDEEM else self._against(order, bad)

    def _against(self, order: EarnOrder, bad: bool) -> Refusal | None:
        if self.rate(order.coin) is None:
            return NO_EARN_PRODUCT
        if bad:
            return BAD_SHARE_TO_STAKE
        free = self._margin.free(self._accounts.named(order.account), order.coin)
        return EARN_BALANCE if free < order.amount else None

    def _against_redeeming(self, order: EarnOrder, bad: bool) -> Refusal | None:
        loan = self._loans.get((order.account, order.coin))
        if loan is None or not loan.amount:
            return NO_EARN_POSITION
        return BAD_SHARE_TO_REDEEM if bad or order.amount > loan.amount else None

    def _change(self, order: EarnOrder, at_ms: int) -> None:
        """What is taken back earns no more from now on; what is lent is no longer in the wallet."""
        key = (order.account, order.coin)
        loan = self._loans.setdefault(key, Loan(ZERO, ZERO, at_ms))
        loan.earn(self.rate(order.coin), at_ms)
        loan.amount = EXACT.add(loan.amount, signed(order))
        if order.side is EarnSide.STAKE:
            self._accounts.named(order.account).change(order.coin, -order.amount)

    # ── time ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def pass_time(self, until_ms: int) -> list[ExchangeEvent]:
        """Let everything happen that is due by a moment, in its order: coins come back, and interest is paid."""
        events: list[ExchangeEvent] = []
        while not self.idle:
            payday_ms = next_payday(self._paid_ms)
            due_ms = min((record.due_ms for record in self._pending.values()), default=payday_ms)
            if min(payday_ms, due_ms) > until_ms:
                break
            events += self._finish_due(due_ms) if due_ms < payday_ms else self._pay_all(payday_ms)
        self._paid_ms = max(self._paid_ms, until_ms)
        return events

    def _finish_due(self, at_ms: int) -> list[ExchangeEvent]:
        due = [key for key, record in self._pending.items() if record.due_ms <= at_ms]
        return [event for key in due for event in self._finish(key, at_ms)]

    def _finish(self, key: Key, at_ms: int) -> list[ExchangeEvent]:
        record = self._pending.pop(key)
        record.state, record.done_ms, order = EarnState.SUCCESS, at_ms, record.order
        done = EarnMoved(at_ms, order.order_id, order.account, order.coin, signed(order))
        if order.side is EarnSide.STAKE:
            return [done]
        self._accounts.named(order.account).change(order.coin, order.amount)
        # What was earned and not paid yet comes with the last of the coins.
        is_last = self._is_over((order.account, order.coin))
        return [done, *(self._pay((order.account, order.coin), at_ms) if is_last else ())]

    def _pay_all(self, at_ms: int) -> list[ExchangeEvent]:
        self._paid_ms = at_ms
        return [event for key in tuple(self._loans) for event in self._pay(key, at_ms)]

    def _pay(self, key: Key, at_ms: int) -> list[ExchangeEvent]:
        loan, (account, coin) = self._loans[key], key
        loan.earn(self.rate(coin), at_ms)
        amount = loan.earned.quantize(PRECISION, ROUND_DOWN)
        loan.earned = EXACT.subtract(loan.earned, amount)
        if self._is_over(key):
            del self._loans[key]
        if not amount:
            return []
        self._accounts.named(account).change(coin, amount)
        paid = InterestPaid(at_ms, f"{account}-{len(self._payments) + 1}", account, coin, amount)
        self._payments.append(Payment(paid, loan.amount))
        return [paid]

    def _is_over(self, key: Key) -> bool:
        return not self._loans[key].amount and key[1] not in self.on_way(key[0])

    # ── state ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def to_plain(self) -> dict[str, Any]:
        """Give all that it remembers as JSON-able values."""
        return {
            "rates": {coin: str(rate) for coin, rate in self.rates.items()},
            "everywhere": None if self._everywhere is None else str(self._everywhere),
            "loans": [[*key, to_plain(loan)] for key, loan in self._loans.items()],
            "records": [to_plain(record) for record in self._records.values()],
            "payments": [to_plain(payment) for payment in self._payments],
            "paid_ms": self._paid_ms,
        }

    def restore(self, plain: Mapping[str, Any]) -> None:
        """Take back what `to_plain` gave."""
        self.rates = {coin: Decimal(rate) for coin, rate in plain["rates"].items()}
        self._everywhere = None if plain["everywhere"] is None else Decimal(plain["everywhere"])
        self._loans = {(account, coin): from_plain(Loan, loan) for account, coin, loan in plain["loans"]}
        records = [from_plain(EarnRecord, record) for record in plain["records"]]
        self._records = {(record.order.account, record.order.order_id): record for record in records}
        self._pending = {key: one for key, one in self._records.items() if one.state is EarnState.PENDING}
        self._payments = [from_plain(Payment, payment) for payment in plain["payments"]]
        self._paid_ms = plain["paid_ms"]


def next_payday(after_ms: int) -> int:
    """Give the first moment after another at which interest is paid."""
    return (after_ms - PAID_AT_MS) // DAY_MS * DAY_MS + DAY_MS + PAID_AT_MS


def signed(order: EarnOrder) -> Decimal:
    """Give what is lent out by an order; below zero for what comes back."""
    return order.amount if order.side is EarnSide.STAKE else -order.amount

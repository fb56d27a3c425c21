"""Bybit's flexible savings: what they pay, what an account has there, and what became of orders for them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from adapters.bybit.account_news import Put
from adapters.bybit.client import NOT_ANSWERED
from adapters.bybit.fields import MalformedError, Row, decimal, decimal_of, milliseconds, rows, text
from adapters.bybit.line import Line
from adapters.bybit.wire import FLEXIBLE, LOANS
from runtime.events import EarnMoved, Event, InterestPaid, LookedUp, OrderAccepted, OrderRejected
from runtime.ports import Clock
from runtime.requests import EarnOrder, EarnSide, LookUpEarn

AVAILABLE = "Available"
PENDING, SUCCESS, FAILED = "Pending", "Success", "Fail"
NO_PRODUCT = 180008
# Interest is told until it is as old as the exchange shows it.
WEEK_MS = 7 * 86_400_000
Tell = Callable[[str, str], None]
REMEMBERED = 1000


@dataclass(frozen=True, slots=True)
class Product:
    """The flexible product of a coin; `rate` is what it pays a year, as a ratio."""

    name: str
    coin: str
    rate: Decimal
    available: bool


def product_of(line: Line, coin: str) -> Product | None:
    """Ask for the flexible product of a coin; None where there is none. Raises one of `NOT_ANSWERED`."""
    found = rows(line.ask("get_earn_product_info", category=FLEXIBLE, coin=coin).result, "list")
    products = (entry for entry in found if entry.get("coin") == coin)
    entry = next(products, None)
    if entry is None:
        return None
    rate = decimal_of(text(entry, "estimateApr").removesuffix("%"), "estimateApr") / 100
    return Product(text(entry, "productId"), coin, rate, entry.get("status") == AVAILABLE)


@dataclass(frozen=True, slots=True)
class Loan:
    """What is lent out of a coin, at which product."""

    coin: str
    product: str
    amount: Decimal


def loans(line: Line) -> list[Loan]:
    """Ask for everything that an account has lent out; raises one of `NOT_ANSWERED`."""
    found = rows(line.ask("get_staked_position", category=FLEXIBLE).result, "list")
    return [
        Loan(text(entry, "coin"), text(entry, "productId"), amount)
        for entry in found
        if (amount := decimal(entry, "amount"))
    ]


def coming_home(line: Line) -> dict[str, Decimal]:
    """Ask what of each coin was called back in the last week and has not arrived; raises one of `NOT_ANSWERED`."""
    found: dict[str, Decimal] = {}
    for page in line.pages("get_stake_or_redemption_history", category=FLEXIBLE, limit=100):
        for entry in page:
            if entry.get("status") == PENDING and entry.get("orderType") == LOANS[EarnSide.REDEEM]:
                coin = text(entry, "coin")
                found[coin] = found.get(coin, Decimal(0)) + decimal(entry, "orderValue")
    return found


class Savings:
    """One account's loans; `coins` are those that its books may lend, and nothing is asked where there are none.

    `tell` hears once that they can't be seen.
    """

    def __init__(self, account: str, coins: tuple[str, ...], line: Line, put: Put, clock: Clock, tell: Tell) -> None:
        self.coins = coins
        self._account, self._line, self._put, self._clock, self._tell = account, line, put, clock, tell
        self._products: dict[str, Product] = {}
        self._told: dict[str, None] = {}
        self._is_hidden = False

    def product(self, coin: str) -> Product | None:
        """Give the flexible product of a coin, asked for once; raises one of `NOT_ANSWERED`."""
        if coin not in self._products:
            found = product_of(self._line, coin)
            if found is None:
                return None
            self._products[coin] = found
        return self._products[coin]

    # ── one order ───────────────────────────────────────────────────────────────────────────────────────────────────

    def order(self, request: LookUpEarn) -> Iterator[None]:
        """Tell how an order stands, and end with LookedUp."""
        found, complete = False, True
        try:
            result = self._line.ask("get_stake_or_redemption_history", category=FLEXIBLE, orderLinkId=request.order_id)
            for entry in rows(result.result, "list"):
                if entry.get("orderLinkId") == request.order_id:
                    self._put(news_of_loan(entry, self._account, self._clock.now_ms()))
                    found = True
        except NOT_ANSWERED:
            complete = False
        self._put(LookedUp(self._clock.now_ms(), request.order_id, found, complete))
        yield

    # ── the account ─────────────────────────────────────────────────────────────────────────────────────────────────

    def seen(self) -> Iterator[dict[str, Decimal] | None]:
        """Tell new interest and give what is lent out, in steps of one request each, None before the last.

        Where it can't be seen, as with a key that may not or at an exchange that has no Earn, there is no last one.
        """
        try:
            self.interest()
            yield None
            yield dict(self.lent())
            self._is_hidden = False
        except NOT_ANSWERED as problem:
            if not self._is_hidden:
                self._is_hidden = True
                self._tell("P2", f"What {self._account} has at Earn can't be seen, so it is not compared: {problem}")

    def lent(self) -> Iterator[tuple[str, Decimal]]:
        """Ask what of each coin is lent out; raises one of `NOT_ANSWERED`."""
        for one in loans(self._line):
            if one.coin in self.coins:
                yield one.coin, one.amount

    def interest(self) -> None:
        """Tell the interest of the last week that was not told yet; raises one of `NOT_ANSWERED`."""
        now_ms = self._clock.now_ms()
        asked = {"category": FLEXIBLE, "startTime": max(1, now_ms - WEEK_MS + 1), "endTime": now_ms, "limit": 100}
        result: Row = self._line.ask("get_yield", **asked).result
        # The exchange's own page shows the rows as `yield` in one place and as `list` in another.
        for entry in reversed(rows(result, "yield" if "yield" in result else "list")):
            name = text(entry, "id")
            if entry.get("status") == SUCCESS and name not in self._told:
                self._told[name] = None
                amount, at_ms = decimal(entry, "amount"), milliseconds(entry, "createdAt")
                self._put(InterestPaid(at_ms, name, self._account, text(entry, "coin"), amount))
        while len(self._told) > REMEMBERED:
            del self._told[next(iter(self._told))]


def news_of_loan(data: Row, account: str, now_ms: int) -> Event:
    """Read how an order for flexible savings stands; raises MalformedError."""
    name, status, amount = text(data, "orderLinkId"), text(data, "status"), decimal(data, "orderValue")
    if status == SUCCESS:
        signed = amount if text(data, "orderType") == LOANS[EarnSide.STAKE] else -amount
        return EarnMoved(milliseconds(data, "updatedAt"), name, account, text(data, "coin"), signed)
    if status == PENDING:
        return OrderAccepted(now_ms, name)
    if status == FAILED:
        return OrderRejected(now_ms, name, NO_PRODUCT, "the order has failed")
    raise MalformedError(f"status: expected one that is documented, found {status!r}.")


def has_no_product(order: EarnOrder, now_ms: int) -> OrderRejected:
    """Refuse an order for which there is no product."""
    return OrderRejected(now_ms, order.order_id, NO_PRODUCT, f"There are no flexible savings in {order.coin}.")

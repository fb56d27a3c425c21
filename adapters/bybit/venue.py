"""Where requests leave for Bybit: one thread and one client for each account."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from adapters.bybit.account_news import AccountNews, Instruments
from adapters.bybit.client import Client, Keys
from adapters.bybit.hosts import Hosts, Mode
from adapters.bybit.limits import AddressLimit, Limits
from adapters.bybit.line import Line
from adapters.bybit.looks import Looks
from adapters.bybit.savings import Savings
from adapters.bybit.submission import Changing, Submission
from adapters.bybit.worker import ENTRY_PATIENCE_MS, Batch, Job, Turn, Worker
from adapters.clock import monotonic_ms
from runtime.instrument import Market
from runtime.ports import Clock, Inbox
from runtime.requests import (
    CancelOrder,
    ChangeStop,
    EarnOrder,
    LookAtAccount,
    LookUpEarn,
    LookUpOrder,
    MoveMoney,
    PlaceOrder,
    Request,
)

Tell = Callable[[str, str], None]
"""Takes a priority (P0 is the most urgent) and a sentence for people."""
MAIN = "the main account"
MOST_IN_BATCH = {Market.SPOT: 10, Market.LINEAR: 20}


@dataclass(frozen=True, slots=True)
class Account:
    """A sub-account: the portfolio's name for it, its keys, and its number (UID) at the exchange."""

    name: str
    keys: Keys
    member: str


@dataclass(frozen=True, slots=True)
class Setting:
    """What all accounts share; `address` counts what they send together.

    `lends` are the coins that may be lent out, by account; nobody else's savings are looked at.
    """

    hosts: Hosts
    instruments: Instruments
    inbox: Inbox
    clock: Clock
    tell: Tell
    address: AddressLimit
    entry_patience_ms: int = ENTRY_PATIENCE_MS
    lends: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Desk:
    """Everything of one account: its line, its news and its thread."""

    def __init__(self, account: Account, setting: Setting, members: dict[str, str]) -> None:
        self.name, self._setting = account.name, setting
        self.line = Line(
            Client(setting.hosts, account.keys), Limits(setting.address, monotonic_ms), setting.clock, self._pause
        )
        self.worker = Worker(account.name, self.line.wait_ms, self._failed, setting.entry_patience_ms, self.line.room)
        self._batches = {market: self._batch(market) for market in Market}
        self.news = AccountNews(account.name, setting.instruments, setting.inbox.put, self._seek_fills)
        symbols = [symbol for market, symbol in setting.instruments if market is Market.LINEAR]
        put, clock = setting.inbox.put, setting.clock
        lends = setting.lends.get(account.name, ())
        self.savings = Savings(account.name, lends, self.line, put, clock, setting.tell)
        self.looks = Looks(self.line, self.news, put, clock, symbols, self.savings)
        self.submission = Submission(self.line, self.news, put, clock, members, self.savings)

    def send(self, request: Request) -> None:
        """Queue a request."""
        self.worker.put(self._job(request))

    def read(self, steps: Callable[[], Iterator[None]]) -> None:
        """Queue questions that nothing else waits for."""
        self.worker.put(Job(Turn.READING, "get_executions:linear", steps))

    def stop(self) -> None:
        """End the thread and let go of the connections."""
        self.worker.stop()
        self.line.close()

    def _job(self, request: Request) -> Job:
        if isinstance(request, LookUpOrder):
            endpoint = f"get_open_orders:{request.market.value}"
            return Job(Turn.PROTECTION, endpoint, lambda: self.looks.order(request))
        if isinstance(request, LookUpEarn):
            return Job(Turn.PROTECTION, "get_stake_or_redemption_history:FlexibleSaving", self._look_for(request))
        if isinstance(request, LookAtAccount):
            return Job(Turn.READING, "get_wallet_balance:", self.looks.account)
        turn = Turn.PROTECTION if request.protective else Turn.ENTRY
        entry = request if isinstance(request, PlaceOrder) and not request.protective else None
        late = (lambda: self.submission.too_late(entry)) if entry else None
        batch = self._batches[entry.market] if entry and may_join(entry, self._setting.hosts.mode) else None
        return Job(turn, endpoint_of(request), lambda: self._submit(request), late, entry, batch)

    def _batch(self, market: Market) -> Batch:
        return Batch(f"place_batch_order:{market.value}", MOST_IN_BATCH[market], self._submit_all)

    def _submit_all(self, orders: Sequence[PlaceOrder]) -> Iterator[None]:
        self.submission.place_all(orders)
        yield from ()

    def _look_for(self, request: LookUpEarn) -> Callable[[], Iterator[None]]:
        return lambda: self.savings.order(request)

    def _submit(self, request: Changing) -> Iterator[None]:
        self.submission.send(request)
        yield from ()

    def _seek_fills(self, market: Market, symbol: str, exchange_id: str) -> None:
        steps = self.looks.executions(market, symbol, exchange_id)
        self.worker.put(Job(Turn.PROTECTION, f"get_executions:{market.value}", lambda: steps))

    def _pause(self, seconds: float) -> None:
        self.worker.pause(seconds)

    def _failed(self, problem: BaseException) -> None:
        self._setting.tell("P1", f"{self.name}: a question to the exchange stayed without an answer: {problem}")


class BybitVenue:
    """Takes requests of any account and never waits for an answer; answers come as events through the inbox.

    `main` are the keys of the main account, which alone may move money between all others.
    """

    def __init__(self, setting: Setting, accounts: Sequence[Account], main: Keys | None = None) -> None:
        members = {account.name: account.member for account in accounts}
        self.desks: Mapping[str, Desk] = {account.name: Desk(account, setting, members) for account in accounts}
        self._main = Desk(Account(MAIN, main, ""), setting, members) if main else None

    def start(self) -> None:
        """Begin to send."""
        for desk in self._all():
            desk.worker.start()

    def send(self, request: Request) -> None:
        """Queue a request for its account; raises KeyError for an account that this venue doesn't have."""
        if isinstance(request, MoveMoney):
            (self._main or self.desks[request.source]).send(request)
        else:
            self.desks[request.account].send(request)

    def stop(self) -> None:
        """Stop sending, after what is under way."""
        for desk in self._all():
            desk.stop()

    def _all(self) -> Sequence[Desk]:
        return (*self.desks.values(), *((self._main,) if self._main else ()))


def may_join(order: PlaceOrder, mode: Mode) -> bool:
    """Whether an entry may leave in one request with others.

    Bybit's demo account has no batches on spot. Nowhere does Bybit say that an order in a batch keeps its slippage cap,
    and one without it could fill at any price: there an order with a cap goes alone.
    """
    if mode is Mode.LOCAL:
        return True
    return order.slippage_cap is None and (mode is not Mode.DEMO or order.market is Market.LINEAR)


def endpoint_of(request: Changing) -> str:
    """Name the endpoint, as the limits count it, that a request goes to."""
    match request:
        case PlaceOrder():
            return f"place_order:{request.market.value}"
        case CancelOrder():
            return f"cancel_order:{request.market.value}"
        case ChangeStop():
            return "set_trading_stop:linear"
        case MoveMoney():
            return "create_universal_transfer:"
        case EarnOrder():
            return "stake_or_redeem:FlexibleSaving"
        case _:
            return "set_leverage:linear"

"""Bybit as a whole: requests out, events in, and a watch over both."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Event as Flag
from threading import Thread

from adapters.bybit.candles import CandleCollector, Outlet, Patience, Series
from adapters.bybit.client import NOT_ANSWERED, Client, Keys
from adapters.bybit.conditions import Conditions
from adapters.bybit.history import History
from adapters.bybit.ledger import Ledger, Owner, Transfer, transfers_since
from adapters.bybit.limits import Limits
from adapters.bybit.line import Line
from adapters.bybit.offset import ExchangeClock
from adapters.bybit.private_stream import PrivateListener
from adapters.bybit.public_stream import PublicListener
from adapters.bybit.quotes import Quotes
from adapters.bybit.reachability import PATIENCE_MS, Reachability
from adapters.bybit.settlements import Settlements
from adapters.bybit.socket import PRIVATE, Socket
from adapters.bybit.stream import Stream
from adapters.bybit.venue import Account, BybitVenue, Setting
from adapters.bybit.yields import Yields
from adapters.clock import monotonic_ms
from runtime.instrument import Market
from runtime.requests import Request

PUBLIC_SILENT_MS, PRIVATE_SILENT_MS = 15_000, 45_000
PROBE_S = 5.0


@dataclass(frozen=True, slots=True)
class Watch:
    """How long to put up with silence, in local milliseconds; a local exchange that stands still is silent for long.

    `checks_clock` is off for an exchange that plays another time than ours.
    """

    public_ms: int = PUBLIC_SILENT_MS
    private_ms: int = PRIVATE_SILENT_MS
    lost_ms: int = PATIENCE_MS
    stragglers_ms: int = 2000
    probe_s: float = PROBE_S
    quotes_every_ms: int = 1000
    checks_clock: bool = True


@dataclass(frozen=True, slots=True)
class Plan:
    """What to listen to.

    `series` are the candles (market, symbol, timeframe); `candles_after_ms` is the last moment the engine has seen, and
    `accounts_since_ms` the time of the last thing it knows of its accounts. `before_candles` is called with each moment
    before its candles are told.
    """

    series: Sequence[Series]
    candles_after_ms: int
    accounts_since_ms: int
    watch: Watch = field(default_factory=Watch)
    before_candles: Callable[[int], None] = lambda _: None


class Bybit:
    """Starts and stops everything; `send` takes requests, and everything that happens comes through the inbox.

    `clock` must have been measured once, so that it tells the exchange's time.
    """

    def __init__(
        self, setting: Setting, clock: ExchangeClock, accounts: Sequence[Account], plan: Plan, main: Keys | None = None
    ) -> None:
        self._setting, self._clock, self._plan = setting, clock, plan
        self.venue = BybitVenue(setting, accounts, main)
        self._main = main
        self._stopping = Flag()
        self._lines: list[Line] = []
        self._quotes = Quotes(list(setting.instruments), setting.inbox.put, plan.watch.quotes_every_ms)
        self._private = {account.name: self._private_stream(account) for account in accounts}
        self._collected = self._collector()
        self._public = self._public_streams()
        self._probe = Client(setting.hosts)
        self._reachability = Reachability(
            setting.inbox.put, setting.tell, monotonic_ms(), plan.watch.lost_ms, plan.watch.checks_clock
        )
        self._watching = Thread(target=self._watch, name="bybit watch", daemon=True)

    def start(self) -> None:
        """Begin to send and to listen."""
        self.venue.start()
        for stream, _ in self._private.values():
            stream.start()
        for stream in self._public:
            stream.start()
        self._watching.start()

    def send(self, request: Request) -> None:
        """Queue a request; never waits for its answer."""
        self.venue.send(request)

    def listen_to(self, series: Sequence[Series]) -> int:
        """Listen to more candles from now on, and give the last moment whose candles were passed on without them.

        The public connections are opened anew; what closes meanwhile is asked for. Not for the engine's thread.
        """
        for stream in self._public:
            stream.stop()
        last_ms = self._collected.last_ms
        more = tuple(dict.fromkeys([*self._plan.series, *series]))
        self._plan = replace(self._plan, series=more, candles_after_ms=last_ms)
        self._collected = self._collector()
        self._public = self._public_streams()
        for stream in self._public:
            stream.start()
        return last_ms

    @property
    def whole(self) -> bool:
        """Whether nothing that happened in any account is still to be told."""
        return all(stream.stands and listener.whole for stream, listener in self._private.values())

    def stop(self) -> None:
        """End every connection and every thread."""
        self._stopping.set()
        for stream in (*(stream for stream, _ in self._private.values()), *self._public):
            stream.stop()
        self.venue.stop()
        if self._watching.is_alive():
            self._watching.join(15)
        for line in self._lines:
            line.close()
        self._probe.close()

    # ── streams ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _private_stream(self, account: Account) -> tuple[Stream, PrivateListener]:
        desk, setting = self.venue.desks[account.name], self._setting
        owner = Owner(account.name, account.member, self._transfers() if self._main else None)
        ledger = Ledger(desk.line, owner, setting.inbox.put, self._clock, self._plan.accounts_since_ms)
        listener = PrivateListener(desk, ledger, self._clock, self._plan.accounts_since_ms)
        open_socket = partial(_open, setting.hosts.private, PRIVATE, keys=account.keys)
        silent_ms = self._plan.watch.private_ms
        return Stream(account.name, open_socket, listener, setting.tell, silent_ms, pongs_count=True), listener

    def _collector(self) -> CandleCollector:
        """One for all markets: what closed at one moment is decided on together."""
        setting, plan = self._setting, self._plan
        history = History(self._line())
        perpetuals = sorted({symbol for of, symbol, _ in plan.series if of is Market.LINEAR})
        settlements = Settlements(history, perpetuals, self._quotes, setting.inbox.put, plan.candles_after_ms)

        lent = [coin for coins in setting.lends.values() for coin in coins]
        yields = Yields(self._line(), lent, setting.inbox.put, setting.tell)

        def before(moment: int) -> None:
            settlements.at(moment)
            yields.at(moment)
            plan.before_candles(moment)

        outlet = Outlet(setting.inbox.put, setting.tell, before)
        patience = Patience(monotonic_ms, self._may_decide, plan.watch.stragglers_ms)
        return CandleCollector(plan.series, plan.candles_after_ms, history.candles, outlet, patience)

    def _public_streams(self) -> list[Stream]:
        return [self._public_stream(market, self._collected) for market in Market if self._series_of(market)]

    def _public_stream(self, market: Market, collector: CandleCollector) -> Stream:
        setting = self._setting
        listener = PublicListener(market, self._series_of(market), collector, self._quotes, self._clock)
        open_socket = partial(_open, f"{setting.hosts.public}/{market.value}", market.value)
        return Stream(f"{market.value} prices", open_socket, listener, setting.tell, self._plan.watch.public_ms)

    def _series_of(self, market: Market) -> list[Series]:
        return [entry for entry in self._plan.series if entry[0] is market]

    def _may_decide(self) -> bool:
        """Candles wait until the accounts are known, but not while the exchange is lost: then nothing is decided."""
        return self.whole or self._reachability.lost

    def _line(self, keys: Keys | None = None) -> Line:
        setting = self._setting
        client, limits = Client(setting.hosts, keys), Limits(setting.address, monotonic_ms)
        self._lines.append(Line(client, limits, setting.clock, self._stopping.wait))
        return self._lines[-1]

    def _transfers(self) -> Callable[[int], Iterator[list[Transfer]]]:
        return partial(transfers_since, self._line(self._main))

    # ── the watch ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _watch(self) -> None:
        conditions = Conditions(self._line(), self._setting.inbox.put, bool(self._series_of(Market.LINEAR)))
        while not self._stopping.wait(self._plan.watch.probe_s):
            try:
                offset = self._clock.measure(self._probe)
            except NOT_ANSWERED:
                self._reachability.silent("no answer", self._clock.now_ms(), monotonic_ms())
                continue
            silent = next((stream.name for stream in self._streams() if not stream.stands), None)
            if silent is None:
                self._reachability.answered(offset, self._clock.now_ms(), monotonic_ms())
            else:
                self._reachability.silent(f"the stream {silent} is down", self._clock.now_ms(), monotonic_ms())
            conditions.ask(self._clock.now_ms(), monotonic_ms())

    def _streams(self) -> list[Stream]:
        return [*(stream for stream, _ in self._private.values()), *self._public]


def _open(address: str, channel: str, on_text: Callable[[str], None], keys: Keys | None = None) -> Socket:
    return Socket(address, channel, on_text, keys)

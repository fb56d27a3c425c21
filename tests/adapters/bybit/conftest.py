"""An exchange that says whatever a test wants, over a real socket."""

import json
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import polars as pl
import pytest

from adapters.bybit.client import Client, Keys
from adapters.bybit.exchange import Bybit, Plan, Watch
from adapters.bybit.history import History
from adapters.bybit.hosts import Hosts, Mode, hosts_of
from adapters.bybit.limits import AddressLimit, Limits
from adapters.bybit.line import Line
from adapters.bybit.offset import ExchangeClock
from adapters.bybit.venue import Account, BybitVenue, Setting
from adapters.clock import Stopwatch, monotonic_ms
from adapters.served.exchange import Setting as ServedSetting
from adapters.served.serving import Served, serve
from adapters.simulated.instruments import load_instruments
from runtime.events import Event, FactObserved
from runtime.instrument import Instrument, Market
from runtime.market_data import CANDLE_SCHEMA, FUNDING_SCHEMA, MarketData

NOW_MS = 1_750_000_000_000
DEADLINE_S = 30.0
"""A busy account's ledger is read again after ten seconds at the soonest."""
NOTHING_LENT: Mapping[str, tuple[str, ...]] = {}


@dataclass
class Said:
    """One answer: what is sent back, word for word; `status` None hangs up without a word."""

    body: str
    status: int | None = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Asked:
    """One request as it came over the wire."""

    method: str
    path: str
    fields: dict[str, Any]


class Scripted:
    """Answers each path with what it was told to, the last answer again and again; keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, deque[Said]] = defaultdict(deque)
        self.asked: list[Asked] = []
        exchange = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.answer(dict(parse_qsl(urlsplit(self.path).query)))

            def do_POST(self) -> None:
                self.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

            def answer(self, fields: dict[str, Any]) -> None:
                path = urlsplit(self.path).path
                said = exchange.next_answer(path, Asked(self.command, path, fields))
                if said.status is None:
                    self.close_connection = True
                    return
                body = said.body.encode()
                self.send_response(said.status)
                for name, value in (said.headers | {"Content-Length": str(len(body))}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def hosts(self) -> Hosts:
        return hosts_of(Mode.LOCAL, f"http://127.0.0.1:{self._server.server_port}")

    def says(self, path: str, *answers: Said) -> None:
        """Answer with these, one after the other; the last one for ever."""
        self.answers[path] = deque(answers)

    def good(self, path: str, *results: dict[str, Any], **headers: str) -> None:
        """Answer with these results."""
        self.says(path, *(self.envelope(0, result, headers) for result in results))

    def bad(self, path: str, code: int, **headers: str) -> None:
        """Refuse with a code."""
        self.says(path, self.envelope(code, {}, headers))

    @staticmethod
    def said(body: str, status: int | None = 200, **headers: str) -> Said:
        return Said(body, status, _dashed(headers))

    @staticmethod
    def envelope(code: int, result: Any, headers: dict[str, str]) -> Said:
        body = {"retCode": code, "retMsg": "words", "result": result, "retExtInfo": {}, "time": NOW_MS}
        return Said(json.dumps(body), 200, _dashed(headers))

    def next_answer(self, path: str, asked: Asked) -> Said:
        self.asked.append(asked)
        queue = self.answers[path]
        if not queue:
            return self.envelope(10017, {}, {})
        return queue.popleft() if len(queue) > 1 else queue[0]

    def asked_of(self, path: str) -> list[dict[str, Any]]:
        return [asked.fields for asked in self.asked if asked.path == path]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _dashed(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


class Heard:
    """An inbox that a test reads."""

    def __init__(self) -> None:
        self._queue: Queue[Event] = Queue()
        self.all: list[Event] = []

    def put(self, event: Event) -> None:
        self._queue.put(event)

    def take(self, timeout_s: float) -> Event | None:
        try:
            event = self._queue.get(timeout=timeout_s) if timeout_s else self._queue.get_nowait()
        except Empty:
            return None
        self.all.append(event)
        return event

    def until(self, wanted: type | Callable[[Event], bool], count: int = 1) -> list[Event]:
        """Wait for so many events of a kind; give them."""
        fits = (lambda event: isinstance(event, wanted)) if isinstance(wanted, type) else wanted
        found: list[Event] = []
        while len(found) < count:
            event = self.take(DEADLINE_S)
            assert event is not None, f"expected {count} of {wanted}, found {found}; heard {self.told}"
            found += [event] if fits(event) else []
        return found

    @property
    def told(self) -> list[Event]:
        """Give all but the prices."""
        return [event for event in self.all if not isinstance(event, FactObserved)]

    def one(self, wanted: type) -> Any:
        return self.until(wanted)[0]


class Still:
    """A clock that stands."""

    def now_ms(self) -> int:
        return NOW_MS

    def heard(self, exchange_ms: int) -> None:
        pass


@pytest.fixture
def exchange() -> Iterator[Scripted]:
    scripted = Scripted()
    yield scripted
    scripted.stop()


@pytest.fixture
def client(exchange: Scripted) -> Iterator[Client]:
    one = Client(exchange.hosts, Keys("key", "secret"), timeout_s=2)
    yield one
    one.close()


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def told() -> list[tuple[str, str]]:
    return []


def instruments(*symbols: str) -> dict[tuple[Market, str], Instrument]:
    steps = [Decimal("0.1"), Decimal("0.001"), Decimal("0.001"), Decimal(5), Decimal("0.0002"), Decimal("0.00055")]
    return {
        (market, symbol): Instrument(market, symbol, symbol.removesuffix("USDT"), "USDT", *steps)
        for market in Market
        for symbol in symbols or ("BTCUSDT",)
    }


@pytest.fixture
def venue(exchange: Scripted, heard: Heard, told: list[tuple[str, str]]) -> Iterator[BybitVenue]:
    setting = Setting(
        exchange.hosts, instruments(), heard, Still(), lambda *news: told.append(news), AddressLimit(None), 500
    )
    accounts = [Account("CORE", Keys("core-key", "s"), "101"), Account("TREND", Keys("trend-key", "s"), "102")]
    one = BybitVenue(setting, accounts, Keys("main-key", "s"))
    one.start()
    yield one
    one.stop()


# ── the served exchange ─────────────────────────────────────────────────────────────────────────────────────────────

HOUR_MS = 3_600_000
START_MS = 1_700_006_400_000
"""2023-11-15 00:00 UTC."""
HOURS = 24 * 12
PLAYED_FROM = 24 * 5
SERIES = ((Market.SPOT, "BTCUSDT", "1h"), (Market.LINEAR, "BTCUSDT", "1h"), (Market.LINEAR, "ETHUSDT", "1h"))
PATIENT = Watch(
    public_ms=60_000,
    private_ms=60_000,
    lost_ms=1000,
    stragglers_ms=300,
    probe_s=0.1,
    quotes_every_ms=1,
    checks_clock=False,
)


def candles(scale: float) -> pl.DataFrame:
    """A price that goes up and down in whole ticks."""
    rows = []
    for hour in range(HOURS):
        first, last = (round((30_000 + 40 * ((at * 7) % 60 - 30)) * scale, 1) for at in (hour, hour + 1))
        low, high = round(min(first, last) - 60 * scale, 1), round(max(first, last) + 60 * scale, 1)
        open_ms = START_MS + hour * HOUR_MS
        rows.append((open_ms, open_ms + HOUR_MS, first, high, low, last, 500.0 + hour % 7))
    return pl.DataFrame(rows, schema=CANDLE_SCHEMA, orient="row")


def market_data() -> MarketData:
    scales = {"BTCUSDT": 1.0, "ETHUSDT": 0.1}
    times = [START_MS + hour * HOUR_MS for hour in range(0, HOURS, 8)]
    rates = pl.DataFrame({"at_ms": times, "rate": [0.0001] * len(times)}, schema=FUNDING_SCHEMA)
    series = {(market, symbol, frame): candles(scales[symbol]) for market, symbol, frame in SERIES}
    return MarketData(series, funding={"BTCUSDT": rates, "ETHUSDT": rates})


class Life:
    """Everything of Bybit on a market that stands still until the test lets it go on."""

    patient = PATIENT
    instruments = load_instruments()

    def __init__(self, served: Served, heard: Heard, told: list[tuple[str, str]]) -> None:
        self.served, self.heard, self.told = served, heard, told
        self.hosts = hosts_of(Mode.LOCAL, served.http)
        self.market = Client(self.hosts)
        self.clock = ExchangeClock(speed=0)
        self.clock.measure(self.market)
        self.bybit: Bybit | None = None

    def begin(
        self,
        watch: Watch = PATIENT,
        candles_after_ms: int | None = None,
        accounts_since_ms: int | None = None,
        lends: Mapping[str, tuple[str, ...]] = NOTHING_LENT,
    ) -> Bybit:
        now = self.clock.now_ms()
        history = History(self.line())
        found = history.instruments([(market, symbol) for market, symbol, _ in SERIES])
        around = (self.hosts, found, self.heard, self.clock, self.tell, AddressLimit(None))
        setting = Setting(*around, lends=lends)
        accounts = [Account(name, self.keys(name), str(self.served.member(name).uid)) for name in ("core", "trend")]
        plan = Plan(SERIES, candles_after_ms or now, accounts_since_ms or now, watch)
        self.bybit = Bybit(setting, self.clock, accounts, plan, self.keys("main"))
        self.bybit.start()
        return self.bybit

    def tell(self, priority: str, sentence: str) -> None:
        self.told.append((priority, sentence))

    def keys(self, name: str) -> Keys:
        member = self.served.member(name)
        return Keys(member.key, member.secret)

    def line(self, name: str | None = None) -> Line:
        client = Client(self.hosts, self.keys(name) if name else None)
        return Line(client, Limits(AddressLimit(None), monotonic_ms), self.clock, lambda _: None)

    def until_whole(self) -> None:
        wait_for(lambda: self.bybit is not None and self.bybit.whole and all(s.stands for s in self.bybit._streams()))

    def end(self) -> None:
        if self.bybit is not None:
            self.bybit.stop()
        self.market.close()


def wait_for(condition: Callable[[], Any], seconds: float = DEADLINE_S) -> Any:
    """Wait for something that another thread brings about."""
    watch = Stopwatch()
    while not (found := condition()):
        assert watch.elapsed_s() < seconds, f"{condition} did not come true in {seconds} s"
        threading.Event().wait(0.01)
    return found


@pytest.fixture
def wait() -> Callable[..., Any]:
    return wait_for


@pytest.fixture
def market() -> tuple[MarketData, tuple[int, int]]:
    """Candles, and the span of them that is played."""
    return market_data(), (START_MS + PLAYED_FROM * HOUR_MS, START_MS + HOURS * HOUR_MS)


@pytest.fixture
def life_at(heard: Heard, told: list[tuple[str, str]]) -> Callable[[Served], Life]:
    """Begin a life at an exchange."""
    return lambda served: Life(served, heard, told)


@pytest.fixture
def life(market: tuple[MarketData, tuple[int, int]], life_at: Callable[[Served], Life]) -> Iterator[Life]:
    coins = {"main": {"USDT": Decimal(1000)}, "core": {"USDT": Decimal(100_000)}, "trend": {"USDT": Decimal(50_000)}}
    with serve(ServedSetting(load_instruments(), *market, coins, limits=False)) as served:
        one = life_at(served)
        yield one
        one.end()

"""The exchange behind the doors: the model, its market, its members and what goes wrong."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from adapters.clock import now_ms
from adapters.served.call import refused
from adapters.served.chart import Chart
from adapters.served.fault import FaultKind
from adapters.served.faults import Faults
from adapters.served.following import Following
from adapters.served.market_clock import MarketClock
from adapters.served.members import Members
from adapters.served.private_board import PrivateBoard
from adapters.served.public_board import PublicBoard
from adapters.served.quotes import Quotes, quotes
from adapters.served.rate_limits import RateLimits
from adapters.served.ticker import Ticker
from adapters.simulated.change import Change
from adapters.simulated.live import LiveExchange
from adapters.simulated.precision import ZERO, exact
from adapters.simulated.settings import ExchangeSettings
from runtime.instrument import Instrument, Market
from runtime.market_data import MarketData

FUND = "/FUND"
"""What follows the name of a member in the name of its funding account."""
DAY_MS = 86_400_000


@dataclass(frozen=True)
class Setting:
    """What an exchange is opened with.

    `accounts` hold coins by name; the first account is the master. `span` is the part of the data that is played, in
    milliseconds UTC. `speed` is how many times faster than life the market goes; None holds it until it is advanced.
    `gap_s` is how long the market waits between two candles, in seconds of this machine. With `follows` the market is
    another one's: the data are what it was before, and the span ends where it begins.
    """

    instruments: Mapping[tuple[Market, str], Instrument]
    data: MarketData
    span: tuple[int, int]
    accounts: Mapping[str, Mapping[str, Decimal]]
    settings: ExchangeSettings = field(default_factory=ExchangeSettings)
    speed: float | None = None
    gap_s: float = 0.1
    limits: bool = True
    seed: int = 0
    follows: Following | None = None


class ServedExchange:
    """All that the doors look at; it belongs to one thread."""

    def __init__(self, setting: Setting) -> None:
        traded = {(market, symbol) for market, symbol, _ in setting.data.candles}
        self.instruments = {key: one for key, one in setting.instruments.items() if key in traded}
        self.members = Members(setting.accounts)
        self.faults = Faults(setting.seed)
        self.limits = RateLimits(enforced=setting.limits)
        self.clock = MarketClock(setting.span[0], 1.0 if setting.speed is None else setting.speed)
        self.chart = Chart(setting.data.candles, setting.span[0])
        self.public = PublicBoard(self)
        self.private = PrivateBoard(self)
        coins = {name: dict(held) for name, held in setting.accounts.items()}
        funds: dict[str, dict[str, Decimal]] = {f"{name}{FUND}": {} for name in setting.accounts}
        self.live = LiveExchange(self.instruments, setting.settings, coins | funds, self._tell)
        self.funding = _settled_before(setting)
        self.transfers: list[dict[str, str]] = []
        self.asked: Counter[str] = Counter()
        """How often each order was asked for, by the client's own name of it, whatever the answer was."""
        self.changes = 0
        """How often anything of any account has changed."""
        self.is_cut_off = False
        """Whether nobody is served because the market that is followed is out of sight."""
        if setting.follows is not None and setting.follows.kept is not None:
            self._restore(setting.follows.kept, setting.settings)

    def to_plain(self) -> dict[str, Any]:
        """Give what its accounts are and have done, and which moment the market has reached, as JSON-able values."""
        return {
            "reached_ms": self.chart.reached_ms,
            "settled_ms": {symbol: rates[-1][0] for symbol, rates in self.funding.items() if rates},
            "members": [member.name for member in self.members],
            "live": self.live.to_plain(),
            "transfers": self.transfers,
        }

    def _restore(self, plain: Mapping[str, Any], settings: ExchangeSettings) -> None:
        self.live.restore(plain["live"], settings)
        self.transfers = [dict(row) for row in plain["transfers"]]

    def _tell(self, change: Change) -> None:
        self.changes += 1
        self.private.tell(change)

    @property
    def now_ms(self) -> int:
        """The exchange's time."""
        return self.clock.now_ms

    @property
    def clocks_ms(self) -> tuple[int, int]:
        """The clocks by which a client may sign: this machine's, and that of the market it plays."""
        return now_ms() + self.clock.offset_ms, self.clock.now_ms

    @property
    def in_maintenance(self) -> bool:
        """Whether nobody is served."""
        return self.is_cut_off or self.faults.standing(FaultKind.MAINTENANCE) is not None

    def instrument(self, market: Market, symbol: str) -> Instrument:
        """Give an instrument; raises RequestRefusedError where it is not offered."""
        if (market, symbol) not in self.instruments:
            raise refused(10001, f"params error: symbol invalid {symbol}")
        return self.instruments[market, symbol]

    def ticker(self, market: Market, symbol: str) -> Ticker | None:
        """Tell where the price of an instrument stands; None before it has one."""
        last = self.live.model.last(market, symbol)
        if last is None:
            return None
        day = self.chart.since(market, symbol, self.chart.reached_ms - DAY_MS)
        rates = self.funding.get(symbol, [])
        rate = rates[-1][1] if rates and market is Market.LINEAR else ZERO
        return Ticker(self.instruments[market, symbol], last, tuple(day), rate, self.chart.reached_ms)

    def quotes(self, market: Market, symbol: str) -> Quotes | None:
        """Tell the order book of an instrument; None before it has a price."""
        ticker = self.ticker(market, symbol)
        return None if ticker is None else quotes(ticker.instrument, ticker.last, ticker.volume)


def _settled_before(setting: Setting) -> dict[str, list[tuple[int, Decimal]]]:
    return {
        symbol: [
            (at_ms, exact(rate))
            for at_ms, rate in frame.select("at_ms", "rate").rows()
            if setting.follows is not None or at_ms < setting.span[0]
        ]
        for symbol, frame in setting.data.funding.items()
    }

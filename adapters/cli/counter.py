"""The exchange as an engine finds it when it starts: its time, its instruments, its candles, and our keys."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from threading import Event as Flag
from urllib.error import URLError
from urllib.request import urlopen

import polars as pl

from adapters.bybit.client import NOT_ANSWERED, Client, NoAnswerError, RefusedError
from adapters.bybit.exchange import Watch
from adapters.bybit.history import Fees, History
from adapters.bybit.hosts import HostRefusedError, Hosts, Mode, hosts_of
from adapters.bybit.keys import KeyProblem, Uses, check_key
from adapters.bybit.limits import AddressLimit, Limits
from adapters.bybit.line import Line
from adapters.bybit.offset import ExchangeClock, Offset
from adapters.bybit.savings import Savings
from adapters.bybit.venue import Account
from adapters.bybit.wallet import coins, unified, worth
from adapters.cli.configuration import Configuration
from adapters.cli.failure import ExitCode, Failure
from adapters.cli.run_mode import RunMode
from adapters.cli.trading import Trading
from adapters.clock import monotonic_ms
from runtime.instrument import Instrument, Market
from runtime.market_data import CANDLE_SCHEMA, Key
from runtime.timeframe import timeframe_ms

Instruments = Mapping[tuple[Market, str], Instrument]

WARM_UP_CANDLES = 4_000
"""So long ago that what an average still remembers of it is too small to change a value."""
FOR_EVER_MS = 10**12
# An exchange on this machine that is further away than this plays another time.
SAME_TIME_MS = 3_600_000
QUOTES_EVERY_MS = 10_000
ANSWER_S = 5.0
FASTEST = 60.0


@dataclass(frozen=True, slots=True)
class Wallet:
    """What an account has: its coins, and what the exchange says all of it is worth in US dollars."""

    coins: Mapping[str, Decimal]
    worth: Decimal


class Counter:
    """Asks the exchange what has to be known before trading; every method may raise what a question raises.

    `clock` tells the exchange's time from the beginning. Raises Failure where nobody answers.
    """

    def __init__(self, trading: Trading) -> None:
        configuration = trading.folder.configuration
        self._trading = trading
        self.hosts = _hosts(configuration)
        speed = speed_of(configuration.exchange or "") if self.hosts.mode is Mode.LOCAL else 1.0
        self.clock = ExchangeClock(speed)
        self.address = AddressLimit(None if self.hosts.mode is Mode.LOCAL else 600)
        self._clients = {name: Client(self.hosts, trading.folder.keys(name)) for name in trading.accounts}
        self._anybody = Client(self.hosts)
        self.offset = self._measure()

    def close(self) -> None:
        """Let go of the connections."""
        for client in (*self._clients.values(), self._anybody):
            client.close()

    def _measure(self) -> Offset:
        try:
            return self.clock.measure(self._anybody)
        except (RefusedError, NoAnswerError) as error:
            raise Failure(f"The exchange at {self.hosts.rest} does not answer: {error}") from None

    def problems(self) -> list[KeyProblem]:
        """Check the key of every account; one account with two names is a problem too."""
        found: list[KeyProblem] = []
        owners: dict[str, str] = {}
        for name in self._clients:
            problems, owner = self._check(name)
            found += problems
            if owner in owners:
                found.append(KeyProblem(True, f"The keys of {owners[owner]} and {name} belong to the same account."))
            owners[owner] = name
        return found

    def _check(self, name: str) -> tuple[list[KeyProblem], str]:
        try:
            owner = self.member(name)
            uses = Uses(self._trading.trades_in(name), name in self._trading.lends)
            problems = check_key(self._clients[name], name, owner, uses, self.clock.now_ms())
        except RefusedError as error:
            return [KeyProblem(True, f"The exchange refuses the key of {name}: {error}.")], name
        wanted = self._trading.folder.member(name)
        if wanted and wanted != owner:
            said = f"The key of {name} belongs to account {owner} at the exchange, expected {wanted}: swapped keys?"
            problems.append(KeyProblem(True, said))
        if name == self._trading.main:
            # It moves money, for which a key that only reads is not enough.
            problems = [one for one in problems if one.fatal or self._trading.trades_in(name)]
        return problems, owner

    def member(self, name: str) -> str:
        """Give the exchange's number of an account."""
        return str(self._clients[name].call("get_api_key_information").result.get("userID"))

    def accounts(self) -> list[Account]:
        """Give all accounts with their keys."""
        return [Account(name, self._trading.folder.keys(name), self.member(name)) for name in self._clients]

    def wallet(self, name: str) -> Wallet:
        """Ask what an account has."""
        account = unified(self._line(self._clients[name]))
        return Wallet({coin: amount for coin, amount in coins(account).items() if amount}, worth(account))

    def lent(self, name: str) -> Mapping[str, Decimal]:
        """Ask what an account has lent out of the coins that it may lend; what can't be seen is taken for nothing."""
        line = self._line(self._clients[name])
        savings = Savings(name, self._trading.lends.get(name, ()), line, lambda _: None, self.clock, lambda *_: None)
        with suppress(*NOT_ANSWERED):
            return dict(savings.lent()) if savings.coins else {}
        return {}

    def instruments(self) -> Instruments:
        """Ask what can be traded; fails where something that the books want is not there."""
        traded = self._trading.traded
        found = History(self._line(self._anybody)).instruments(traded, self._fees())
        lacking = [f"{symbol} ({market})" for market, symbol in traded if (market, symbol) not in found]
        if lacking:
            raise Failure(
                f"Expected the exchange to trade {', '.join(lacking)}, which the books need; it doesn't. "
                "Take these symbols out of the books, or the books out of the configuration."
            )
        return {key: found[key] for key in traded}

    def _fees(self) -> Mapping[tuple[Market, str], Fees]:
        """Ask what trading costs; where the exchange doesn't tell, as in demo trading, the ordinary fees hold."""
        history = History(self._line(next(iter(self._clients.values()))))
        found: dict[tuple[Market, str], Fees] = {}
        for market in Market:
            with suppress(RefusedError):
                found |= history.fees(market)
        return found

    def candles(self, series: Sequence[Key], until_ms: int) -> dict[Key, pl.DataFrame]:
        """Ask for the finished candles until a moment, as many as the slowest indicator needs."""
        history = History(self._line(self._anybody))
        found = {}
        for key in series:
            candles, _ = history.candles(key, max(0, until_ms - WARM_UP_CANDLES * timeframe_ms(key[2])), until_ms)
            rows = [tuple(getattr(candle, name) for name in CANDLE_SCHEMA) for candle in candles]
            found[key] = pl.DataFrame(rows, schema=CANDLE_SCHEMA, orient="row")
        return found

    def watch(self) -> Watch:
        """Say how long silence is put up with; an exchange on this machine may stand still."""
        rules = self._trading.rulebook.lifecycle
        lost_ms = int(rules.pause_after_ms)
        if self.hosts.mode is not Mode.LOCAL:
            return Watch(lost_ms=lost_ms, quotes_every_ms=QUOTES_EVERY_MS)
        probe_s = min(Watch().probe_s, lost_ms / 1000 / 5)
        # On paper a moment is played when it has been read, and until then the exchange's clock waits.
        is_paper = self._trading.folder.configuration.mode is RunMode.PAPER
        today = abs(self.offset.ahead_ms) < SAME_TIME_MS and not is_paper
        return Watch(FOR_EVER_MS, lost_ms=lost_ms, probe_s=probe_s, stragglers_ms=500, checks_clock=today)

    def _line(self, client: Client) -> Line:
        return Line(client, Limits(self.address, monotonic_ms), self.clock, Flag().wait)


def speed_of(address: str) -> float:
    """Ask an exchange on this machine how fast its market goes; fails where there is none."""
    try:
        with urlopen(f"{address.rstrip('/')}/control/state", timeout=ANSWER_S) as answer:
            speed = float(json.load(answer)["speed"])
    except (URLError, OSError, ValueError, KeyError):
        raise Failure(
            f"Expected an exchange at {address}, found none. Start one with `eternal exchange`, and write its address "
            "behind `exchange:` in the configuration."
        ) from None
    if speed > FASTEST:
        raise Failure(
            f"Expected an exchange at most {FASTEST:g} times as fast as life, found {speed:g} at {address}: there the "
            "tenth of a second that an answer takes would be minutes, and every order would seem lost. Start it with "
            f"--speed {FASTEST:g}, or use `eternal backtest`."
        )
    return speed


def _hosts(configuration: Configuration) -> Hosts:
    try:
        return hosts_of(configuration.mode.hosts, configuration.exchange)
    except HostRefusedError as error:
        raise Failure(str(error), ExitCode.USAGE) from None

"""The exchange in memory: what it is asked, what candles do to it, and what can be seen of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from adapters.simulated.accounts import Accounts
from adapters.simulated.amendments import Amendments
from adapters.simulated.book import OrderBook
from adapters.simulated.clearing import Clearing
from adapters.simulated.desk import Desk
from adapters.simulated.earn import Earn
from adapters.simulated.looks import Looks
from adapters.simulated.margin import Margin, initial_margin, maintenance_margin
from adapters.simulated.matching import Matching
from adapters.simulated.order import Order
from adapters.simulated.position import Position
from adapters.simulated.precision import EXACT, ZERO
from adapters.simulated.prices import Prices
from adapters.simulated.protection import Protection
from adapters.simulated.reach import reach_of
from adapters.simulated.settings import ExchangeSettings
from adapters.simulated.statement import CoinStatement
from adapters.simulated.transfers import Transfers
from adapters.simulated.venue import Venue
from runtime.events import Candle, CashFlow, ExchangeEvent
from runtime.instrument import Instrument, Market
from runtime.requests import EarnOrder, LookAtAccount, LookUpEarn, LookUpOrder, MoveMoney, Request


class SimulatedExchange:
    """Bybit's unified account in virtual time: spot and USDT perpetuals, one-way positions, cross margin.

    It has no clock and no chance: the same calls give the same events. Give it each candle of one timeframe twice,
    first to `open`, then to `range`; what is submitted after a candle has closed is served from the next one on.
    Perpetuals are marked at their last price. Order ids are unique within an account.
    """

    def __init__(
        self,
        instruments: Mapping[tuple[Market, str], Instrument],
        settings: ExchangeSettings,
        accounts: Mapping[str, Mapping[str, Decimal]],
    ) -> None:
        self._assemble(Venue(instruments, settings, Accounts.opened(accounts), OrderBook(), Prices()), 0, 0, ())

    def submit(self, request: Request, at_ms: int) -> list[ExchangeEvent]:
        """Take or refuse a request; nothing is filled yet, but a transfer is carried out at once, and so is a loan."""
        if isinstance(request, MoveMoney):
            return self._transfers.submit(request, at_ms)
        if isinstance(request, EarnOrder):
            return self.earn.submit(request, at_ms)
        if isinstance(request, LookUpEarn):
            return self.earn.look(request, at_ms)
        if isinstance(request, LookUpOrder | LookAtAccount):
            return self._looks.answer(request, at_ms)
        return self._desk.submit(request, at_ms)

    def open(self, candles: Sequence[Candle]) -> list[ExchangeEvent]:
        """Serve the first price of each candle: liquidation and jumped stops, then takers and crossing limits."""
        home = [] if self.earn.idle or not candles else self.earn.pass_time(candles[0].open_ms)
        latest, busy, jumped = self._prices.latest, [], []
        if self._is_still:
            for candle in candles:
                latest[candle.market, candle.symbol] = candle.open
            return home
        for candle in candles:
            key = (candle.market, candle.symbol)
            before = latest.get(key)
            latest[key] = candle.open
            if self._is_busy(candle):
                busy.append(candle)
                # Where the price stands as the candle before it left it, that candle has reached whatever there was.
                if before != candle.open:
                    jumped.append(candle)
        if not busy:
            return home
        events = home + self._protection.at_open(jumped) if jumped else home
        trades = [event for candle in busy for event in self._matching.at_open(candle)]
        return events + trades + (self._protection.at_open(busy) if trades else [])

    def serve(self, account: str, order_id: str, candle: Candle) -> list[ExchangeEvent]:
        """Serve an order that came while this candle is under way, at once and at its first price."""
        order = self._book.find(account, order_id)
        if order is None:
            return []
        trades = self._matching.at_once(order, candle)
        return trades + (self._protection.at_open([candle]) if trades else [])

    def range(self, candles: Sequence[Candle]) -> list[ExchangeEvent]:
        """Serve the rest of each candle: liquidation and stops, then resting orders, then what these have opened.

        With the best case first resting orders come before stops, and none is hit where one of them was filled.
        """
        home = [] if self.earn.idle or not candles else self.earn.pass_time(candles[0].close_ms)
        busy = [] if self._is_still else [candle for candle in candles if self._is_busy(candle)]
        events = (self._best_first(busy) if self._is_kind else self._worst_first(busy)) if busy else []
        latest = self._prices.latest
        for candle in candles:
            latest[candle.market, candle.symbol] = candle.close
        return home + events

    @property
    def idle(self) -> bool:
        """Whether no order is open and no coin lent out."""
        return self._book.empty and self.earn.idle

    def held(self, symbol: str) -> bool:
        """Whether any account has a position in a perpetual."""
        return self._accounts.held(symbol)

    def reach(self) -> Mapping[str, tuple[float, float]] | None:
        """Give for each perpetual that is held two prices between which nothing happens; None where none are known."""
        return reach_of(self._accounts, self._margin)

    def pass_over(self, prices: Mapping[tuple[Market, str], float]) -> None:
        """Take the last prices of candles in which nothing happened."""
        self._prices.latest.update(prices)

    def _worst_first(self, busy: Sequence[Candle]) -> list[ExchangeEvent]:
        events = self._protection.inside(busy)
        trades = [event for candle in busy for event in self._matching.inside(candle)]
        return events + trades + (self._protection.inside(busy) if trades else [])

    def _best_first(self, busy: Sequence[Candle]) -> list[ExchangeEvent]:
        events: list[ExchangeEvent] = []
        quiet: list[Candle] = []
        for candle in busy:
            trades = self._matching.inside(candle)
            events += trades
            if not trades:
                quiet.append(candle)
        return events + self._protection.inside(quiet)

    def settle(self, symbol: str, rate: Decimal, at_ms: int) -> list[ExchangeEvent]:
        """Settle funding of a perpetual at the last price; a positive rate (a ratio) is paid by longs to shorts."""
        if not self._accounts.held(symbol):
            return []
        return self._clearing.settle(symbol, self._prices.last(Market.LINEAR, symbol), rate, at_ms)

    def offer(self, rate: Decimal, at_ms: int) -> None:
        """Let coins that are lent out earn another rate (a ratio, a year) from now on."""
        self.earn.offer(rate, at_ms)

    def owned(self, account: str) -> Mapping[str, Decimal]:
        """Give an account's coins with those that are lent out or on their way back."""
        coins = dict(self._accounts.named(account).coins)
        for away in (self.earn.lent(account), self.earn.on_way(account)):
            for coin, amount in away.items():
                coins[coin] = EXACT.add(coins.get(coin, ZERO), amount)
        return coins

    def deposit(self, account: str, coin: str, amount: Decimal, at_ms: int) -> list[ExchangeEvent]:
        """Bring coins in, opening the account if need be; a negative amount takes them out.

        Raises ValueError where more is taken out than is free.
        """
        owner = self._accounts.opened_by(account)
        free = self._margin.free(owner, coin)
        if amount < ZERO and free + amount < ZERO:
            raise ValueError(
                f"Expected at most {free} {coin} to leave account {account!r}, found {-amount}; cancel orders first."
            )
        owner.change(coin, amount)
        self._flows += 1
        return [CashFlow(at_ms, f"flow-{self._flows}", account, coin, amount)]

    def liquidate(self, account: str, coin: str, at_ms: int) -> list[ExchangeEvent]:
        """Close every position that is settled in a coin at its bankruptcy price, as if the margin were gone."""
        return self._protection.force(self._accounts.named(account), coin, at_ms)

    def amend(
        self, account: str, order_id: str, quantity: Decimal | None, price: Decimal | None, at_ms: int
    ) -> list[ExchangeEvent]:
        """Change size or price of an open order in place; None leaves what it was. It is served as a new one is."""
        return self._amendments.submit(account, order_id, quantity, price, at_ms)

    def remove_stop(self, account: str, symbol: str) -> None:
        """Take the stop of a position away."""
        owner = self._accounts.named(account)
        self._accounts.put(owner, symbol, owner.position(symbol).protected(None, ""))

    def cap(self, account: str, order_id: str, most: Decimal) -> None:
        """Let an open order get no more than this much base coin of each candle."""
        order = self._book.find(account, order_id)
        if order is not None:
            order.most = most

    def statement(self, account: str, coin: str) -> CoinStatement:
        """Say what an account has of a coin, and what of it is bound."""
        return self._margin.statement(self._accounts.named(account), coin)

    def liquidation_price(self, account: str, symbol: str) -> Decimal | None:
        """Say at which mark an account would be liquidated if only this symbol moved; None where there is none."""
        return self._margin.liquidation_price(self._accounts.named(account), symbol)

    def position_margin(self, account: str, symbol: str) -> tuple[Decimal, Decimal]:
        """Say the initial and the maintenance margin of a position, in quote coin."""
        owner, instrument = self._accounts.named(account), self._instruments[Market.LINEAR, symbol]
        position, leverage = owner.position(symbol), owner.leverage(instrument)
        terms = (position, instrument, leverage)
        return initial_margin(*terms), maintenance_margin(*terms)

    def last(self, market: Market, symbol: str) -> Decimal | None:
        """Give the last price in quote coin; None before the first candle."""
        return self._prices.find(market, symbol)

    def wallet(self, account: str) -> Mapping[str, Decimal]:
        """Give an account's coins, reserved ones included."""
        return dict(self._accounts.named(account).coins)

    def free(self, account: str, coin: str) -> Decimal:
        """Say how much of a coin is neither reserved by orders nor needed as margin."""
        return self._margin.free(self._accounts.named(account), coin)

    def position(self, account: str, symbol: str) -> Position:
        """Give an account's position in a perpetual; a flat one where there is none."""
        return self._accounts.named(account).position(symbol)

    def positions(self, account: str) -> Mapping[str, Position]:
        """Give an account's open positions by symbol."""
        return dict(self._accounts.named(account).positions)

    def stop(self, account: str, symbol: str) -> Decimal | None:
        """Say where a position is protected, in quote coin; None where it is not."""
        return self.position(account, symbol).stop

    def leverage(self, account: str, symbol: str) -> Decimal:
        """Say the leverage of a perpetual."""
        return self._accounts.named(account).leverage(self._instruments[Market.LINEAR, symbol])

    @property
    def executions(self) -> int:
        """How many fills there have been."""
        return self._clearing.executions

    def open_orders(self, account: str) -> tuple[Order, ...]:
        """Give copies of an account's open orders, oldest first."""
        return tuple(replace(order) for order in self._book.of(account))

    def equity(self, account: str, marks: Mapping[str, Decimal] | None = None) -> Decimal:
        """Value all coins and positions in quote coin, at `marks` by symbol, else at last prices.

        Raises LookupError for a coin or position without a price.
        """
        owner, marks = self._accounts.named(account), marks or {}
        coins = (amount * self._coin_price(coin, marks) for coin, amount in self.owned(account).items() if amount)
        unrealised = (
            position.unrealised(marks[symbol] if symbol in marks else self._prices.last(Market.LINEAR, symbol))
            for symbol, position in owner.positions.items()
        )
        return sum(coins, ZERO) + sum(unrealised, ZERO)

    def to_plain(self) -> dict[str, Any]:
        """Give all that the exchange remembers as JSON-able values; instruments and settings are not among them."""
        return {
            "accounts": self._accounts.to_plain(),
            "book": self._book.to_plain(),
            "prices": self._prices.to_plain(),
            "executions": self._clearing.executions,
            "flows": self._flows,
            "transfers": list(self._transfers.done),
            "earn": self.earn.to_plain(),
        }

    @classmethod
    def from_plain(
        cls,
        plain: Mapping[str, Any],
        instruments: Mapping[tuple[Market, str], Instrument],
        settings: ExchangeSettings,
    ) -> "SimulatedExchange":
        """Build it from what to_plain gave; it goes on as the one before would have."""
        exchange = cls(instruments, settings, {})
        accounts, book = Accounts.from_plain(plain["accounts"]), OrderBook.from_plain(plain["book"])
        venue = Venue(instruments, settings, accounts, book, Prices.from_plain(plain["prices"]))
        exchange._assemble(venue, plain["executions"], plain["flows"], plain["transfers"])
        # What was kept by an older version has none.
        if "earn" in plain:
            exchange.earn.restore(plain["earn"])
        return exchange

    def _assemble(self, venue: Venue, executions: int, flows: int, transfers: Sequence[str]) -> None:
        self._instruments, self._accounts, self._book, self._prices = (
            venue.instruments,
            venue.accounts,
            venue.book,
            venue.prices,
        )
        self._flows, self._is_kind = flows, venue.settings.best_first
        self._margin = Margin(venue)
        self._transfers = Transfers(venue.accounts, self._margin, transfers)
        self._clearing = Clearing(venue, executions)
        self._matching = Matching(venue, self._margin, self._clearing)
        self._protection = Protection(venue, self._margin, self._clearing)
        self.earn = Earn(venue, self._margin)
        self._looks = Looks(venue, self.earn)
        self._desk = Desk(venue, self._margin, self._clearing)
        self._amendments = Amendments(venue, self._margin)
        self._quotes = {one.base: one for one in venue.instruments.values() if one.market is Market.SPOT}

    @property
    def _is_still(self) -> bool:
        return self._book.empty and not self._accounts.any_held

    def _is_busy(self, candle: Candle) -> bool:
        if self._book.waits((candle.market, candle.symbol)):
            return True
        return candle.market is Market.LINEAR and self._accounts.held(candle.symbol)

    def _coin_price(self, coin: str, marks: Mapping[str, Decimal]) -> Decimal:
        if coin not in self._quotes:
            return Decimal(1)
        symbol = self._quotes[coin].symbol
        return marks[symbol] if symbol in marks else self._prices.last(Market.SPOT, symbol)

"""Stops and liquidation, the worst case first.

Inside a candle all perpetuals are taken to stand at their most adverse price at once, or at their stop where that
comes before. If the account does not survive that, it is liquidated; otherwise the stops that were reached are
executed, in full, as takers. Both happen before any resting order is served, since the adverse move is taken to come
first. Most candles stay between prices at which neither can be, and are told from the others by those alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from adapters.simulated.account import Account
from adapters.simulated.clearing import Clearing
from adapters.simulated.margin import Margin, Marks, maintenance_margin
from adapters.simulated.position import Position
from adapters.simulated.precision import ONE, exact
from adapters.simulated.reach import Box, room_of
from adapters.simulated.refusal import Ending
from adapters.simulated.slippage import slipped
from adapters.simulated.venue import Venue
from runtime.events import Candle, ExchangeEvent, FillKind
from runtime.instrument import Instrument, Market


@dataclass(frozen=True, slots=True)
class Path:
    """Where a price went: from `first`, as low and as high as this, with this volume in base coin."""

    first: float
    low: float
    high: float
    volume: float
    at_ms: int

    @classmethod
    def at_open(cls, candle: Candle) -> "Path":
        """See the first price only."""
        return cls(candle.open, candle.open, candle.open, candle.volume, candle.open_ms)

    @classmethod
    def inside(cls, candle: Candle) -> "Path":
        """See the whole candle."""
        return cls(candle.open, candle.low, candle.high, candle.volume, candle.close_ms)

    def stopped_at(self, position: Position) -> Decimal | None:
        """Say at which price a position's stop was reached, a jump over it included; None where it was not."""
        if position.stop is None:
            return None
        if position.is_long:
            return min(position.stop, exact(self.first)) if exact(self.low) <= position.stop else None
        return max(position.stop, exact(self.first)) if exact(self.high) >= position.stop else None

    def misses(self, position: Position) -> bool:
        """Whether it certainly stays away from a position's stop: rounding to a float keeps the order of decimals."""
        if position.stop is None:
            return True
        stop = float(position.stop)
        return self.low > stop if position.is_long else self.high < stop

    def worst(self, position: Position) -> Decimal:
        """Say the worst mark that a position has seen, its stop considered."""
        stopped = self.stopped_at(position)
        adverse = exact(self.low if position.is_long else self.high)
        return adverse if stopped is None else stopped


class Protection:
    """Watches every position of a symbol along its path."""

    def __init__(self, venue: Venue, margin: Margin, clearing: Clearing) -> None:
        self._venue = venue
        self._slippage = venue.settings.model()
        self._margin = margin
        self._clearing = clearing
        # By account, between which prices it is not liquidated, and after how many changes that was found.
        self._rooms: dict[str, tuple[int, Box | None]] = {}

    def at_open(self, candles: Iterable[Candle]) -> list[ExchangeEvent]:
        """Execute what the first prices of these candles have reached."""
        return self._watch({candle.symbol: Path.at_open(candle) for candle in candles if self._concerns(candle)})

    def inside(self, candles: Iterable[Candle]) -> list[ExchangeEvent]:
        """Execute what the ranges of these candles have reached."""
        return self._watch({candle.symbol: Path.inside(candle) for candle in candles if self._concerns(candle)})

    def _concerns(self, candle: Candle) -> bool:
        return candle.market is Market.LINEAR and self._venue.accounts.held(candle.symbol)

    def _watch(self, paths: Mapping[str, Path]) -> list[ExchangeEvent]:
        events: list[ExchangeEvent] = []
        for account in self._venue.accounts.holders(paths):
            if self._is_calm(account, paths):
                continue
            coins = {self._venue.perpetual(symbol).quote: None for symbol in account.positions}
            for coin in coins:
                events += self._liquidate(account, coin, paths) or self._stop(account, coin, paths)
        return events

    def _is_calm(self, account: Account, paths: Mapping[str, Path]) -> bool:
        """Whether no stop of an account is reached and it certainly survives."""
        missed = all(path.misses(account.position(symbol)) for symbol, path in paths.items())
        return missed and (self._has_room(account, paths) or self._finds_room(account, paths))

    def _has_room(self, account: Account, paths: Mapping[str, Path]) -> bool:
        changes, room = self._rooms.get(account.name, (-1, None))
        if changes != account.changes or room is None:
            return False
        latest = self._venue.prices.latest
        for symbol, (low, high) in room.items():
            path = paths.get(symbol)
            if path is None:
                if not low < latest[Market.LINEAR, symbol] < high:
                    return False
            elif not (low < path.low and path.high < high):
                return False
        return True

    def _finds_room(self, account: Account, paths: Mapping[str, Path]) -> bool:
        """Look from the present prices how far they may go."""
        self._rooms[account.name] = account.changes, room_of(account, self._margin, stops=False)
        return self._has_room(account, paths)

    def _stop(self, account: Account, coin: str, paths: Mapping[str, Path]) -> list[ExchangeEvent]:
        events: list[ExchangeEvent] = []
        for symbol, position, instrument in self._margin.positions(account, coin):
            path = paths.get(symbol)
            reached = path.stopped_at(position) if path else None
            if path and reached is not None:
                ratio = self._slippage.ratio(position.size, exact(path.volume))
                price = slipped(instrument, position.closing_side, reached, ratio)
                events += self._clearing.close(account, symbol, price, FillKind.STOP, path.at_ms)
        return events

    def _liquidate(self, account: Account, coin: str, paths: Mapping[str, Path]) -> list[ExchangeEvent]:
        def worst(symbol: str, position: Position) -> Decimal:
            return paths[symbol].worst(position) if symbol in paths else self._margin.last_mark(symbol, position)

        left = self._margin.balance(account, coin, worst)
        if left > self._margin.maintenance(account, coin):
            return []
        return self._close_all(account, coin, worst, left, max(path.at_ms for path in paths.values()))

    def force(self, account: Account, coin: str, at_ms: int) -> list[ExchangeEvent]:
        """Liquidate an account at present marks, however well it stands."""
        left = self._margin.balance(account, coin, self._margin.last_mark)
        return self._close_all(account, coin, self._margin.last_mark, left, at_ms)

    def _close_all(self, account: Account, coin: str, worst: Marks, left: Decimal, at_ms: int) -> list[ExchangeEvent]:
        needed = self._margin.maintenance(account, coin)
        waiting = self._venue.book.of(account.name)
        events: list[ExchangeEvent] = [
            self._clearing.cancel(order, Ending.BEFORE_LIQUIDATION, at_ms) for order in waiting
        ]
        for symbol, position, instrument in self._margin.positions(account, coin):
            share = left * maintenance_margin(position, instrument, account.leverage(instrument)) / needed
            price = bankruptcy_price(position, instrument, worst(symbol, position), share)
            events += self._clearing.close(account, symbol, price, FillKind.LIQUIDATION, at_ms)
        return events


def bankruptcy_price(position: Position, instrument: Instrument, mark: Decimal, margin: Decimal) -> Decimal:
    """Say at which price closing a position, its fee included, uses up the margin that it has left at a mark.

    With several positions each has its share of the account's margin; together they leave the account with nothing.
    """
    per_unit = margin / position.size
    if position.is_long:
        return max(instrument.price_up((mark - per_unit) / (ONE - instrument.taker_fee)), instrument.price_step)
    return max(instrument.price_down((mark + per_unit) / (ONE + instrument.taker_fee)), instrument.price_step)

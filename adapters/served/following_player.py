"""Lets the market happen as it happens elsewhere: what has ended there ends here, and the next candles begin."""

import asyncio
from dataclasses import dataclass, replace
from decimal import Decimal

from adapters.served.exchange import ServedExchange, Setting
from adapters.served.following import Following
from adapters.served.market_player import Phase
from runtime.events import Candle
from runtime.instrument import Market
from runtime.market_data import MarketDataError
from runtime.timeframe import timeframe_ms

LOOK_S = 1.0
# A candle that has just ended may still change.
SETTLE_S = 1.0
# So long the candles of some symbols are waited for when those of others have come.
STRAGGLERS_MS = 30_000
# After so many looks without an answer nobody is served here either.
LOOKS_IN_VAIN = 30


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look has brought: candles (the unfinished too) and settled rates by symbol and moment."""

    now_ms: int
    candles: tuple[Candle, ...]
    rates: tuple[tuple[str, int, Decimal], ...]


class FollowingPlayer:
    """Plays every candle of the market that is followed, those that ended while it was away as well."""

    speed = 1.0
    is_over = False

    def __init__(self, exchange: ServedExchange, setting: Setting, follows: Following) -> None:
        self._exchange, self._follows, self._gap_s = exchange, follows, setting.gap_s
        self._series = [(market, symbol, follows.timeframe) for market, symbol in sorted(exchange.instruments)]
        self._length_ms = timeframe_ms(follows.timeframe)
        self._in_vain = 0
        self._kept = self._kept_ms = -1
        self.phase = Phase.GAP

    def advance(self, moments: int, until: Phase = Phase.GAP) -> int:
        """Refuse with ValueError: nobody moves this market."""
        raise ValueError(f"Expected real prices to make the {moments} moments until {until}; they can't be advanced.")

    def catch_up(self) -> None:
        """Play what has ended since the exchange was last kept; raises MarketDataError."""
        now_ms = self._follows.prices.now_ms()
        seen = self._ask(now_ms)
        self._play(seen)
        self._begin(seen)
        self._go_on(now_ms)
        self._keep()

    async def run(self) -> None:
        """Follow the market until it is cancelled."""
        try:
            while True:
                await asyncio.sleep(LOOK_S)
                try:
                    await self._look()
                except MarketDataError as error:
                    self._missed(str(error))
                else:
                    self._answered()
        finally:
            self._keep()

    async def _look(self) -> None:
        now_ms = await asyncio.to_thread(self._follows.prices.now_ms)
        self._go_on(now_ms)
        if self.phase is Phase.GAP or now_ms >= self._due_ms:
            await asyncio.sleep(SETTLE_S if self.phase is Phase.OPEN else 0)
            seen = await asyncio.to_thread(self._ask, now_ms)
            if self._play(seen):
                await asyncio.sleep(self._gap_s)
            self._begin(seen)
            self._go_on(now_ms)
        self._keep()

    @property
    def _reached_ms(self) -> int:
        return self._exchange.chart.reached_ms

    @property
    def _due_ms(self) -> int:
        """When the candles that come next end."""
        return self._reached_ms + self._length_ms

    def _ask(self, now_ms: int) -> Seen:
        prices, reached_ms = self._follows.prices, self._reached_ms
        candles = [
            candle for series in self._series for candle in prices.candles_so_far(series, reached_ms, now_ms + 1)
        ]
        due = [(symbol, at_ms) for symbol, at_ms in self._settled_ms() if now_ms >= at_ms]
        rates = [(symbol, *one) for symbol, at_ms in due for one in prices.funding(symbol, at_ms, now_ms + 1)]
        return Seen(now_ms, tuple(candles), tuple(rates))

    def _settled_ms(self) -> list[tuple[str, int]]:
        """Tell for each perpetual from when on its next settlement may be."""
        perpetuals = [one for (market, _), one in self._exchange.instruments.items() if market is Market.LINEAR]
        known = {symbol: rates[-1][0] for symbol, rates in self._exchange.funding.items() if rates}
        return [
            (one.symbol, known[one.symbol] + one.funding_interval_ms if one.symbol in known else self._reached_ms)
            for one in perpetuals
        ]

    def _play(self, seen: Seen) -> bool:
        """Let end what has ended, moment by moment; says whether anything has."""
        ended: dict[int, list[Candle]] = {}
        for candle in seen.candles:
            if self._reached_ms < candle.close_ms <= seen.now_ms:
                ended.setdefault(candle.close_ms, []).append(candle)
        played = False
        for at_ms in sorted(ended):
            if len(ended[at_ms]) < len(self._series) and seen.now_ms < at_ms + STRAGGLERS_MS:
                break
            self._begin(seen)
            self._close(ended[at_ms], at_ms, seen)
            played = True
        return played

    def _close(self, candles: list[Candle], at_ms: int, seen: Seen) -> None:
        exchange = self._exchange
        exchange.clock.hold(at_ms)
        self.phase = Phase.GAP
        for candle in candles:
            exchange.chart.grow(candle)
        exchange.live.close(candles, at_ms)
        self._settle(at_ms, seen)
        exchange.private.flush()
        exchange.public.closed(candles)

    def _settle(self, at_ms: int, seen: Seen) -> None:
        for symbol, settled_ms, rate in seen.rates:
            rates = self._exchange.funding.setdefault(symbol, [])
            if settled_ms <= at_ms and (not rates or rates[-1][0] < settled_ms):
                rates.append((settled_ms, rate))
                self._exchange.live.settle(symbol, rate, at_ms)

    def _begin(self, seen: Seen) -> None:
        """Begin the candles of the moment at which the market stands, where they have come."""
        exchange, at_ms = self._exchange, self._reached_ms
        candles = [candle for candle in seen.candles if candle.open_ms == at_ms]
        if self.phase is Phase.OPEN or not candles:
            return
        candles = [self._expected(candle) for candle in candles]
        for candle in candles:
            exchange.chart.open(candle)
        self.phase = Phase.OPEN
        exchange.live.open(candles, at_ms)
        exchange.private.flush()
        exchange.public.opened(candles)

    def _expected(self, candle: Candle) -> Candle:
        """Let as much be traded as in the candle before: one that has just begun has no volume yet."""
        before = self._exchange.chart.last(candle.market, candle.symbol, candle.timeframe, 1)
        return replace(candle, volume=before[-1].volume) if before else candle

    def _go_on(self, now_ms: int) -> None:
        """Let the clock go, never back, and never past a moment that has not been played."""
        clock = self._exchange.clock
        if now_ms > clock.true_ms:
            clock.run(min(now_ms, self._due_ms - 1), self._due_ms)

    def _missed(self, problem: str) -> None:
        self._in_vain += 1
        if self._in_vain == 1:
            self._follows.tell(f"The market is out of sight, and stands still here until it is back. {problem}")
        self._exchange.is_cut_off = self._in_vain >= LOOKS_IN_VAIN

    def _answered(self) -> None:
        if self._in_vain:
            self._follows.tell("The market is in sight again.")
        self._in_vain, self._exchange.is_cut_off = 0, False

    def _keep(self) -> None:
        """Keep the state where it has changed since."""
        if self._kept != self._exchange.changes or self._kept_ms != self._reached_ms:
            self._kept, self._kept_ms = self._exchange.changes, self._reached_ms
            self._follows.keep(self._exchange.to_plain())

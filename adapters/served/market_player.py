"""Lets the market happen: candle by candle, at a speed or when it is told to."""

import asyncio
from collections.abc import Iterator
from enum import StrEnum

from adapters.served.exchange import ServedExchange, Setting
from runtime.backtest import within
from runtime.feed import Turn, turns
from runtime.observations import Observation, observations_of

FUNDING, YIELD = "funding.rate", "earn.yield"


class Phase(StrEnum):
    """Where the market stands: candles are under way, or have ended and the next ones have not begun."""

    OPEN = "open"
    GAP = "gap"


class MarketPlayer:
    """Plays each moment in the order of a back-test: the inside of what ends, funding, what is published, the gap, and
    the first prices of what begins.
    """

    def __init__(self, exchange: ServedExchange, setting: Setting) -> None:
        self._exchange = exchange
        self._gap_s = setting.gap_s
        self._speed = setting.speed
        candles = within(setting.data.candles, *setting.span)
        self._turns: Iterator[Turn] = turns(candles)
        self._seen = iter(observations_of(setting.data, *setting.span))
        self._next_seen = next(self._seen, None)
        self._turn = next(self._turns, None)
        self.phase = Phase.GAP
        self._open()

    @property
    def speed(self) -> float:
        """How many times faster than life the market goes; 0 where it is held until somebody lets it go on."""
        return self._speed or 0.0

    @property
    def is_over(self) -> bool:
        """Whether there are no more candles."""
        return self._turn is None

    def advance(self, moments: int, until: Phase = Phase.GAP) -> int:
        """Play until the market has stood so often where it should stop; returns how often, fewer at its end."""
        done = 0
        while done < moments and self.step():
            done += self.phase is until
        return done

    def step(self) -> bool:
        """Play to the next gap or first price; false at the end."""
        if self._turn is None:
            return False
        if self.phase is Phase.GAP:
            self._open()
        else:
            self._close(self._turn)
        return True

    async def run(self) -> None:
        """Play at the speed that was set, until the end."""
        while self._turn is not None:
            if self.phase is Phase.GAP:
                await asyncio.sleep(self._gap_s)
            else:
                left_ms = self._turn.at_ms - self._exchange.clock.true_ms
                if left_ms > 1:
                    await asyncio.sleep(left_ms / 1000 / self._exchange.clock.speed)
            self.step()

    def _close(self, turn: Turn) -> None:
        exchange, at_ms = self._exchange, turn.at_ms
        exchange.clock.hold(at_ms)
        self.phase = Phase.GAP
        for candle in turn.finest_closed:
            exchange.chart.close(candle)
        exchange.live.close(turn.finest_closed, at_ms)
        self._settle(at_ms)
        exchange.private.flush()
        exchange.public.closed(turn.finest_closed)

    def _settle(self, at_ms: int) -> None:
        while self._next_seen is not None and self._next_seen.at_ms <= at_ms:
            if self._next_seen.name == FUNDING:
                self._pay(self._next_seen)
            elif self._next_seen.name == YIELD:
                self._exchange.live.model.offer(self._next_seen.value, at_ms)
            self._next_seen = next(self._seen, None)

    def _pay(self, seen: Observation) -> None:
        self._exchange.funding.setdefault(seen.symbol, []).append((seen.at_ms, seen.value))
        self._exchange.live.settle(seen.symbol, seen.value, seen.at_ms)

    def _open(self) -> None:
        """Begin the candles of the moment at which the market stands."""
        turn = self._turn
        if turn is None:
            return
        exchange, at_ms = self._exchange, turn.at_ms
        self._settle(at_ms)
        for candle in turn.finest_opened:
            exchange.chart.open(candle)
        self.phase = Phase.OPEN
        self._turn = next(self._turns, None)
        self._start_clock(at_ms)
        exchange.live.open(turn.finest_opened, at_ms)
        exchange.private.flush()
        exchange.public.opened(turn.finest_opened)

    def _start_clock(self, at_ms: int) -> None:
        if self._speed is None or self._turn is None:
            self._exchange.clock.hold(at_ms)
            return
        # The gap took time as well, which the market makes up for.
        waited_ms = int(self._gap_s * 1000 * self._speed)
        self._exchange.clock.run(min(at_ms + waited_ms, self._turn.at_ms - 1), self._turn.at_ms)

"""Confirmed candles joined by moment: none is missed, none counts twice, and all of a moment come together."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import RLock

from runtime.events import Candle, CandleClose, Event
from runtime.instrument import Market
from runtime.timeframe import grid_start_ms, timeframe_ms

Series = tuple[Market, str, str]
"""Market, symbol and timeframe."""
Fetch = Callable[[Series, int, int], tuple[Sequence[Candle], int]]
"""Gives the closed candles of a series that close after one moment and until another, and the exchange's time."""

STRAGGLERS_MS = 2000
ASK_AGAIN_MS = 1000
GIVE_UP_MS = 30_000
REMEMBERED = 5_000


def next_close_ms(timeframe: str, after_ms: int) -> int:
    """Tell when the first candle of a timeframe closes after a moment."""
    length, start = timeframe_ms(timeframe), grid_start_ms(timeframe)
    return start + ((after_ms - start) // length + 1) * length


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, by which clock, and whether a decision may be made on what comes now."""

    local_ms: Callable[[], int]
    ready: Callable[[], bool] = _always
    stragglers_ms: int = STRAGGLERS_MS


@dataclass(frozen=True, slots=True)
class Outlet:
    """Where candles and sentences go; `settle` is called with each moment before its candles."""

    put: Callable[[Event], None]
    tell: Callable[[str, str], None]
    settle: Callable[[int], None] = lambda _: None


class CandleCollector:
    """Waits for all candles of a moment, asks for those that don't come, and passes the moments on in their order.

    The first moment is the first one after `after_ms`. For any thread: each market's stream brings its own candles.
    """

    def __init__(
        self, series: Iterable[Series], after_ms: int, fetch: Fetch, outlet: Outlet, patience: Patience
    ) -> None:
        self._series = tuple(sorted(set(series)))
        self._last_ms = self._latest_ms = after_ms
        self._fetch, self._put, self._tell, self._settle = fetch, outlet.put, outlet.tell, outlet.settle
        self._local_ms, self._ready, self._stragglers_ms = patience.local_ms, patience.ready, patience.stragglers_ms
        self._lock = RLock()
        self._pending: dict[int, dict[Series, Candle]] = {}
        self._passed: dict[tuple[Series, int], Candle] = {}
        self._due_since: tuple[int, int] | None = None
        self._asked_ms: int | None = None

    @property
    def last_ms(self) -> int:
        """The latest moment that was passed on."""
        return self._last_ms

    def see(self, candle: Candle, at_ms: int) -> None:
        """Take in a confirmed candle at the exchange's time; one that was passed on before doesn't count again."""
        with self._lock:
            self._see(candle, at_ms)

    def _see(self, candle: Candle, at_ms: int) -> None:
        series = (candle.market, candle.symbol, candle.timeframe)
        if series not in self._series or candle.close_ms != next_close_ms(candle.timeframe, candle.open_ms):
            return
        if candle.close_ms > self._last_ms:
            self._pending.setdefault(candle.close_ms, {})[series] = candle
            self._latest_ms = max(self._latest_ms, candle.close_ms)
            return
        before = self._passed.get((series, candle.close_ms))
        if before is not None and before != candle:
            self._remember(candle)
            self._tell(
                "P2",
                f"The exchange corrects the {candle.timeframe} candle of {candle.symbol}: {_change(before, candle)}.",
            )
            self._put(CandleClose(at_ms, (candle,)))

    def tick(self, exchange_ms: int) -> None:
        """Pass on every moment that is complete, and ask for what is missing of the one that is due."""
        with self._lock:
            self._pass_on_until(max(exchange_ms, self._latest_ms))

    def _pass_on_until(self, now: int) -> None:
        while (
            (moment := self._next_ms()) is not None and moment <= now and self._ready() and self._complete(moment, now)
        ):
            self._pass_on(moment)

    def _next_ms(self) -> int | None:
        return min((next_close_ms(timeframe, self._last_ms) for _, _, timeframe in self._series), default=None)

    def _expected(self, moment: int) -> list[Series]:
        return [series for series in self._series if next_close_ms(series[2], moment - 1) == moment]

    def _missing(self, moment: int) -> list[Series]:
        have: Mapping[Series, Candle] = self._pending.get(moment, {})
        return [series for series in self._expected(moment) if series not in have]

    def _behind(self, now: int) -> list[Series]:
        """Which series lack a candle of any moment until now: a long silence is filled at once."""
        return [series for series in self._series if any(self._lacks(series, now))]

    def _lacks(self, series: Series, now: int) -> Iterator[bool]:
        moment = next_close_ms(series[2], self._last_ms)
        while moment <= now:
            yield series not in self._pending.get(moment, {})
            moment = next_close_ms(series[2], moment)

    def _complete(self, moment: int, now: int) -> bool:
        """Whether a moment can be passed on; asks for its missing candles when they are late."""
        if not self._missing(moment):
            return True
        local = self._local_ms()
        if self._due_since is None or self._due_since[0] != moment:
            self._due_since, self._asked_ms = (moment, local), None
        waited = local - self._due_since[1]
        if waited < self._stragglers_ms or (self._asked_ms is not None and local - self._asked_ms < ASK_AGAIN_MS):
            return False
        self._asked_ms = local
        exchange_ms = min((self._ask(series, now) for series in self._behind(now)), default=0)
        if not self._missing(moment):
            return True
        return waited > GIVE_UP_MS and exchange_ms > moment + GIVE_UP_MS

    def _ask(self, series: Series, now: int) -> int:
        """Take in whatever the exchange has of a series since the last moment; gives the exchange's time."""
        candles, exchange_ms = self._fetch(series, self._last_ms, now)
        for candle in candles:
            self.see(candle, exchange_ms)
        return exchange_ms

    def _pass_on(self, moment: int) -> None:
        missing = self._missing(moment)
        candles = self._pending.pop(moment, {})
        if missing:
            names = ", ".join(f"{symbol} {timeframe} ({market})" for market, symbol, timeframe in missing)
            self._tell("P1", f"The exchange has no candle of {names} for {moment}; it goes on without.")
        self._settle(moment)
        self._last_ms = moment
        for candle in candles.values():
            self._remember(candle)
        if candles:
            self._put(CandleClose(moment, tuple(candles[series] for series in sorted(candles))))

    def _remember(self, candle: Candle) -> None:
        self._passed[(candle.market, candle.symbol, candle.timeframe), candle.close_ms] = candle
        while len(self._passed) > REMEMBERED:
            del self._passed[next(iter(self._passed))]


def _change(before: Candle, after: Candle) -> str:
    names = ("open", "high", "low", "close", "volume")
    told = ((name, getattr(before, name), getattr(after, name)) for name in names)
    return ", ".join(f"{name} {old} becomes {new}" for name, old, new in told if old != new)

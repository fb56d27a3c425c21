"""The faces that the outside world shows to the runtime."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from runtime.events import Candle, Event, ExchangeEvent
from runtime.instrument import Market
from runtime.requests import Request
from runtime.step import Step


class CandleExchange(Protocol):
    """An exchange that lives in candles: it takes requests, and each candle's opening and course make things happen."""

    def submit(self, request: Request, at_ms: int) -> Sequence[ExchangeEvent]:
        """Take or refuse a request."""

    def open(self, candles: Sequence[Candle]) -> Sequence[ExchangeEvent]:
        """Trade at the first price of each candle; nothing else of the candle may be looked at."""

    def range(self, candles: Sequence[Candle]) -> Sequence[ExchangeEvent]:
        """Trade inside each candle, the worst case first."""

    def settle(self, symbol: str, rate: Decimal, at_ms: int) -> Sequence[ExchangeEvent]:
        """Pay and collect the funding of a perpetual."""

    def offer(self, rate: Decimal, at_ms: int) -> None:
        """Let coins that are lent out at Earn earn another rate (a ratio, a year) from now on."""


class LeapingExchange(CandleExchange, Protocol):
    """One that can say how far prices may go before it does anything by itself."""

    @property
    def idle(self) -> bool:
        """Whether no order is open."""

    def held(self, symbol: str) -> bool:
        """Whether any account has a position in a perpetual."""

    def reach(self) -> Mapping[str, tuple[float, float]] | None:
        """Give for each perpetual that is held two prices between which nothing happens; None where none are known.

        That holds for all of them together, whatever their prices do inside.
        """

    def pass_over(self, prices: Mapping[tuple[Market, str], float]) -> None:
        """Take the last prices of candles in which nothing happened."""


class JournalAwayError(Exception):
    """The journal can't be written now: what happens is known, but nothing that adds risk may follow from it."""


class LeaseLostError(Exception):
    """Another process writes this journal now: this one must stop at once and send nothing."""


class Journal(Protocol):
    """Where every step is kept before anything of it leaves."""

    def append(self, step: Step) -> None:
        """Keep a step; returns when it is durable. Raises JournalAwayError or LeaseLostError."""


class Venue(Protocol):
    """Where requests leave; their answers come back as events through the inbox."""

    def send(self, request: Request) -> None:
        """Queue a request for its account; never waits for the answer."""


class Clock(Protocol):
    """The exchange's time."""

    def now_ms(self) -> int:
        """Milliseconds UTC."""


class Inbox(Protocol):
    """Where events wait for the engine, first in, first out; any thread may put."""

    def put(self, event: Event) -> None:
        """Add an event."""

    def take(self, timeout_s: float) -> Event | None:
        """Take the oldest event; None when none came in time."""

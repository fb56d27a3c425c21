"""The local exchange of a scenario: it is served in this process, and counts what reaches it."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import polars as pl
from pybit.unified_trading import HTTP

from adapters.served.exchange import Setting
from adapters.served.serving import Served, serve
from adapters.simulated.instruments import load_instruments
from adapters.simulated.order_record import OrderRecord
from adapters.simulated.position import Position
from adapters.simulated.settings import ExchangeSettings
from features.steps.course import Course, ranging
from features.steps.words import DAY_MS, Series
from runtime.instrument import Market
from runtime.market_data import CANDLE_SCHEMA, Key, MarketData
from runtime.requests import EarnOrder, PlaceOrder

DAYS_AHEAD = 60
AS_FAST_AS_LIFE = 1.0
INSTRUMENTS = load_instruments()


class LocalExchange:
    """The served exchange as a scenario holds it.

    `received` are all orders in the order in which they came, `loans` those at Earn; `on_order` is called when an order
    has come, before its answer leaves.
    """

    def __init__(self, served: Served) -> None:
        self.served = served
        self.received: list[PlaceOrder] = []
        self.loans: list[EarnOrder] = []
        self.on_order: Callable[[], object] = bool
        live = served.application.exchange.live
        take, lend = live.place, live.lend

        def noted(place: PlaceOrder, at_ms: int, most: Decimal | None = None) -> OrderRecord:
            self.received.append(place)
            taken = take(place, at_ms, most)
            self.on_order()
            return taken

        def noted_loan(order: EarnOrder, at_ms: int) -> None:
            self.loans.append(order)
            lend(order, at_ms)

        live.place = noted  # type: ignore[method-assign]
        live.lend = noted_loan  # type: ignore[method-assign]

    def fault(self, kind: str, **fields: Any) -> None:
        """Let something go wrong from now on."""
        self.served.fault(kind, **fields)

    def lift(self, *kinds: str) -> None:
        """Take back everything of these kinds."""
        for kind in kinds:
            self.served.pull("lift", kind=kind)

    @property
    def repeated(self) -> list[str]:
        """The orders that have come more than once."""
        counted = Counter(order.order_id for order in self.received if order.order_id)
        return [name for name, count in counted.items() if count > 1]

    @property
    def executions(self) -> int:
        """How many executions there were."""
        return self.served.application.exchange.live.model.executions

    def position(self, account: str, symbol: str) -> Position:
        """Give the position of an account in a perpetual."""
        return self.served.application.exchange.live.model.position(account, symbol)

    def lent(self, account: str) -> dict[str, Decimal]:
        """Give what an account has at Earn, by coin."""
        return self.served.application.exchange.live.model.earn.lent(account)

    def coin(self, account: str, coin: str) -> Decimal:
        """Give what an account has in its wallet."""
        return self.served.application.exchange.live.model.wallet(account).get(coin, Decimal(0))

    def stranger(self, account: str) -> HTTP:
        """Give a client to somebody who has the key of an account, and is not the engine."""
        member = self.served.member(account)
        client = HTTP(api_key=member.key, api_secret=member.secret)
        client.endpoint = self.served.http
        return client


@contextmanager
def opened(
    data: MarketData, start_ms: int, held: Mapping[str, Mapping[str, Decimal]], slippage: Decimal
) -> Iterator[LocalExchange]:
    """Serve an exchange whose time runs as fast as life, and whose candles close when the scenario says so."""
    span = (start_ms, start_ms + DAYS_AHEAD * DAY_MS)
    settings = ExchangeSettings(slippage=slippage)
    with serve(Setting(INSTRUMENTS, data, span, held, settings, speed=AS_FAST_AS_LIFE, limits=False)) as served:
        yield LocalExchange(served)


def market(
    past: Mapping[Series, Sequence[Course]], ahead: Mapping[str, float], markets: Sequence[Market], start_ms: int
) -> MarketData:
    """Give the candles of a scenario, and those after it begins: each symbol goes on by its ratio a day, or stays."""
    candles: dict[Key, pl.DataFrame] = {}
    for of, courses in past.items():
        frame = _frame([*courses, *_going_on(courses[-1].close, ahead.get(of.symbol, 0.0))], start_ms, len(courses))
        for one in (of.market,) if of.market else markets:
            if (one, of.symbol) in INSTRUMENTS:
                candles[one, of.symbol, of.timeframe] = frame
    return MarketData(candles)


def _going_on(last: float, ratio: float) -> list[Course]:
    return ranging(last, [last * (1 + ratio) ** (day + 1) for day in range(DAYS_AHEAD)])


def _frame(courses: Sequence[Course], start_ms: int, before: int) -> pl.DataFrame:
    opens_ms = [start_ms + (place - before) * DAY_MS for place in range(len(courses))]
    rows = [
        (at_ms, at_ms + DAY_MS, one.open, one.high, one.low, one.close, one.volume)
        for at_ms, one in zip(opens_ms, courses, strict=True)
        if one.seen
    ]
    return pl.DataFrame(rows, schema=CANDLE_SCHEMA, orient="row")

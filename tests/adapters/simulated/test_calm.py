"""A candle that is told from the others by two prices does what it would have done if everything had been looked at."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.simulated.exchange import SimulatedExchange
from adapters.simulated.instruments import load_instruments
from adapters.simulated.protection import Protection
from adapters.simulated.settings import ExchangeSettings
from runtime.events import Candle, ExchangeEvent
from runtime.instrument import Market
from runtime.requests import ChangeStop, OrderType, PlaceOrder, SetLeverage, Side, TimeInForce

HOUR_MS = 3_600_000
BEGINNING = {"BTCUSDT": 60_000.0, "ETHUSDT": 3_000.0}
SIZES = {"BTCUSDT": Decimal("0.3"), "ETHUSDT": Decimal(6)}
move = st.integers(-60, 60).map(lambda thousandths: thousandths / 2_000)
candle = st.none() | st.tuples(move, move, move, move)
hour = st.fixed_dictionaries({"BTCUSDT": candle, "ETHUSDT": candle})
action = st.tuples(
    st.sampled_from(("buy", "sell", "stop", "stop", "leverage", "deposit", "settle", "nothing")),
    st.sampled_from(tuple(BEGINNING)),
    st.integers(-5, 5),
)
Action = tuple[str, str, int]
Hour = tuple[dict[str, tuple[float, ...] | None], Action]


STILL: list[Hour] = [(dict.fromkeys(BEGINNING, (0.0, 0.0, 0.0, 0.0)), ("nothing", "BTCUSDT", 0))]


class Watchful(Protection):
    """Looks at everything, always."""

    def _is_calm(self, *_: object) -> bool:
        return False


def played(usdt: int, hours: list[Hour]) -> list[object]:
    """Everything that an exchange with one account has done, and what it has come to after each hour."""
    exchange = SimulatedExchange(load_instruments(), ExchangeSettings(), {"main": {"USDT": Decimal(usdt)}})
    seen: list[object] = []
    for symbol in BEGINNING:
        exchange.submit(SetLeverage("main", symbol, Decimal(50)), 0)
    last = dict(BEGINNING)
    for number, (moves, (what, symbol, size)) in enumerate([*STILL, *hours]):
        at_ms = number * HOUR_MS
        candles = [after(last, symbol, by, at_ms) for symbol, by in moves.items() if by is not None]
        seen += exchange.open(candles) + exchange.range(candles)
        last |= {one.symbol: one.close for one in candles}
        seen += done(exchange, what, symbol, size, last[symbol], at_ms + HOUR_MS)
        seen.append(exchange.to_plain())
    return seen


def after(last: dict[str, float], symbol: str, by: tuple[float, ...], at_ms: int) -> Candle:
    """The next candle of a symbol; a jump smaller than a thousandth is none."""
    jump, *others = by
    first = last[symbol] * (1 + (jump if abs(jump) > 0.001 else 0))
    prices = [round(first, 2), *(round(first * (1 + one), 2) for one in others)]
    span = (max(prices), min(prices))
    return Candle(Market.LINEAR, symbol, "1h", at_ms, at_ms + HOUR_MS, prices[0], *span, prices[-1], 5_000.0)


def done(
    exchange: SimulatedExchange, what: str, symbol: str, size: int, price: float, at_ms: int
) -> list[ExchangeEvent]:
    """What an action leads to at once."""
    if what == "nothing":
        return []
    if what == "deposit":
        return exchange.deposit("main", "USDT", Decimal(100 * abs(size)), at_ms)
    if what == "settle":
        return exchange.settle(symbol, Decimal(size) / 100, at_ms)
    if what == "leverage":
        return exchange.submit(SetLeverage("main", symbol, Decimal(10 * (1 + abs(size)))), at_ms)
    if what == "stop":
        return exchange.submit(ChangeStop("main", symbol, Decimal(int(price * (100 + size) / 100))), at_ms)
    return exchange.submit(
        PlaceOrder(
            order_id=f"order-{at_ms}",
            account="main",
            market=Market.LINEAR,
            symbol=symbol,
            side=Side(what),
            order_type=OrderType.MARKET,
            time_in_force=TimeInForce.IOC,
            quantity=SIZES[symbol] * (abs(size) or 1),
        ),
        at_ms,
    )


@pytest.mark.spec("BT-03")
@settings(max_examples=80, deadline=None)
@given(
    usdt=st.integers(2_000, 8_000),
    sides=st.tuples(st.sampled_from(("buy", "sell")), st.sampled_from(("buy", "sell"))),
    hours=st.lists(st.tuples(hour, action), min_size=3, max_size=12),
)
def test_calm_candles_are_those_in_which_nothing_happens(usdt, sides, hours) -> None:
    opening = [(quiet, (side, symbol, 2)) for (quiet, _), side, symbol in zip(STILL * 2, sides, BEGINNING, strict=True)]
    quick = played(usdt, opening + hours)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("adapters.simulated.exchange.Protection", Watchful)
        assert played(usdt, opening + hours) == quick

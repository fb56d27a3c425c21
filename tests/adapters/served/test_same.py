"""The exchange over sockets is the model, to the last decimal: nothing is added and nothing is lost on the way."""

from decimal import Decimal
from random import Random
from typing import Any

import pytest

from adapters.simulated.exchange import SimulatedExchange
from adapters.simulated.instruments import load_instruments
from adapters.simulated.settings import ExchangeSettings
from runtime.backtest import within
from runtime.events import Candle, ExchangeEvent, Fill
from runtime.feed import turns
from runtime.instrument import Market
from runtime.observations import observations_of
from runtime.requests import CancelOrder, OrderType, PlaceOrder, Side, TimeInForce

Desk = Any
MOMENTS, ORDERS = 30, 4
SIDES = {Side.BUY: "Buy", Side.SELL: "Sell"}
FIELDS = ("orderLinkId", "side", "execQty", "execPrice", "execFee", "execTime", "isMaker")


class InMemory:
    """The model, driven as a back-test drives it, with the same orders."""

    def __init__(self, setting: Any) -> None:
        instruments = {key: one for key, one in load_instruments().items() if key[1] in ("BTCUSDT", "ETHUSDT")}
        self.exchange = SimulatedExchange(instruments, ExchangeSettings(), setting.accounts)
        self.fills: list[Fill] = []
        self._turns = turns(within(setting.data.candles, *setting.span))
        self._seen = observations_of(setting.data, *setting.span)
        self._under_way: dict[tuple[Market, str], Candle] = {}
        self.open()

    def take(self, events: list[ExchangeEvent]) -> None:
        self.fills += [event for event in events if isinstance(event, Fill)]

    def close(self) -> None:
        self._turn = next(self._turns)
        self._under_way = {}
        self.take(self.exchange.range(self._turn.finest_closed))
        self.settle(self._turn.at_ms)

    def settle(self, at_ms: int) -> None:
        for seen in [one for one in self._seen if one.at_ms <= at_ms]:
            self._seen.remove(seen)
            self.exchange.settle(seen.symbol, seen.value, seen.at_ms)

    def open(self) -> None:
        turn = getattr(self, "_turn", None) or next(self._turns)
        self.settle(turn.at_ms)
        self._under_way = {(candle.market, candle.symbol): candle for candle in turn.finest_opened}
        self.take(self.exchange.open(turn.finest_opened))
        self.at_ms = turn.at_ms

    def place(self, place: PlaceOrder) -> int:
        first, *_ = events = self.exchange.submit(place, self.at_ms)
        self.take(events)
        candle = self._under_way.get((place.market, place.symbol))
        if candle is not None:
            self.take(self.exchange.serve(place.account, place.order_id, candle))
        return getattr(first, "code", 0)


def some_order(random: Random, number: int, last: Decimal) -> PlaceOrder:
    market, side = random.choice(list(Market)), random.choice(list(Side))
    is_limit, is_spot = random.random() < 0.5, market is Market.SPOT
    by_amount = is_spot and side is Side.BUY and not is_limit
    reduces = not is_spot and random.random() < 0.2
    away = Decimal(random.randint(-80, 80))
    stop = last + (-1 if side is Side.BUY else 1) * random.randint(90, 400)
    return PlaceOrder(
        order_id=f"order-{number}",
        account="main",
        market=market,
        symbol="BTCUSDT",
        side=side,
        order_type=OrderType.LIMIT if is_limit else OrderType.MARKET,
        time_in_force=random.choice([TimeInForce.GTC, TimeInForce.POST_ONLY]) if is_limit else TimeInForce.IOC,
        quantity=None if by_amount else Decimal(random.randint(1, 900)) / 1000,
        quote_amount=Decimal(random.randint(1, 20_000)) if by_amount else None,
        price=last + away if is_limit else None,
        reduce_only=reduces,
        stop_loss=stop if not is_spot and not reduces and random.random() < 0.4 else None,
    )


def send(desk: Desk, place: PlaceOrder) -> int:
    """Place the same order over HTTP; returns the code of the answer."""
    fields = {
        "category": place.market.value,
        "symbol": place.symbol,
        "side": SIDES[place.side],
        "orderType": place.order_type.value.capitalize(),
        "timeInForce": place.time_in_force.value,
        "qty": format(place.quantity or place.quote_amount, "f"),
        "marketUnit": "baseCoin" if place.quote_amount is None else "quoteCoin",
        "price": None if place.price is None else format(place.price, "f"),
        "stopLoss": None if place.stop_loss is None else format(place.stop_loss, "f"),
        "reduceOnly": place.reduce_only or None,
        "orderLinkId": place.order_id,
    }
    return desk.http.place_order(**fields)["retCode"]


@pytest.mark.spec("EXEC-08")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_orders_have_the_same_fills_wallets_and_positions(main: Desk, a_setting: Any, seed: int) -> None:
    random, memory, number = Random(seed), InMemory(a_setting), 0
    main.http = main.session(ignore_codes=set(range(10_000, 180_000)))
    for _ in range(MOMENTS):
        for half in (memory.close, memory.open):
            half()
            main.served.advance(1, until=half.__name__.replace("close", "gap"))
            for _ in range(random.randint(0, ORDERS)):
                number += 1
                last = memory.exchange.last(Market.LINEAR, "BTCUSDT")
                assert last is not None
                order = some_order(random, number, last)
                assert send(main, order) == memory.place(order)
            _cancel_something(random, memory, main)
    assert len(memory.fills) > MOMENTS
    assert executions(main) == [written(fill) for fill in memory.fills]
    assert main.coins() == {coin: amount for coin, amount in memory.exchange.wallet("main").items() if amount}
    position, row = memory.exchange.position("main", "BTCUSDT"), main.position()
    assert (Decimal(row["size"]), Decimal(row["stopLoss"] or 0)) == (position.size, position.stop or 0)
    assert Decimal(row["avgPrice"]) == position.average


def _cancel_something(random: Random, memory: InMemory, desk: Desk) -> None:
    waiting = memory.exchange.open_orders("main")
    if not waiting or random.random() < 0.7:
        return
    order = random.choice(waiting).request
    memory.take(memory.exchange.submit(CancelOrder(order.order_id, "main", order.market, order.symbol), memory.at_ms))
    names = {"category": order.market.value, "symbol": order.symbol, "orderLinkId": order.order_id}
    assert desk.http.cancel_order(**names)["retCode"] == 0


def executions(desk: Desk) -> list[tuple[str, ...]]:
    """All trades of both markets, oldest first, as far as the model tells of them too."""
    rows, cursor = [], ""
    for category in ("linear", "spot"):
        while True:
            page = desk.http.get_executions(category=category, limit=100, cursor=cursor or None)["result"]
            rows += [row for row in page["list"] if row["execType"] != "Funding"]
            cursor = page["nextPageCursor"]
            if not cursor:
                break
    rows.sort(key=lambda row: row["seq"])
    return [tuple(str(row[name]) for name in FIELDS) for row in rows]


def written(fill: Fill) -> tuple[str, ...]:
    # What closes a position on its stop has no id of the client's.
    link = fill.order_id if fill.kind.value == "trade" else ""
    numbers = (format(value.normalize(), "f") for value in (fill.quantity, fill.price, fill.fee))
    return (link, SIDES[fill.side], *numbers, str(fill.at_ms), str(fill.maker))

"""What the rules of a book that collects funding can name: rates, both legs, payments, the short's margin."""

from collections.abc import Callable
from decimal import ROUND_CEILING, Decimal

from machines.funding import FundingMemory
from rules.language.units import Kind, Unit
from runtime.board import Value
from runtime.fact import Fact, Read, fact
from runtime.instrument import Market
from runtime.liquidation import room_to_rise
from runtime.view import View

ZERO = Decimal(0)
ONE = Decimal(1)
EIGHT_HOURS_MS = 8 * 3_600_000
# Prices that were seen further apart than this say nothing about each other.
APART_MS = 60_000
MARKET_KINDS = (Market.SPOT, Market.LINEAR)


def _memory(view: View) -> FundingMemory:
    memory = view.snapshot().memory
    assert isinstance(memory, FundingMemory)
    return memory


def _remembered(read: Callable[[FundingMemory], Value]) -> Read:
    return lambda view, _symbol: read(_memory(view))


# ── rates ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _per_8h(view: View, symbol: str, rate: Decimal) -> Decimal:
    return rate * EIGHT_HOURS_MS / view.perpetual(symbol).funding_interval_ms


def _settled(view: View, symbol: str, place: int) -> Value:
    """Unknown unless every settlement since then is known, the next one not being overdue."""
    interval_ms, now_ms = view.perpetual(symbol).funding_interval_ms, view.board.moment.now_ms
    newest = view.board.rates.last(symbol, place + 1)
    if len(newest) <= place or newest[place][0] < now_ms - (place + 2) * interval_ms:
        return None
    return _per_8h(view, symbol, newest[place][1])


def _predicted(view: View, symbol: str) -> Value:
    """What the exchange expects, where it says so after the last settlement; else what it has settled last."""
    rate, at_ms = view.board.observed("funding.expected", symbol), view.board.observed_ms("funding.expected", symbol)
    settled_ms = next((moment for moment, _ in view.board.rates.last(symbol, 1)), 0)
    if isinstance(rate, Decimal) and at_ms is not None and at_ms >= settled_ms:
        return _per_8h(view, symbol, rate)
    return _settled(view, symbol, 0)


# ── both legs ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _perpetual_price(view: View, symbol: str) -> Decimal | None:
    return view.board.price(Market.LINEAR, symbol)


def _perpetual_price_ms(view: View, symbol: str) -> int | None:
    quote = view.board.quotes.get((Market.LINEAR, symbol))
    return None if quote is None else quote.at_ms


def _basis(view: View, symbol: str) -> Value:
    spot, perpetual = (view.board.quotes.get((market, symbol)) for market in MARKET_KINDS)
    if spot is None or perpetual is None or abs(spot.at_ms - perpetual.at_ms) > APART_MS:
        return None
    return Decimal(repr(perpetual.price)) / Decimal(repr(spot.price)) - ONE


def _net_delta(view: View, symbol: str) -> Value:
    coins, short = view.position(symbol).quantity, view.short(symbol).quantity
    larger = max(abs(coins), abs(short))
    return (coins + short) / larger if larger else None


def _short_value(view: View, symbol: str) -> Value:
    quantity, price = abs(view.short(symbol).quantity), _perpetual_price(view, symbol)
    return ZERO if not quantity else None if price is None else quantity * price


def _waiting(view: View, symbol: str) -> Value:
    return Decimal(sum(1 for _ in view.desk.live(view.book.name, symbol)))


def _smallest(view: View, symbol: str) -> Value:
    """The least that both markets take, at the latest price."""
    price = view.price(symbol)
    if price is None:
        return None
    legs = (view.instrument(symbol), view.perpetual(symbol))
    step = max(leg.quantity_step for leg in legs)
    least = max(max(leg.minimum_quantity, leg.minimum_notional / price) for leg in legs)
    return (least / step).to_integral_value(ROUND_CEILING) * step * price


def _distance(view: View, symbol: str) -> Value:
    """The exchange's own liquidation price where it is known, else that of the margin model; the nearer of the two."""
    if not view.short(symbol).quantity:
        return None
    modelled = room_to_rise(view.portfolio, view.book.account, view.perpetual)
    told, price = view.board.observed("liquidation.price", symbol), _perpetual_price(view, symbol)
    if isinstance(told, Decimal) and told > ZERO and price:
        told_distance = told / price - ONE
        return told_distance if modelled is None else min(told_distance, modelled)
    return modelled


def _observed(name: str, kind: Kind, about: str) -> Fact:
    return fact(
        name, kind, "symbol", about, lambda v, s: v.board.observed(name, s), lambda v, s: v.board.observed_ms(name, s)
    )


RATE_FACTS = (
    fact(
        "funding.predicted",
        Kind(Unit.RATIO),
        "symbol",
        "the rate that the next settlement is expected to have, per 8 hours: as the exchange tells it, else the last "
        "settled one",
        _predicted,
    ),
    fact(
        "funding.last",
        Kind(Unit.RATIO),
        "symbol",
        "the last settled rate, per 8 hours; unknown when the next one is overdue",
        lambda v, s: _settled(v, s, 0),
    ),
    fact(
        "funding.before_last",
        Kind(Unit.RATIO),
        "symbol",
        "the rate settled before that, per 8 hours",
        lambda v, s: _settled(v, s, 1),
    ),
    fact(
        "funding.negative_run",
        Kind(Unit.COUNT),
        "symbol",
        "how many of the last settlements were negative in a row; 0 when none is known",
        lambda v, s: Decimal(v.board.rates.negative_run(s)),
    ),
    _observed("funding.expected", Kind(Unit.RATIO), "the exchange's own estimate of the next rate, of one interval"),
)
PAIR_FACTS = (
    fact(
        "perp.price",
        Kind(Unit.PRICE),
        "symbol",
        "the latest price of the perpetual",
        _perpetual_price,
        _perpetual_price_ms,
    ),
    fact(
        "basis",
        Kind(Unit.RATIO),
        "symbol",
        "how far the perpetual is above the coin, as a ratio; unknown when the two prices are over a minute apart",
        _basis,
    ),
    fact(
        "perp.position.quantity",
        Kind(Unit.QUANTITY),
        "symbol",
        "held short in the perpetual, without its sign",
        lambda v, s: abs(v.short(s).quantity),
    ),
    fact("perp.position.value", Kind(Unit.MONEY), "symbol", "the short at the latest price", _short_value),
    fact(
        "net_delta",
        Kind(Unit.RATIO),
        "symbol",
        "coins without a short (or, negative, a short without coins) as a ratio of the larger leg; unknown when flat",
        _net_delta,
    ),
    fact(
        "legs.waiting",
        Kind(Unit.COUNT),
        "symbol",
        "orders of both legs whose end is not known",
        _waiting,
    ),
    fact(
        "legs.smallest",
        Kind(Unit.MONEY),
        "symbol",
        "the least that both markets take as an order, rounded up to the coarser step",
        _smallest,
    ),
    fact(
        "liquidation.distance",
        Kind(Unit.RATIO),
        "symbol",
        "how far all perpetuals of the sub-account may rise together before the exchange closes them",
        _distance,
    ),
    _observed("liquidation.price", Kind(Unit.PRICE), "where the exchange says that it would close the short"),
    _observed("depth", Kind(Unit.MONEY), "what rests in the coin's order book within 0.5 % of its middle"),
    _observed("perp.depth", Kind(Unit.MONEY), "what rests in the perpetual's order book within 0.5 % of its middle"),
    _observed("insurance.fund", Kind(Unit.MONEY), "what the exchange's insurance fund has"),
    fact(
        "insurance.fall",
        Kind(Unit.RATIO),
        "symbol",
        "how far the insurance fund is below its highest of the last 24 hours",
        lambda v, s: v.board.insurance.fall(s, v.board.moment.now_ms),
    ),
)
INCOME_FACTS = (
    fact(
        "settlement",
        Kind(Unit.BOOL),
        "book",
        "whether funding was ever settled on the short; age(settlement) is the time since the last time",
        _remembered(lambda memory: memory.paid_ms is not None),
        lambda view, _: _memory(view).paid_ms,
    ),
    fact(
        "funding.income",
        Kind(Unit.MONEY),
        "symbol",
        "what the short that is held has received so far, less what it has paid",
        lambda v, s: v.short(s).funding,
    ),
    fact(
        "income.unshared",
        Kind(Unit.MONEY),
        "book",
        "payments received that were not divided yet",
        _remembered(lambda memory: memory.unshared),
    ),
    fact(
        "income.to_compound",
        Kind(Unit.MONEY),
        "book",
        "payments put aside to make the pair larger",
        _remembered(lambda memory: memory.to_compound),
    ),
    fact(
        "income.to_hand_over",
        Kind(Unit.MONEY),
        "book",
        "payments put aside for another sub-account",
        _remembered(lambda memory: memory.to_hand_over),
    ),
    fact(
        "attempt",
        Kind(Unit.BOOL),
        "book",
        "whether orders were ever asked for; age(attempt) is the time since the last time",
        _remembered(lambda memory: memory.attempt_ms is not None),
        lambda view, _: _memory(view).attempt_ms,
    ),
    fact(
        "attempt.evenings",
        Kind(Unit.COUNT),
        "book",
        "how often in a row the legs had to be made even",
        _remembered(lambda memory: Decimal(memory.evenings)),
    ),
)

FUNDING_FACTS = (*RATE_FACTS, *PAIR_FACTS, *INCOME_FACTS)

"""Every fact a rule can name besides candles and indicators: its meaning, its unit, where its value comes from."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from machines.breaker import BREAKER
from machines.core import CoreMemory
from machines.lifecycle import LIFECYCLE
from rules.language.units import Kind, Unit
from rules.language.vocabulary import Vocabulary
from runtime.board import Value
from runtime.desk import Purpose
from runtime.engine_facts import ENGINE_FACTS
from runtime.fact import Fact, Read, fact
from runtime.funding_facts import FUNDING_FACTS
from runtime.phase_facts import PHASES, phase_vocabulary
from runtime.result_facts import DOUBTS, result_vocabulary
from runtime.status import Hold
from runtime.tactical_facts import TACTICAL_FACTS
from runtime.view import View

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
FUNDING_HOURS = 8
ZERO = Decimal(0)
SIDES = ("long", "short", "flat")
LEVELS = tuple(str(state) for state in BREAKER.states)
LIFECYCLE_STATES = tuple(str(state) for state in LIFECYCLE.states)
QUOTE_COIN = "USDT"


# ── the portfolio and the account ───────────────────────────────────────────────────────────────────────────────────


def _positions(view: View, _symbol: str) -> Value:
    waiting = {t.request.symbol for t in view.desk.live(view.book.name) if t.purpose is Purpose.ENTRY}
    held = {s for s in view.book.symbols if view.portfolio.holds(view.book.account, view.market, s)}
    return Decimal(len(waiting | held))


def _kelly(view: View, _symbol: str) -> Value:
    return view.trades.kelly(view.book.name)


PORTFOLIO_FACTS = (
    fact(
        "portfolio.equity",
        Kind(Unit.MONEY),
        "portfolio",
        "all accounts at the latest prices",
        lambda v, _: v.portfolio.equity(),
    ),
    fact(
        "portfolio.drawdown",
        Kind(Unit.RATIO),
        "portfolio",
        "how far the portfolio is below its highest equity, deposits and withdrawals taken out",
        lambda v, _: v.portfolio.net_value.drawdown,
    ),
    fact(
        "portfolio.loss_today",
        Kind(Unit.RATIO),
        "portfolio",
        "the loss since 00:00 UTC; nothing when it is a profit",
        lambda v, _: v.portfolio.net_value.loss_today,
    ),
    fact(
        "portfolio.loss_this_week",
        Kind(Unit.RATIO),
        "portfolio",
        "the loss since Monday 00:00 UTC; nothing when it is a profit",
        lambda v, _: v.portfolio.net_value.loss_this_week,
    ),
    fact(
        "breaker.level",
        Kind(Unit.ENUM, LEVELS),
        "portfolio",
        "the level of the breaker ladder",
        lambda v, _: v.status.level,
    ),
    fact(
        "breaker.entries_allowed",
        Kind(Unit.BOOL),
        "portfolio",
        "whether the breaker lets risk be opened",
        lambda v, _: v.status.entries_allowed,
    ),
    fact(
        "lifecycle.state",
        Kind(Unit.ENUM, LIFECYCLE_STATES),
        "portfolio",
        "the state of the whole engine",
        lambda v, _: v.status.lifecycle,
    ),
)

ACCOUNT_FACTS = (
    fact(
        "book.paused",
        Kind(Unit.BOOL),
        "book",
        "whether the operator has paused this book",
        lambda v, _: v.book.name in v.status.held(Hold.PAUSED),
    ),
    fact(
        "account.equity",
        Kind(Unit.MONEY),
        "book",
        "the book's sub-account at the latest prices",
        lambda v, _: v.portfolio.equity(v.book.account),
    ),
    fact(
        "account.cash",
        Kind(Unit.MONEY),
        "book",
        "USDT of the sub-account that no open order has spoken for",
        lambda v, _: v.portfolio.available(v.book.account, QUOTE_COIN),
    ),
    fact(
        "account.committed",
        Kind(Unit.MONEY),
        "book",
        "what the sub-account's open orders and positions have spoken for: coins at their price, margin with losses",
        lambda v, _: v.portfolio.committed(v.book.account),
    ),
    fact(
        "account.positions",
        Kind(Unit.COUNT),
        "book",
        "in how many of its symbols the book holds something or waits for an entry",
        _positions,
    ),
    fact(
        "kelly",
        Kind(Unit.RATIO),
        "book",
        "the Kelly fraction of the book's closed trades; unknown under 20 trades",
        _kelly,
    ),
)


# ── the position in a symbol ────────────────────────────────────────────────────────────────────────────────────────


def _side(view: View, symbol: str) -> Value:
    quantity = view.position(symbol).quantity
    return "long" if quantity > 0 else "short" if quantity < 0 else "flat"


def _position_value(view: View, symbol: str) -> Value:
    price = view.price(symbol)
    quantity = view.position(symbol).quantity
    return ZERO if not quantity else None if price is None else abs(quantity) * price


def _profit(view: View, symbol: str) -> Value:
    position, price = view.position(symbol), view.price(symbol)
    average = position.average_price
    if not position.quantity or price is None or average is None:
        return None
    gain = price - average
    return gain if position.quantity > 0 else -gain


def _opened(view: View, symbol: str) -> int | None:
    position = view.position(symbol)
    return position.opened_ms if position.quantity else None


def _when_held(read: Callable[[View, str], Value]) -> Read:
    return lambda view, symbol: read(view, symbol) if view.position(symbol).quantity else None


POSITION_FACTS = (
    fact(
        "position",
        Kind(Unit.BOOL),
        "symbol",
        "whether the book holds anything in the symbol; age(position) is the time since it was opened",
        lambda v, s: bool(v.position(s).quantity),
        _opened,
    ),
    fact("position.side", Kind(Unit.ENUM, SIDES), "symbol", "long, short or flat", _side),
    fact(
        "position.quantity",
        Kind(Unit.QUANTITY),
        "symbol",
        "held, without its sign",
        lambda v, s: abs(v.position(s).quantity),
    ),
    fact(
        "position.average_price",
        Kind(Unit.PRICE),
        "symbol",
        "the average price of the entry",
        _when_held(lambda v, s: v.position(s).average_price),
    ),
    fact(
        "position.best",
        Kind(Unit.PRICE),
        "symbol",
        "the most favourable price since the entry",
        _when_held(lambda v, s: v.position(s).best_price),
    ),
    fact("position.profit", Kind(Unit.PRICE), "symbol", "profit per coin held, before costs", _profit),
    fact("position.value", Kind(Unit.MONEY), "symbol", "the position at the latest price", _position_value),
)


# ── what was observed outside ───────────────────────────────────────────────────────────────────────────────────────


def _observation(name: str, kind: Kind, scope: str, about: str) -> Fact:
    return fact(
        name,
        kind,
        scope,
        about,
        lambda v, s: v.board.observed(name, s),
        lambda v, s: v.board.observed_ms(name, s),
    )


def _rate_per_8h(view: View, symbol: str) -> Decimal | None:
    rate = view.board.observed("funding.rate", symbol)
    if not isinstance(rate, Decimal):
        return None
    return rate * FUNDING_HOURS * HOUR_MS / view.instrument(symbol).funding_interval_ms


def _funding_against(view: View, symbol: str) -> Value:
    rate, quantity = _rate_per_8h(view, symbol), view.position(symbol).quantity
    if rate is None or not quantity:
        return None
    return rate if quantity > 0 else -rate


def _funding_of_day(view: View, symbol: str, days_ago: int) -> Value:
    interval_ms = view.funding_interval_ms(symbol)
    if interval_ms is None:
        return None
    until_ms = view.board.moment.now_ms - days_ago * DAY_MS
    mean = view.board.rates.mean(symbol, until_ms, DAY_MS, interval_ms)
    return None if mean is None else mean * FUNDING_HOURS * HOUR_MS / interval_ms


OUTSIDE_FACTS = (
    _observation("exchange.trouble", Kind(Unit.BOOL), "portfolio", "the exchange says that something is wrong"),
    _observation("exchange.withdrawals", Kind(Unit.BOOL), "portfolio", "withdrawals are possible"),
    _observation("fear_greed", Kind(Unit.NUMBER), "portfolio", "the Fear & Greed index, 0 to 100"),
    _observation("earn.yield", Kind(Unit.RATIO), "portfolio", "a year, of flexible staking"),
    _observation("quote.bid", Kind(Unit.PRICE), "symbol", "the best bid of the order book"),
    _observation("quote.ask", Kind(Unit.PRICE), "symbol", "the best ask of the order book"),
    _observation(
        "funding.rate", Kind(Unit.RATIO), "symbol", "the latest funding rate of one interval; longs pay when positive"
    ),
    fact(
        "funding.against",
        Kind(Unit.RATIO),
        "symbol",
        "the latest funding rate per 8 hours that the position pays; negative when it receives",
        _funding_against,
    ),
    fact(
        "funding.day",
        Kind(Unit.RATIO),
        "symbol",
        "the mean of the perpetual's rates settled in the last 24 hours, per 8 hours; unknown unless all are known",
        lambda v, s: _funding_of_day(v, s, 0),
    ),
    fact(
        "funding.day_before",
        Kind(Unit.RATIO),
        "symbol",
        "the same for the 24 hours before those",
        lambda v, s: _funding_of_day(v, s, 1),
    ),
    fact(
        "funding.two_days_before",
        Kind(Unit.RATIO),
        "symbol",
        "the same for the 24 hours before both",
        lambda v, s: _funding_of_day(v, s, 2),
    ),
)


# ── prices ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _price(view: View, symbol: str) -> Value:
    return view.price(symbol)


def _price_ms(view: View, symbol: str) -> int | None:
    quote = view.board.quotes.get((view.market, symbol))
    return None if quote is None else quote.at_ms


def _jump(view: View, symbol: str) -> Value:
    quote = view.board.quotes.get((view.market, symbol))
    return None if quote is None else quote.jump if quote.jump is not None else 0.0


PRICE_FACTS = (
    fact("price", Kind(Unit.PRICE), "symbol", "the latest price of any timeframe", _price, _price_ms),
    fact(
        "price.jump",
        Kind(Unit.RATIO, exact=False),
        "symbol",
        "how far the latest price update jumped from the one before it",
        _jump,
    ),
    fact(
        "price.confirmed",
        Kind(Unit.BOOL),
        "symbol",
        "whether a second source (the other market) agrees with the latest price within 5 %",
        lambda v, s: v.board.confirmed(v.market, s),
    ),
)

MACHINE_FACTS = (
    fact(
        "state",
        Kind(Unit.TEXT),
        "book",
        "the state of the machine; age(state) is the time since it was entered",
        lambda v, _: v.snapshot().state,
        lambda v, _: v.snapshot().since_ms,
    ),
)


# ── CORE: weights, schedule and the last purchases ──────────────────────────────────────────────────────────────────


def _memory(view: View) -> CoreMemory:
    memory = view.snapshot().memory
    assert isinstance(memory, CoreMemory)
    return memory


def _holding_value(view: View, symbol: str) -> Decimal:
    price = view.price(symbol)
    return ZERO if price is None else view.position(symbol).quantity * price


def _holdings_value(view: View, _symbol: str) -> Decimal:
    return sum((_holding_value(view, symbol) for symbol in view.listed()), ZERO)


def _weight(view: View, symbol: str) -> Value:
    """The target weight among the coins that have a price already; a coin without one weighs nothing yet."""
    weights, listed = view.book.weights, view.listed()
    if symbol not in listed:
        return ZERO
    share = weights[symbol] / sum(weights[s] for s in listed)
    return Decimal(share.numerator) / Decimal(share.denominator)


def _drift(view: View, symbol: str) -> Value:
    held, weight = _holdings_value(view, symbol), _weight(view, symbol)
    if not held or not isinstance(weight, Decimal):
        return None
    return _holding_value(view, symbol) / held - weight


def _scheduled(read: Callable[[CoreMemory], Value]) -> Read:
    return lambda view, _symbol: read(_memory(view))


HOLDING_FACTS = (
    fact("weight", Kind(Unit.RATIO), "symbol", "the coin's target weight among the coins that are listed", _weight),
    fact("drift", Kind(Unit.RATIO), "symbol", "points of weight above (or, negative, below) the target", _drift),
    fact("holding.value", Kind(Unit.MONEY), "symbol", "the coin at the latest price", _holding_value),
    fact("holdings.value", Kind(Unit.MONEY), "book", "all coins of the book at the latest prices", _holdings_value),
)


def _lent(view: View, symbol: str) -> Value:
    price, coin = view.price(symbol), view.instrument(symbol).base
    lent = view.portfolio.lent(view.book.account, coin)
    return ZERO if not lent else None if price is None else lent * price


def _idle(view: View, symbol: str) -> Value:
    if symbol not in view.book.lends:
        return ZERO
    price, coin = view.price(symbol), view.instrument(symbol).base
    return None if price is None else view.portfolio.available(view.book.account, coin) * price


EARN_FACTS = (
    fact("earn.lent", Kind(Unit.MONEY), "symbol", "what of the coin is lent out at Earn, at the latest price", _lent),
    fact(
        "earn.idle",
        Kind(Unit.MONEY),
        "symbol",
        "what of a coin that the book lends is not spoken for, at the latest price; nothing of any other coin",
        _idle,
    ),
)

CORE_FACTS = (
    *HOLDING_FACTS,
    *EARN_FACTS,
    fact(
        "schedule.target",
        Kind(Unit.MONEY),
        "book",
        "what the holdings shall be worth, frozen when deployment began",
        _scheduled(lambda m: m.target),
    ),
    fact(
        "schedule.gap", Kind(Unit.MONEY), "book", "what was missing when deployment began", _scheduled(lambda m: m.gap)
    ),
    fact(
        "schedule.cycles",
        Kind(Unit.COUNT),
        "book",
        "purchases of the deployment; 0 before it has begun",
        _scheduled(lambda m: Decimal(m.cycles)),
    ),
    fact("schedule.done", Kind(Unit.COUNT), "book", "purchases made", _scheduled(lambda m: Decimal(m.cycles_done))),
    fact(
        "schedule.left",
        Kind(Unit.COUNT),
        "book",
        "purchases still to make",
        _scheduled(lambda m: Decimal(m.cycles - m.cycles_done)),
    ),
    fact(
        "purchase",
        Kind(Unit.BOOL),
        "symbol",
        "whether the coin was ever bought; age(purchase) is the time since the last purchase",
        lambda v, s: s in _memory(v).purchases,
        lambda v, s: _memory(v).purchases.get(s),
    ),
    fact(
        "cycle",
        Kind(Unit.BOOL),
        "book",
        "whether there was a purchase cycle; age(cycle) is the time since the last one",
        lambda v, _: _memory(v).cycle_ms is not None,
        lambda v, _: _memory(v).cycle_ms,
    ),
    fact(
        "rebalance",
        Kind(Unit.BOOL),
        "book",
        "whether anything was sold to rebalance; age(rebalance) is the time since",
        lambda v, _: _memory(v).rebalanced_ms is not None,
        lambda v, _: _memory(v).rebalanced_ms,
    ),
    fact(
        "rebalance.done",
        Kind(Unit.COUNT),
        "book",
        "purchase cycles made in REBALANCING",
        _scheduled(lambda m: Decimal(m.rebalance_cycles_done)),
    ),
)


# ── the order that a pre-trade check is asked about ─────────────────────────────────────────────────────────────────

ORDER_FACTS = (
    fact("order.symbol", Kind(Unit.TEXT), "order", "the symbol of the order", lambda v, _: v.proposal.symbol),
    fact(
        "order.asset",
        Kind(Unit.TEXT),
        "order",
        "the coin of the order",
        lambda v, _: v.instrument(v.proposal.symbol).base,
    ),
    fact("order.side", Kind(Unit.ENUM, ("buy", "sell")), "order", "buy or sell", lambda v, _: v.proposal.side.value),
    fact(
        "order.direction",
        Kind(Unit.ENUM, ("long", "short")),
        "order",
        "the direction of the position that the order opens",
        lambda v, _: v.proposal.direction.value,
    ),
    fact(
        "order.notional",
        Kind(Unit.MONEY),
        "order",
        "the size of the order before the checks",
        lambda v, _: v.proposal.notional,
    ),
    fact("book", Kind(Unit.TEXT), "order", "the book that wants the order", lambda v, _: v.book.name),
    fact("machine", Kind(Unit.TEXT), "order", "the kind of book that wants the order", lambda v, _: v.book.machine),
)

COMMON = (*PORTFOLIO_FACTS, *ACCOUNT_FACTS, *ENGINE_FACTS, *POSITION_FACTS, *OUTSIDE_FACTS, *PRICE_FACTS)
FACTS_OF: Mapping[str, Mapping[str, Fact]] = {
    kind: {fact.declaration.name: fact for fact in facts}
    for kind, facts in {
        "trend": (*COMMON, *MACHINE_FACTS),
        "core": (*COMMON, *MACHINE_FACTS, *CORE_FACTS),
        "funding": (*COMMON, *MACHINE_FACTS, *FUNDING_FACTS),
        "tactical": (*COMMON, *MACHINE_FACTS, *HOLDING_FACTS, *TACTICAL_FACTS),
        "checks": (*COMMON, *ORDER_FACTS),
        "breakers": PORTFOLIO_FACTS,
        "shares": (*PORTFOLIO_FACTS, *ENGINE_FACTS),
    }.items()
}


def vocabulary_for(kind: str, symbols: Sequence[str]) -> Vocabulary:
    """Give the facts that a book of this kind (a machine, `checks`, `shares`, `phases`, `doubts`, …) may name."""
    if kind == PHASES:
        return phase_vocabulary()
    if kind == DOUBTS:
        return result_vocabulary()
    facts = {name: fact.declaration for name, fact in FACTS_OF.get(kind, FACTS_OF["breakers"]).items()}
    assets = tuple(symbol.removesuffix(QUOTE_COIN) for symbol in symbols)
    return Vocabulary(facts=facts, symbols=tuple(symbols), assets=assets)

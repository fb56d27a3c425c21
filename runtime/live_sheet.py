"""How a running engine stands, on one sheet, for people who are not inside of it."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from rules.language.book import Mode
from rules.language.explain import Explained
from rules.language.units import Unit
from runtime.decimals import optional_plain, plain
from runtime.engine import Engine
from runtime.instance import Instance
from runtime.instrument import Market
from runtime.outcome_words import asked
from runtime.position import Position
from runtime.why_not import Entry, WhyNot, why_not

Plain = dict[str, Any]


def live_sheet(engine: Engine, at_ms: int) -> Plain:
    """Give everything that matters at this moment as JSON-able data; numbers of money are decimals as text.

    The engine stays as it is.
    """
    return {
        "at_ms": at_ms,
        "entry": engine.sequence,
        "rules": engine.rulebook.version,
        "life": _life(engine),
        "money": _money(engine),
        "engines": [_machine(engine, instance) for instance in engine.instances.values()],
        "positions": list(_positions(engine)),
        "loans": list(_loans(engine)),
        "orders": list(_orders(engine)),
        "feeds": [{"symbol": symbol, "age_ms": at_ms - seen_ms} for symbol, seen_ms in _feeds(engine).items()],
    }


def _life(engine: Engine) -> Plain:
    status = engine.world.status
    return {
        "state": engine.life.state,
        "reconciled": engine.ready,
        "paused": status.paused,
        "exchange_away": status.exchange_away,
        "halted": engine.halted,
        "halt_complete": engine.halted and engine.halt.complete,
        "paused_books": sorted(engine.paused),
        "fenced": engine.fences.reasons,
    }


def _money(engine: Engine) -> Plain:
    portfolio, status = engine.portfolio, engine.world.status
    return {
        "coin": portfolio.money,
        "equity": optional_plain(portfolio.equity()),
        "breaker": status.level,
        "entries_allowed": status.entries_allowed,
        "drawdown": plain(portfolio.net_value.drawdown) if status.drawdown_known else None,
    }


def _machine(engine: Engine, instance: Instance) -> Plain:
    holds = engine.world.status.holds.get(instance.book.name, frozenset())
    return {
        "book": instance.book.name,
        "symbol": instance.symbol,
        "state": instance.snapshot.state,
        "since_ms": instance.snapshot.since_ms,
        "holds": sorted(holds),
        "version": instance.book.version,
        "waits_for": engine.rulebook.books[instance.book.name].version
        if instance.key in engine.versions.waiting
        else None,
    }


def _positions(engine: Engine) -> Iterator[Plain]:
    portfolio = engine.portfolio
    for account in portfolio.accounts:
        for position in portfolio.positions(account):
            if portfolio.holds(account, position.market, position.symbol):
                yield _position(engine, account, position)


def _position(engine: Engine, account: str, position: Position) -> Plain:
    portfolio = engine.portfolio
    price = portfolio.mark_of(position.market, position.symbol)
    stop = portfolio.stop(account, position.symbol) if position.market is Market.LINEAR else None
    return {
        "account": account,
        "market": position.market.value,
        "symbol": position.symbol,
        "quantity": plain(position.quantity),
        "average_price": optional_plain(position.average_price),
        "price": optional_plain(price),
        "unrealised": None if price is None else plain(position.unrealised(price)),
        "stop": optional_plain(stop),
    }


def _loans(engine: Engine) -> Iterator[Plain]:
    for account in engine.portfolio.accounts:
        lent, moving = engine.portfolio.all_lent(account), engine.path.unsettled(account)
        for coin in sorted({*lent, *moving}):
            amount = plain(lent.get(coin, Decimal(0)))
            yield {"account": account, "coin": coin, "amount": amount, "moving": coin in moving}


def _orders(engine: Engine) -> Iterator[Plain]:
    for ticket in engine.trader.desk.live():
        yield {
            "order_id": ticket.request.order_id,
            "book": ticket.book,
            "rule": ticket.rule,
            "asked": asked(ticket.request),
            "state": ticket.snapshot.state,
            "filled": plain(ticket.filled),
            "placed_ms": ticket.placed_ms,
        }


def _feeds(engine: Engine) -> dict[str, int]:
    """When something was last heard of each symbol that is traded."""
    board, traded = engine.world.board, {symbol for one in engine.instances.values() for symbol in one.symbols}
    seen: dict[str, int] = {}
    for (_, symbol), quote in board.quotes.items():
        seen[symbol] = max(seen.get(symbol, 0), quote.at_ms)
    for (_, symbol), fact in board.observations.items():
        seen[symbol] = max(seen.get(symbol, 0), fact.at_ms)
    return {symbol: seen[symbol] for symbol in sorted(traded) if symbol in seen}


# ── what is missing ────────────────────────────────────────────────────────────────────────────────────────────────


def missing_now(engine: Engine, at_ms: int) -> Iterator[Plain]:
    """Tell for each book and symbol what an entry misses most nearly; each takes longer than the sheet."""
    traded = sorted({(symbol, one.book.name) for one in engine.instances.values() for symbol in one.symbols})
    for symbol, book in traded:
        for answer in why_not(engine, symbol, at_ms, (book,)):
            rule, text = nearest(answer)
            yield {"book": answer.book, "symbol": symbol, "rule": rule, "text": text}


def nearest(answer: WhyNot) -> tuple[str, str]:
    """Say which entry rule misses least, and what it misses; the rule is empty where it isn't the rules' doing."""
    if answer.obstacles:
        return "", answer.obstacles[0]
    here = [entry for entry in answer.entries if entry.state_fits and entry.rule.mode is Mode.LIVE]
    if not here:
        return "", f"no entry rule counts in {answer.state}"
    entry = min(here, key=lambda one: len(missed(one.trace)))
    return entry.rule.id, _told(entry)


def missed(trace: Explained) -> tuple[Explained, ...]:
    """Give the smallest parts of a condition that do not hold; nothing where the whole does."""
    if trace.value is True:
        return ()
    parts = [part for part in trace.children if part.unit == Unit.BOOL]
    return tuple(small for part in parts for small in missed(part)) or (trace,)


def _told(entry: Entry) -> str:
    parts = missed(entry.trace)
    if parts:
        first = parts[0]
        more = f", and {len(parts) - 1} more" if len(parts) > 1 else ""
        unknown = "is unknown" if first.value is None else "does not hold"
        return f"{first.text} {f'({first.short_by})' if first.short_by else unknown}{more}"
    if entry.held_ms < entry.needed_ms:
        return f"has to hold for another {Decimal(entry.needed_ms - entry.held_ms) / 1000:f} s"
    refused = next((answer for answer in entry.answers if answer.check), None)
    if refused is not None:
        return f"would be refused by {refused.check}: {refused.text}"
    return "its time is over" if entry.expired else "nothing is missing"

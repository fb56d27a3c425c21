"""Tables of what engines earned with what, and of the money that went between them."""

from dataclasses import dataclass
from decimal import Decimal

from adapters.report.sheet import Sheet
from adapters.report.summary import Summary
from adapters.report.words import NOTHING, counted, minute, money, percent
from runtime.run import TransferRecord

ARRIVED = "arrived"
_ZERO = Decimal(0)


def profits(summary: Summary) -> Sheet:
    """Return where each book's profit came from: prices and funding apart, less fees."""
    rows = tuple(
        (
            one.book,
            money(one.by_price, signed=True),
            money(one.funding, signed=True),
            money(-one.fees, signed=True),
            money(one.profit, signed=True),
            money(one.moved, signed=True),
        )
        for one in summary.engines
    )
    columns = ("book", "by price", "funding", "fees", "profit", "moved in")
    about = "Prices, funding and fees make the profit. What transfers moved in, or out below zero, is no part of it."
    return Sheet("Where profits came from", columns, rows, signed=frozenset({1, 2, 3, 4}), about=about)


def engines_by_regime(summary: Summary) -> Sheet:
    """Return what each book did in each kind of market."""
    kinds = [row.regime for row in summary.regimes]
    rows = []
    for one in summary.engines if kinds else ():
        returns = {result.regime: result.total_return for result in one.regimes}
        rows.append((one.book, *(percent(returns.get(kind), signed=True) for kind in kinds)))
    columns = ("book", *(kind.value for kind in kinds))
    empty = "No daily closes of BTCUSDT to tell them from."
    return Sheet(
        "Engines by kind of market", columns, tuple(rows), signed=frozenset(range(1, len(columns))), empty=empty
    )


@dataclass(slots=True)
class _Way:
    """All that went one way and has arrived; `failed` counts what has not."""

    times: int = 0
    amount: Decimal = _ZERO
    failed: int = 0


def transfers(summary: Summary) -> Sheet:
    """Return what went between sub-accounts, added up by way and reason."""
    ways: dict[tuple[str, str, str, str], _Way] = {}
    for one in summary.result.transfers:
        way = ways.setdefault((one.source, one.destination, one.coin, _asked_by(one)), _Way())
        if one.ended == ARRIVED:
            way.times, way.amount = way.times + 1, way.amount + one.amount
        else:
            way.failed += 1
    rows = tuple(
        (source, destination, rule, f"{way.times:,}", f"{money(way.amount)} {coin}", f"{way.failed:,}")
        for (source, destination, coin, rule), way in ways.items()
    )
    columns = ("from", "to", "asked by", "times", "amount", "not arrived")
    return Sheet("Transfers between engines", columns, rows, text=3, empty="No money went from one to another.")


def last_transfers(summary: Summary, last: int) -> Sheet:
    """Return the last transfers one by one, with the reason of each."""
    everything = summary.result.transfers
    shown = everything[-last:] if last else ()
    rows = tuple(
        (
            minute(one.at_ms),
            one.source,
            one.destination,
            one.why or _asked_by(one),
            one.ended,
            f"{money(one.amount)} {one.coin}",
        )
        for one in shown
    )
    title = f"Last {len(shown):,} of {counted(len(everything), 'transfer')}" if len(shown) < len(everything) else ""
    columns = ("at", "from", "to", "why", "ended", "amount")
    return Sheet(title or "All transfers", columns, rows, text=5)


def _asked_by(one: TransferRecord) -> str:
    return f"{one.book} {one.rule}".strip() or NOTHING

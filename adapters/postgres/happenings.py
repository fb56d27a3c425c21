"""What happened since a store began, added up from its tables. Money is in quote coin where no coin is named."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from adapters.postgres.connection import Connection

BOOKS = """
SELECT book, min(account), count(*), count(*) FILTER (WHERE filled > 0), coalesce(sum(value), 0),
       (SELECT count(*) FROM trades WHERE trades.book = orders.book),
       (SELECT coalesce(sum(net), 0) FROM trades WHERE trades.book = orders.book)
FROM orders GROUP BY book ORDER BY book
"""
FUNDING = "SELECT account, count(*), sum(amount) FROM funding_payments GROUP BY account ORDER BY account"
TRANSFERS = """
SELECT source, destination, coin, count(*), sum(amount) FROM transfers WHERE arrived_ms IS NOT NULL
GROUP BY source, destination, coin ORDER BY sum(amount) DESC
"""
EQUITY = """
SELECT day, sum(equity) FROM days GROUP BY day
HAVING count(equity) = (SELECT count(DISTINCT account) FROM days WHERE equity IS NOT NULL) ORDER BY day
"""
LEVELS = """
SELECT at_ms, record ->> 'before', record ->> 'after', record ->> 'reason'
FROM journal, json_array_elements(body -> 'records') AS record WHERE record ->> 'type' = 'LevelMove' ORDER BY seq
"""
# One that opened something, and whose end is known, tells most.
TELLING = """
SELECT order_id FROM orders WHERE book = ANY(%s) AND decision IS NOT NULL AND filled > 0
ORDER BY rule LIKE 'entries.%%' DESC,
         EXISTS (SELECT FROM trades WHERE trades.book = orders.book AND trades.symbol = orders.symbol
                 AND entry_rule = rule AND entry_ms BETWEEN at_ms AND ended_ms) DESC, seq LIMIT 1
"""
DECIDED = """
SELECT record ->> 'book', count(*) FROM journal, json_array_elements(body -> 'records') AS record
WHERE record ->> 'type' = 'Decision' GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class BookTotals:
    """What a book did: orders, how many of them were filled, what they turned over, closed trades, their net result."""

    book: str
    account: str
    orders: int
    filled: int
    turnover: Decimal
    trades: int
    net: Decimal


@dataclass(frozen=True, slots=True)
class Moved:
    """Money that went from one account to another, all transfers together."""

    source: str
    destination: str
    coin: str
    count: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Level:
    """The breaker went from one level to another, in milliseconds UTC."""

    at_ms: int
    before: str
    after: str
    reason: str


def totals(connection: Connection) -> list[BookTotals]:
    """Return what each book did."""
    return [BookTotals(*row) for row in connection.execute(BOOKS)]


def decisions(connection: Connection) -> dict[str, int]:
    """Return how many rules fired in each book; it reads the whole journal."""
    return dict(connection.execute(DECIDED).fetchall())


def funding(connection: Connection) -> dict[str, tuple[int, Decimal]]:
    """Return how many settlements each account had, and what they came to."""
    return {account: (count, amount) for account, count, amount in connection.execute(FUNDING)}


def transfers(connection: Connection) -> list[Moved]:
    """Return the money that was moved, the largest sum first."""
    return [Moved(*row) for row in connection.execute(TRANSFERS)]


def levels(connection: Connection) -> list[Level]:
    """Return how the breaker moved; it reads the whole journal."""
    return [Level(*row) for row in connection.execute(LEVELS)]


def equity(connection: Connection) -> list[tuple[date, Decimal]]:
    """Return what everything was worth at the end of each day on which the worth of every account is known."""
    return connection.execute(EQUITY).fetchall()


def telling_order(connection: Connection, books: Sequence[str]) -> str | None:
    """Return the order of some books that there is most to say of; None where they had no fill."""
    row = connection.execute(TELLING, (list(books),)).fetchone()
    return None if row is None else row[0]

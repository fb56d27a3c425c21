"""What the store knows of single orders and decisions; orders come from the tables, which follow within a second."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from adapters.postgres.chain import Entry
from adapters.postgres.connection import Connection

# Fees in the coin that was bought are told in quote coin.
ORDERS = """
SELECT order_id, seq, decision, at_ms, book, rule, symbol, market, side, status, reason, ended_ms, filled, value,
       (SELECT coalesce(sum(CASE WHEN fills.symbol LIKE '%%' || fee_coin THEN fee ELSE fee * fills.price END), 0)
        FROM fills WHERE fills.order_id = orders.order_id AND kind = 'trade')
FROM orders WHERE starts_with(order_id, %s) ORDER BY seq DESC, order_id LIMIT %s
"""
FILLS = "SELECT order_id, at_ms, kind, side, quantity, price FROM fills WHERE order_id = ANY(%s) ORDER BY seq"
TRADES = """
SELECT book, symbol, direction, entry_ms, entry_rule, exit_ms, exit_rule, net FROM trades
WHERE book = %s AND symbol = %s ORDER BY number
"""
COLUMNS = "seq, epoch, at_ms, kind, rules, body::text, hash_prev, hash"
ENTRIES = f"SELECT {COLUMNS} FROM journal WHERE seq = ANY(%s)"
DECIDED = f"""
SELECT {COLUMNS} FROM journal WHERE EXISTS (
    SELECT FROM json_array_elements(body -> 'records') AS record
    WHERE record ->> 'type' = 'Decision' AND record ->> 'number' = %s)
ORDER BY seq LIMIT 1
"""
LEVELS = f"""
SELECT {COLUMNS} FROM journal WHERE seq <= %s AND EXISTS (
    SELECT FROM json_array_elements(body -> 'records') AS record WHERE record ->> 'type' = 'LevelMove')
ORDER BY seq DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class KeptOrder:
    """An order as the tables have it; `seq` is the entry that sent it, `fees` and `value` are in quote coin.

    `decision` is None where no rule asked for it.
    """

    order_id: str
    seq: int
    decision: int | None
    at_ms: int
    book: str
    rule: str
    symbol: str
    market: str
    side: str
    status: str
    reason: str
    ended_ms: int | None
    filled: Decimal
    value: Decimal
    fees: Decimal


def orders_like(connection: Connection, start: str, most: int) -> list[KeptOrder]:
    """Return the newest orders whose ids begin like this, the oldest of them first."""
    return [KeptOrder(*row) for row in reversed(connection.execute(ORDERS, (start, most)).fetchall())]


def entries_of(connection: Connection, seqs: Sequence[int]) -> dict[int, Entry]:
    """Return entries by their numbers."""
    return {row[0]: Entry(*row) for row in connection.execute(ENTRIES, (list(seqs),))}


def entry_of_decision(connection: Connection, number: int) -> Entry | None:
    """Return the entry in which a decision was taken; it reads the whole journal."""
    row = connection.execute(DECIDED, (str(number),)).fetchone()
    return None if row is None else Entry(*row)


def last_level_entry(connection: Connection, seq: int) -> Entry | None:
    """Return the last entry up to one in which the breaker moved."""
    row = connection.execute(LEVELS, (seq,)).fetchone()
    return None if row is None else Entry(*row)


def fills_of(connection: Connection, order_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Return the fills of orders."""
    names = ("order_id", "at_ms", "kind", "side", "quantity", "price")
    return [dict(zip(names, row, strict=True)) for row in connection.execute(FILLS, (list(order_ids),))]


def trades_of(connection: Connection, book: str, symbol: str) -> list[dict[str, Any]]:
    """Return the round trips of a book in a symbol."""
    names = ("book", "symbol", "direction", "entry_ms", "entry_rule", "exit_ms", "exit_rule", "net")
    return [dict(zip(names, row, strict=True)) for row in connection.execute(TRADES, (book, symbol))]

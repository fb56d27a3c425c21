from decimal import Decimal

import pytest

from adapters.postgres.connection import Connection
from adapters.postgres.owners import KEPT, Owner, Owners
from runtime.events import Fill, FillKind
from runtime.instrument import Market
from runtime.requests import Side

KNOWN = Owner("trend-1", "entries.long", "TREND-1")
INSERT = """
INSERT INTO orders (order_id, seq, at_ms, book, rule, rules, account, market, symbol, side, order_type, reduce_only,
                    status)
SELECT 'order-' || number, number, number, %s, %s, 'v', %s, 'spot', 'BTCUSDT', 'buy', 'market', false, 'sent'
FROM generate_series(0, %s) number
"""


def test_the_owner_of_every_order_is_known_and_few_are_remembered(connection: Connection) -> None:
    owners, orders = Owners(connection), 3 * KEPT
    for number in range(orders):
        owners.put(f"order-{number}", KNOWN)
    assert owners.get("order-0") == KNOWN
    connection.execute(INSERT, (KNOWN.book, KNOWN.rule, KNOWN.account, orders - 1))
    owners.written()
    assert len(owners) == KEPT
    assert all(owners.get(f"order-{number}") == KNOWN for number in (0, KEPT, orders - 1))
    assert owners.get("nobody's") is None


@pytest.mark.parametrize("after_a_restart", [False, True])
def test_a_stop_filled_under_a_name_of_the_exchange_belongs_to_the_opener(
    connection: Connection, after_a_restart: bool
) -> None:
    """After a restart nothing but the table knows who opened the position."""
    owners = Owners(connection)
    owners.put("order-0", KNOWN)
    opening = fill("order-0", Side.BUY, FillKind.TRADE)
    assert owners.of(opening) == KNOWN
    if after_a_restart:
        connection.execute(INSERT, (KNOWN.book, KNOWN.rule, KNOWN.account, 0))
        connection.execute("UPDATE orders SET filled = 1")
        owners = Owners(connection)
    assert owners.of(fill("a name of its own", Side.SELL, FillKind.STOP)) == KNOWN
    assert owners.of(fill("a name of its own", Side.BUY, FillKind.STOP)) is None
    assert owners.of(fill("somebody's", Side.SELL, FillKind.TRADE)) is None


def fill(order_id: str, side: Side, kind: FillKind) -> Fill:
    """One fill of a bitcoin on the account of the known owner."""
    return Fill(
        at_ms=1,
        execution_id=f"{order_id} {side}",
        order_id=order_id,
        account=KNOWN.account,
        market=Market.SPOT,
        symbol="BTCUSDT",
        side=side,
        quantity=Decimal(1),
        price=Decimal(60_000),
        fee=Decimal(0),
        fee_coin="USDT",
        maker=False,
        kind=kind,
        done=True,
    )

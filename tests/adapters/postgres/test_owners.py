from adapters.postgres.connection import Connection
from adapters.postgres.owners import KEPT, Owner, Owners

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

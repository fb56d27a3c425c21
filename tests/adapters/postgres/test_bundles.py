"""Rows that go to the database together end as they would have one by one."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from adapters.postgres.bundles import bundles
from adapters.postgres.rows import (
    ACCEPTED,
    DAY,
    EQUITY,
    FILLED,
    FLAT,
    HELD,
    ORDER,
    REFUSED,
    SUMS,
    TRANSFER,
    TRANSFER_LEFT,
    TRANSFER_REFUSED,
    Row,
)

NOTHING = dict.fromkeys(SUMS, Decimal(0))


def order(statement: str, name: str) -> Row:
    return statement, {"order_id": name}


def position(statement: str, symbol: str, quantity: int = 0) -> Row:
    return statement, {"account": "a", "market": "spot", "symbol": symbol, "quantity": quantity}


def day(**sums: int) -> Row:
    return DAY, {**NOTHING, **sums, "day": date(2026, 1, 1), "account": "a"}


def flat(rows: Sequence[Row]) -> list[Row]:
    return [(bundle.statement, values) for bundle in bundles(rows) for values in bundle.values]


def test_the_same_statement_for_many_orders_goes_once() -> None:
    rows = [order(statement, name) for name in "abc" for statement in (ORDER, ACCEPTED, FILLED)]
    made = bundles(rows)
    assert [(bundle.statement, len(bundle.values)) for bundle in made] == [(ORDER, 3), (ACCEPTED, 3), (FILLED, 3)]


def test_of_a_position_only_the_newest_row_goes_unless_it_was_flat_between() -> None:
    rows = [position(HELD, "BTC", 1), position(HELD, "ETH", 5), position(HELD, "BTC", 2)]
    assert flat(rows) == [position(HELD, "BTC", 2), position(HELD, "ETH", 5)]
    rows = [position(HELD, "BTC", 1), position(FLAT, "BTC"), position(HELD, "BTC", 3)]
    assert flat(rows) == rows


def test_what_a_day_saw_is_added_up() -> None:
    equity: Row = (EQUITY, {"day": date(2026, 1, 1), "account": "a", "equity": Decimal(5)})
    assert flat([day(orders=1), day(fills=2), equity, day(orders=4)]) == [day(orders=1, fills=2), equity, day(orders=4)]


def test_a_transfer_is_there_before_it_is_refused() -> None:
    refused: Row = (TRANSFER_REFUSED, {"order_id": "t-1"})
    rows: list[Row] = [
        *(order(REFUSED, "o-1"), (TRANSFER_REFUSED, {"order_id": "o-1"})),
        *((TRANSFER, {"transfer_id": "t-1"}), refused, (TRANSFER_LEFT, {"transfer_id": "t-1"})),
    ]
    told = [one for one in flat(rows) if "t-1" in one[1].values()]
    assert told == rows[2:]


NAMES, STATEMENTS = st.sampled_from("abcd"), st.sampled_from([ORDER, ACCEPTED, FILLED, REFUSED])


@given(st.lists(st.builds(order, STATEMENTS, NAMES)))
def test_whatever_comes_of_an_order_comes_in_its_order(rows: list[Row]) -> None:
    for name in "abcd":
        mine = [one for one in rows if one[1]["order_id"] == name]
        assert [one for one in flat(rows) if one[1]["order_id"] == name] == mine

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.bybit.book import Book
from adapters.bybit.fields import MalformedError

LEVELS = st.dictionaries(st.integers(1, 60), st.integers(0, 5), max_size=12)


def side(levels: dict[int, int]) -> list[list[str]]:
    return [[str(price), str(size)] for price, size in levels.items()]


def message(update: int, bids: dict[int, int], asks: dict[int, int]) -> dict[str, Any]:
    return {"s": "X", "b": side(bids), "a": side(asks), "u": update}


def test_a_better_bid_that_comes_later_is_the_best_one() -> None:
    book = Book()
    book.read("snapshot", message(5, {100: 1, 99: 2}, {102: 1}))
    book.read("delta", message(6, {101: 3}, {}))
    assert book.best == (Decimal(101), Decimal(102))
    book.read("delta", message(7, {101: 0, 98: 0}, {}))
    assert book.best == (Decimal(100), Decimal(102))


@given(LEVELS, LEVELS, st.lists(st.tuples(LEVELS, LEVELS), max_size=6))
def test_a_changed_book_is_the_book_of_all_changes(
    bids: dict[int, int], asks: dict[int, int], changes: list[tuple[dict[int, int], dict[int, int]]]
) -> None:
    asks = {price + 60: size for price, size in asks.items()}
    book = Book()
    book.read("snapshot", message(10, bids, asks))
    for number, (some_bids, some_asks) in enumerate(changes, 11):
        moved = {price + 60: size for price, size in some_asks.items()}
        book.read("delta", message(number, some_bids, moved))
        bids, asks = bids | some_bids, asks | moved
    resting = [price for price, size in bids.items() if size], [price for price, size in asks.items() if size]
    assert book.best == ((max(resting[0]), min(resting[1])) if all(resting) else None)


def test_depth_is_what_rests_within_half_a_percent_of_the_middle() -> None:
    book = Book()
    book.read("snapshot", message(1, {9990: 2, 9900: 50}, {10010: 1, 10050: 3, 10051: 9}))
    assert book.depth() == 9990 * 2 + 10010 + 10050 * 3


def test_a_crossed_book_has_no_best_prices() -> None:
    book = Book()
    book.read("snapshot", message(1, {101: 1}, {100: 1}))
    assert (book.best, book.depth()) == (None, 0)


BROKEN = {
    "a missing update": {"u": 8},
    "no number": {"u": "7"},
    "not a number": {"b": [["NaN", "1"]]},
    "a negative size": {"b": [["1", "-1"]]},
    "no list": {"a": None},
    "three values": {"a": [["1", "1", "1"]]},
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_book_with_a_hole_is_empty_until_the_next_snapshot(broken: dict[str, Any]) -> None:
    book = Book()
    book.read("snapshot", message(6, {100: 1}, {101: 1}))
    with pytest.raises(MalformedError):
        book.read("delta", message(7, {99: 1}, {}) | broken)
    assert book.best is None
    with pytest.raises(MalformedError):
        book.read("delta", message(8, {99: 1}, {}))
    book.read("snapshot", message(20, {100: 1}, {101: 1}))
    assert book.best is not None

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machines.intents import Direction
from rules.language.phases import ResultOf
from runtime.engine_results import results
from runtime.instrument import Market
from runtime.record import record
from runtime.round_trips import round_trips
from runtime.trades import Trade

pytestmark = pytest.mark.spec("BT-05")


def leg(
    market: Market, entry_ms: int, exit_ms: int, gross: int, *, book: str = "funding", symbol: str = "BTCUSDT"
) -> Trade:
    return Trade(
        book=book,
        account=book.upper(),
        market=market,
        symbol=symbol,
        direction=Direction.LONG if market is Market.SPOT else Direction.SHORT,
        quantity=Decimal(1),
        entry_ms=entry_ms,
        entry_price=Decimal(100 if market is Market.SPOT else 101),
        exit_ms=exit_ms,
        exit_price=Decimal(100 + gross),
        gross=Decimal(gross),
        fees=Decimal(0),
        funding=Decimal(0),
        entry_rule="entries.open",
        exit_rule="exits.close",
    )


COIN, SHORT = leg(Market.SPOT, 10, 50, 40), leg(Market.LINEAR, 11, 52, -35)


def test_both_legs_of_a_pair_are_one_trade() -> None:
    (trip,) = round_trips([COIN, SHORT])
    assert trip.is_pair
    assert (trip.entry_ms, trip.exit_ms, trip.duration_ms) == (10, 52, 42)
    assert trip.net == 5
    assert trip.net_return == Decimal(5) / 101
    told = record([COIN, SHORT])
    assert (told.trades, told.won, told.net) == (1, 1, Decimal(5))


def test_a_pair_that_was_closed_in_parts_is_one_trade_and_the_next_one_another() -> None:
    part = replace(COIN, exit_ms=30, gross=Decimal(10))
    later = leg(Market.SPOT, 52, 80, 1), leg(Market.LINEAR, 53, 80, 2)
    assert [len(trip.legs) for trip in round_trips([part, COIN, SHORT, *later])] == [3, 2]


def test_what_is_on_one_market_another_coin_or_of_another_book_stays_alone() -> None:
    trend = [leg(Market.LINEAR, 10, 50, 4, book="trend-1"), leg(Market.LINEAR, 20, 60, 4, book="trend-1")]
    others = [leg(Market.SPOT, 10, 50, 1, symbol="ETHUSDT"), leg(Market.SPOT, 10, 50, 1, book="tactical")]
    trips = round_trips([COIN, SHORT, *trend, *others])
    assert sorted(len(trip.legs) for trip in trips) == [1, 1, 1, 1, 2]
    lonely = round_trips([COIN, replace(SHORT, entry_ms=60, exit_ms=70)])
    assert [trip.is_pair for trip in lonely] == [False, False]


MARKETS = st.sampled_from([Market.SPOT, Market.LINEAR])
LEGS = st.builds(
    lambda market, entry, held, gross, symbol: leg(market, entry, entry + held, gross, symbol=symbol),
    *(MARKETS, st.integers(0, 60), st.integers(1, 30), st.integers(-9, 9), st.sampled_from(["BTCUSDT", "ETHUSDT"])),
)


@given(st.lists(LEGS, max_size=12))
def test_nothing_is_lost_or_counted_twice(trades: list[Trade]) -> None:
    trips = round_trips(trades)
    assert sorted(map(repr, trades)) == sorted(repr(one) for trip in trips for one in trip.legs)
    assert sum(trip.net for trip in trips) == sum(trade.net for trade in trades)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(2, 30), st.integers(-9, 9), st.integers(-9, 9)), max_size=8))
def test_whole_pairs_are_counted_as_the_gates_count_them(pairs: list[tuple[int, int, int, int]]) -> None:
    trades = [
        each
        for entry, held, one, other in pairs
        for each in (leg(Market.SPOT, entry, entry + held, one), leg(Market.LINEAR, entry, entry + held, other))
    ]
    told = [trip.net for trip in round_trips(trades)]
    assert sorted(told) == sorted(results(trades, ResultOf.COIN))

"""Memory survives the journal without losing a digit."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from machines.breaker import BREAKER, BreakerMemory
from machines.catalogue import MACHINES
from machines.core import CoreMemory
from machines.funding import FundingMemory
from machines.intents import Direction
from machines.lifecycle import LIFECYCLE, LifecycleMemory, Stage
from machines.order import ORDER, OrderMemory
from machines.plain import can_be_plain, from_plain, to_plain
from machines.table import Snapshot, Table
from machines.tactical import Deployment, Level, TacticalMemory
from machines.trend import TrendMemory

moments = some.integers(0, 2**53)
maybe_moments = some.none() | moments
decimals = some.decimals(allow_nan=False, allow_infinity=False)
symbols = some.sampled_from(["BTCUSDT", "ETHUSDT", "SOLUSDT"])

MEMORIES = {
    "core": some.builds(
        CoreMemory,
        target=decimals,
        gap=decimals,
        cycles=some.integers(0, 100),
        cycles_done=some.integers(0, 100),
        rebalance_cycles_done=some.integers(0, 4),
        purchases=some.dictionaries(symbols, moments),
        cycle_ms=maybe_moments,
        rebalanced_ms=maybe_moments,
        deployed=some.booleans(),
        paused_from=some.text(),
    ),
    "trend": some.builds(
        TrendMemory,
        side=some.none() | some.sampled_from(Direction),
        stop_distance=some.none() | decimals,
        stop=some.none() | decimals,
        entered_ms=maybe_moments,
        label=some.text(),
        leaving=some.booleans(),
    ),
    "funding": some.builds(
        FundingMemory,
        paid_ms=maybe_moments,
        unshared=decimals,
        to_compound=decimals,
        to_hand_over=decimals,
        on_its_way=decimals,
        attempt_ms=maybe_moments,
        evenings=some.integers(0, 9),
        label=some.text(),
    ),
    "tactical": some.builds(
        TacticalMemory,
        high=some.none() | decimals,
        fired=some.lists(some.sampled_from(Level), unique=True).map(tuple),
        cash=decimals,
        deployed_ms=maybe_moments,
        deployments=some.lists(
            some.builds(Deployment, moments, some.sampled_from(Level), some.dictionaries(symbols, decimals)), max_size=3
        ).map(tuple),
        half_sold=some.booleans(),
        waiting=some.lists(symbols, unique=True).map(tuple),
        left=some.dictionaries(symbols, decimals),
        ending=some.booleans(),
        transfer=some.booleans(),
    ),
    "order": some.builds(OrderMemory, reason=some.text()),
    "breaker": some.builds(BreakerMemory, below_since_ms=maybe_moments, recovery_started_ms=maybe_moments),
    "lifecycle": some.builds(
        LifecycleMemory, some.booleans(), some.booleans(), stage=some.sampled_from(Stage), reason=some.text()
    ),
}
TABLES = {table.name: table for table in (*MACHINES.values(), ORDER, BREAKER, LIFECYCLE)}


@some.composite
def snapshots(draw: some.DrawFn) -> tuple[Table, Snapshot]:
    table = draw(some.sampled_from(list(TABLES.values())))
    return table, Snapshot(draw(some.sampled_from(table.states)), draw(MEMORIES[table.name]), draw(moments))


@pytest.mark.spec("STATE-03")
@given(snapshots())
def test_a_snapshot_comes_back_as_it_went_into_the_journal(case: tuple[Table, Snapshot]) -> None:
    table, snapshot = case
    text = json.dumps(snapshot.to_plain())
    again = table.restore(json.loads(text))
    assert again == snapshot
    assert json.dumps(again.to_plain()) == text


@given(decimals)
def test_a_decimal_keeps_its_exponent(number: Decimal) -> None:
    again = from_plain(json.loads(json.dumps(to_plain(number))), Decimal)
    assert again.as_tuple() == number.as_tuple()


@dataclass(frozen=True)
class Nested:
    words: tuple[str, ...] = ()
    prices: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class Nesting:
    inner: Nested = Nested()
    maybe: Nested | None = None
    many: tuple[Nested, ...] = ()


nested = some.builds(
    Nested, words=some.lists(some.text()).map(tuple), prices=some.dictionaries(some.text(), decimals, max_size=3)
)


@given(some.builds(Nesting, nested, some.none() | nested, some.lists(nested, max_size=3).map(tuple)))
def test_tuples_and_mappings_nest(memory: Nesting) -> None:
    assert from_plain(json.loads(json.dumps(to_plain(memory))), Nesting) == memory


def test_mappings_are_in_order_of_their_keys_whatever_the_order_of_the_purchases() -> None:
    one, other = {"ETH": 1, "BTC": 2}, {"BTC": 2, "ETH": 1}
    assert json.dumps(to_plain(one)) == json.dumps(to_plain(other)) == '{"BTC": 2, "ETH": 1}'


@pytest.mark.parametrize("value", [0.1, {1, 2}, [1], b"bytes", object()])
def test_what_would_not_come_back_equal_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="expected memory of decimals"):
        to_plain(value)


@pytest.mark.parametrize(
    "hint", [float, bytes, set[str], tuple[int, str], Mapping[int, str], int | str, list[int], object]
)
def test_types_that_would_not_survive_are_known(hint: object) -> None:
    assert not can_be_plain(hint)


@pytest.mark.parametrize(
    "hint", [Nesting, Decimal, Direction, str | None, tuple[Nested, ...], Mapping[str, Decimal | None]]
)
def test_types_that_survive_are_known(hint: object) -> None:
    assert can_be_plain(hint)


def test_a_type_that_memory_cannot_have_is_refused_on_the_way_back() -> None:
    with pytest.raises(TypeError, match="expected a type that memory can have, found <class 'float'>"):
        from_plain(0.5, float)

from pathlib import Path
from typing import Any

import pytest

from adapters.cli.failure import Failure
from adapters.cli.saved import SavedRun
from adapters.cli.story import story_of

NOTHING: dict[str, Any] = {"orders": [], "decisions": [], "fills": [], "levels": [], "trades": []}


def order(name: str, **changes: Any) -> dict[str, Any]:
    usual = {"order_id": name, "decision": 0, "rule": "entries.long", "at_ms": 5, "ended_ms": 9}
    return {**usual, "book": "trend-1", "symbol": "BTCUSDT", **changes}


def trade(**changes: Any) -> dict[str, Any]:
    usual = {"book": "trend-1", "symbol": "BTCUSDT", "entry_rule": "entries.long", "exit_rule": "stop"}
    return {**usual, "entry_ms": 7, "exit_ms": 20, **changes}


def run(**content: Any) -> SavedRun:
    return SavedRun("id", Path(), {**NOTHING, **content})


def test_a_whole_id_counts_even_where_another_begins_with_it() -> None:
    saved = run(orders=[order("x-1"), order("x-10")])
    found = story_of(saved, "x-1").order
    assert found is not None
    assert found["order_id"] == "x-1"


def test_a_start_that_fits_several_is_refused() -> None:
    with pytest.raises(Failure, match="with which 2 begin: x-1, x-10"):
        story_of(run(orders=[order("x-1"), order("x-10")]), "x-")


@pytest.mark.spec("RULE-10")
def test_a_breaker_is_quoted_with_the_change_before_the_order() -> None:
    levels = [
        {"at_ms": at_ms, "before": "A", "after": after, "reason": f"drawdown {at_ms}%"}
        for at_ms, after in ((1, "B"), (4, "C"), (6, "D"))
    ]
    story = story_of(run(orders=[order("x", rule="breaker C")], levels=levels), "x")
    assert story.caused_by == "breaker C: it went from A to C, drawdown 4%"


@pytest.mark.parametrize(
    ("changes", "belongs"),
    [
        ({}, True),
        ({"entry_ms": 5}, True),
        ({"entry_ms": 10}, False),
        ({"entry_ms": 4}, False),
        ({"book": "trend-2"}, False),
        ({"symbol": "ETHUSDT"}, False),
        ({"entry_ms": 1, "exit_ms": 9, "exit_rule": "entries.long"}, True),
        ({"entry_ms": 1, "exit_ms": 9}, False),
    ],
)
def test_a_position_belongs_to_the_order_that_lived_when_it_was_opened_or_closed(changes: Any, belongs: bool) -> None:
    story = story_of(run(orders=[order("x")], trades=[trade(**changes)]), "x")
    assert (story.trade is not None) is belongs

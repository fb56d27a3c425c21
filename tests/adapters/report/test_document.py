import json
from collections.abc import Callable
from decimal import Decimal

import pytest

from adapters.report.document import to_json
from runtime.run import RunResult

pytestmark = pytest.mark.spec("BT-05")


def test_the_same_run_gives_the_same_bytes(result: RunResult) -> None:
    assert to_json(result) == to_json(result)


def test_keys_are_sorted_and_the_schema_is_named(result: RunResult) -> None:
    document = json.loads(to_json(result))
    assert document["schema"] == "eternal-backtest/1"
    assert list(document) == sorted(document)


def test_money_is_text_and_statistics_are_numbers(result: RunResult) -> None:
    document = json.loads(to_json(result))
    assert document["settings"]["capital"] == "1000"
    assert document["trades"][0]["net"] == "29.25"
    assert document["trades"][0]["direction"] == "long"
    assert document["costs"] == {"fees": "0.7", "funding": "-0.75", "slippage": "0.2", "turnover": "800"}
    assert isinstance(document["portfolio"]["sharpe"], float)
    assert document["equity"][0]["by_book"] == {"core-hodl": "602", "trend-1": "395"}


def test_small_and_negative_amounts_have_no_exponent(changed: Callable[..., RunResult]) -> None:
    document = json.loads(to_json(changed(slippage_paid=Decimal("1E-9"))))
    assert document["costs"]["slippage"] == "0.000000001"
    assert json.loads(to_json(changed(slippage_paid=Decimal("-0.00"))))["costs"]["slippage"] == "0"
    assert json.loads(to_json(changed(slippage_paid=Decimal("1E+3"))))["costs"]["slippage"] == "1000"


def test_decisions_tell_their_rule_and_outcome(result: RunResult) -> None:
    decision = json.loads(to_json(result))["decisions"][0]
    assert (decision["rule"], decision["refused"], decision["repeated"]) == ("entries.long", True, 3)
    assert "trace" not in decision


@pytest.mark.spec("PHASE-2")
def test_gates_transfers_and_levels_are_there_for_a_machine(result: RunResult) -> None:
    document = json.loads(to_json(result))
    assert [gate["verdict"] for gate in document["gates"]] == ["failed", "passed", "not measured"]
    assert [(doubt["says"], doubt["value"]) for doubt in document["doubts"]] == [("Too <few> trades.", "trades 3")]
    assert document["phase_facts"] == {"backtest.trend.profit_factor": "Infinity", "backtest.trend.sharpe": "0.5"}
    assert [transfer["amount"] for transfer in document["transfers"]] == ["10", "20.5", "3"]
    assert [level["level"] for level in document["level_times"]] == ["NORMAL", "CAUTION", "EMERGENCY"]
    assert document["engines"][0]["profit"] == "138"


def test_a_run_in_which_nothing_happened_is_a_document(nothing: RunResult) -> None:
    assert json.loads(to_json(nothing))["benchmark"] is None


def test_both_ways_of_buying_without_a_rule_are_there_for_a_machine(result: RunResult) -> None:
    document = json.loads(to_json(result))
    held, weekly = document["benchmark"], document["weekly"]
    # Prices rise all the time, so that who buys later gets less.
    assert held["total_return"] > weekly["total_return"] > 0
    assert (
        len(document["weekly_equity"])
        == len(document["benchmark_equity"])
        == len(set(map(tuple, document["weekly_equity"])))
    )

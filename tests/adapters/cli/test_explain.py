import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

Eternal = Callable[..., Result]


@pytest.fixture
def document(kept: Path) -> dict:
    (path,) = kept.glob("runs/*/run.json")
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture
def explain(eternal: Eternal, kept: Path) -> Eternal:
    return lambda *words: eternal("explain", "last", *words, "--runs", kept / "runs")


def entry(document: dict, rule: str) -> dict:
    return next(order for order in document["orders"] if order["rule"] == rule)


@pytest.mark.spec("RULE-10")
def test_an_order_is_explained_by_its_rule_with_the_values_it_saw(explain: Eternal, document: dict) -> None:
    order = entry(document, "entries.short")
    said = explain(order["order_id"]).stdout
    decision = next(one for one in document["decisions"] if one["number"] == order["decision"])
    assert f"{order['book']} wanted to {order['asked']}" in said
    assert f"it stands in {decision['place']}, version {decision['version']}" in said
    assert "trend-1.yaml:" in decision["place"]
    assert "✓ strength > strong" in said
    assert "strong = 25" in said
    assert "state: SCANNING → SIGNAL_DETECTED" in said
    assert "risk = 1 %" in said
    assert "it ended: filled at" in said


@pytest.mark.spec("RULE-10")
def test_the_limits_that_scaled_an_order_are_told(explain: Eternal, document: dict) -> None:
    order = next(order for order in document["orders"] if order["limits"])
    said = explain(order["order_id"]).stdout
    assert "made smaller by" in said
    assert order["limits"][0] in " ".join(said.replace("│", " ").split())


@pytest.mark.spec("RULE-10", "BRK-04")
def test_an_order_without_a_rule_is_explained_by_its_cause(explain: Eternal, document: dict) -> None:
    order = next(order for order in document["orders"] if order["rule"] == "breaker EMERGENCY")
    said = explain(order["order_id"]).stdout
    assert "no rule asked for it; caused by breaker EMERGENCY: it went from" in said
    assert "to EMERGENCY, drawdown 25" in said


@pytest.mark.spec("RULE-10")
def test_a_decision_is_explained_by_its_number(explain: Eternal, document: dict) -> None:
    decision = next(one for one in document["decisions"] if one["order_ids"])
    said = explain(decision["number"]).stdout
    assert said.startswith(f"decision {decision['number']}: {decision['rule']}")
    assert all(order_id in said for order_id in decision["order_ids"])


def test_a_stop_is_told_with_the_order_that_carried_it(explain: Eternal, document: dict) -> None:
    stop = next(fill for fill in document["fills"] if fill["kind"] == "stop")
    assert f"its stop was filled: {stop['side']} {stop['quantity']} at" in explain(stop["order_id"]).stdout


def test_the_start_of_an_id_is_enough(explain: Eternal, document: dict) -> None:
    name = document["orders"][0]["order_id"]
    assert explain(name[:16]).stdout == explain(name).stdout


def test_orders_are_listed_where_none_is_named(explain: Eternal, document: dict) -> None:
    said = explain("--last", "3").stdout
    shown = [order["order_id"] for order in document["orders"] if order["order_id"] in said]
    assert shown == [order["order_id"] for order in document["orders"][-3:]]
    assert f"3 of {len(document['orders'])} orders" in said


@pytest.mark.spec("RULE-10", "CLI-01")
def test_an_explanation_for_a_machine(explain: Eternal, document: dict) -> None:
    order = entry(document, "entries.short")
    story = json.loads(explain(order["order_id"], "--json").stdout)
    assert story["order"] == order
    assert story["decision"]["trace"]["value"] is True
    assert story["fills"][0]["order_id"] == order["order_id"]
    assert json.loads(explain("--json").stdout)["orders"] == document["orders"]


@pytest.mark.spec("CLI-01")
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["no-such-order"], "Expected the id of an order"),
        (["trend-1-"], "Write more of it"),
        (["999999"], "Expected the id of an order"),
        (["²"], "Expected the id of an order"),
    ],
)
def test_an_unknown_order_is_refused(explain: Eternal, words: list[str], sentence: str) -> None:
    ended = explain(*words)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert sentence in ended.stderr


def test_a_near_order_is_named(explain: Eternal, document: dict) -> None:
    name = document["orders"][0]["order_id"]
    assert name in explain(name[:-3] + "x-1").stderr


@pytest.mark.spec("CLI-01")
def test_an_unknown_run_is_refused(eternal: Eternal) -> None:
    ended = eternal("explain", "last")
    assert (ended.exit_code, ended.stdout) == (3, "")
    assert "eternal backtest" in ended.stderr

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from rules.language.explain import Explained, explain
from rules.language.typed import Typed

pytestmark = pytest.mark.spec("RULE-10")
Check = Callable[..., Typed]


@pytest.fixture
def explained(typed: Check, board: Any) -> Callable[..., Explained]:
    def run(text: str, values: dict[str, Any]) -> Explained:
        return explain(typed(text), board(values), "BTCUSDT")

    return run


Explain = Callable[..., Explained]


@pytest.mark.parametrize(
    ("text", "values", "short_by"),
    [
        ("strength > 25", {"strength": 24.0}, "is 24, needs more than 25 (1 short)"),
        ("strength > 25", {"strength": 26.0}, ""),
        ("strength >= 25", {"strength": 24.5}, "is 24.5, needs at least 25 (0.5 short)"),
        ("strength < 20", {"strength": 24.0}, "is 24, needs less than 20 (4 over)"),
        ("strength < 20", {"strength": 20.0}, "is 20, needs less than 20 (exactly there)"),
        ("strength <= 20", {"strength": 24.0}, "is 24, needs at most 20 (4 over)"),
        (
            "portfolio.drawdown > 15%",
            {"portfolio.drawdown": Decimal("0.124")},
            "is 12.4 %, needs more than 15 % (2.6 % short)",
        ),
        ("position.side == long", {"position.side": "flat"}, "is flat, needs long"),
        ("position.side != long", {"position.side": "long"}, "is long, needs anything but long"),
        ("order.asset in [BTC, ETH]", {"order.asset": "SOL"}, "is SOL, needs BTC or ETH"),
        ("order.asset not in [BTC]", {"order.asset": "BTC"}, "is BTC, needs anything but BTC"),
        ("order.opens", {"order.opens": False}, "is false, needs true"),
        ("not order.opens", {"order.opens": True}, "order.opens holds, it must not"),
        ("age(position) > 30d", {"age:position": 29 * 86_400_000}, "is 29 d, needs more than 30 d (1 d short)"),
    ],
)
def test_it_says_how_much_is_missing(explained: Explain, text: str, values: dict[str, Any], short_by: str) -> None:
    assert explained(text, values).short_by == short_by


def test_values_that_look_the_same_are_written_out(explained: Explain) -> None:
    short_by = explained("strength > 25", {"strength": 24.9999999}).short_by
    assert short_by == "is 24.9999999, needs more than 25 (0.0000001 short)"


@pytest.mark.spec("RULE-15")
@pytest.mark.parametrize(
    ("text", "short_by"),
    [
        ("close > sma_slow", "no value for `sma_slow`"),
        ("close > sma_slow and strength > 3", "no value for `sma_slow`, `strength`"),
        ("close / (close - close) > 3%", "has no defined result, as in a division by zero"),
        (
            "any_symbol(sma_slow > open)",
            "no value for `BTCUSDT: sma_slow`, `BTCUSDT: open`, `ETHUSDT: sma_slow`, `ETHUSDT: open`",
        ),
    ],
)
def test_it_names_what_is_unknown(explained: Explain, text: str, short_by: str) -> None:
    assert explained(text, {"close": 100.0}).short_by == short_by


def decided(explanation: Explained) -> list[str]:
    return [child.text for child in explanation.children if child.decided]


def test_it_tells_which_part_decided(explained: Explain) -> None:
    values = {"close": 100.0, "open": 90.0, "strength": 24.0}
    parts = "close > open", "strength > 25", "sma_slow > open"
    assert decided(explained(" and ".join(parts), values)) == ["strength > 25"]
    assert decided(explained(" or ".join(parts), values)) == ["close > open"]
    assert decided(explained("close > open and sma_slow > open", values)) == ["sma_slow > open"]
    assert decided(explained("close > open and strength > 20", values)) == ["close > open", "strength > 20"]
    choice = explained("2 if strength > 20 and close > open else fast", values)
    assert decided(choice) == ["strength > 20 and close > open"]


def test_what_did_not_decide_has_no_deciding_parts(explained: Explain) -> None:
    tree = explained("(close > open and close > open) or strength > 30", {"close": 1.0, "open": 2.0, "strength": 40.0})
    assert decided(tree) == ["strength > 30"]
    assert decided(tree.children[0]) == []


def test_every_part_shows_the_value_it_saw(explained: Explain) -> None:
    tree = explained("close > sma_slow and strength > fast", {"close": 100.0, "sma_slow": 90.0, "strength": 24.0})
    seen = [(leaf.text, leaf.value, leaf.unit) for child in tree.children for leaf in child.children]
    assert seen == [
        ("close", 100.0, "price"),
        ("sma_slow", 90.0, "price"),
        ("strength", 24.0, "number"),
        ("fast", Decimal(50), "count"),
    ]


def test_each_symbol_is_shown(explained: Explain) -> None:
    tree = explained("any_symbol(strength > 30)", {"BTCUSDT.strength": 20.0, "ETHUSDT.strength": 40.0})
    assert [(child.text, child.value, child.decided) for child in tree.children] == [
        ("BTCUSDT: strength > 30", False, False),
        ("ETHUSDT: strength > 30", True, True),
    ]

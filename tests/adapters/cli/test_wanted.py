from pathlib import Path

import pytest

from adapters.cli.places import packaged_rules
from adapters.cli.rulebook import in_force
from adapters.cli.wanted import daily, needed
from runtime.instrument import Market

SPOT, LINEAR = Market.SPOT, Market.LINEAR


def test_a_book_needs_the_candles_that_it_decides_on() -> None:
    rulebook = in_force(packaged_rules())
    assert set(needed(rulebook, [rulebook.books["core-hodl"]])) == {(SPOT, "BTCUSDT", "1d"), (SPOT, "ETHUSDT", "1d")}


@pytest.mark.spec("RULE-02")
@pytest.mark.parametrize(
    ("condition", "key"),
    [
        ("close@4h > sma_slow", (LINEAR, "ETHUSDT", "4h")),
        ("SOLUSDT.close > SOLUSDT.open", (LINEAR, "SOLUSDT", "1d")),
        ("adx(14)@SOLUSDT.4h > strong", (LINEAR, "SOLUSDT", "4h")),
    ],
)
def test_and_those_that_its_rules_name(rules: Path, spoil, condition: str, key: object) -> None:
    spoil(
        "engines/trend-1.yaml",
        "      - not asleep\n    then: signal(side=long",
        f"      - not asleep\n      - {condition}\n    then: signal(side=long",
    )
    trend_2 = rules / "engines/trend-1.yaml"
    trend_2.write_text(
        trend_2.read_text().replace("symbols: [BTCUSDT, ETHUSDT]", "symbols: [BTCUSDT, ETHUSDT, SOLUSDT]")
    )
    rulebook = in_force(rules)
    assert key in needed(rulebook, [rulebook.books["trend-1"]])
    assert key not in needed(rulebook, [rulebook.books["core-hodl"]])


def test_a_rule_that_is_off_needs_nothing(rules: Path, spoil) -> None:
    spoil(
        "engines/trend-1.yaml",
        "    when: known(close)\n    then: look_again()",
        "    when: known(close@4h)\n    then: look_again()\n    mode: off",
    )
    rulebook = in_force(rules)
    assert all(timeframe == "1d" for _, _, timeframe in needed(rulebook, [rulebook.books["trend-1"]]))


def test_days_of_what_is_traded_are_wanted_for_the_report() -> None:
    rulebook = in_force(packaged_rules())
    books = [rulebook.books["trend-1"], rulebook.books["trend-2"]]
    assert daily(books) == ((LINEAR, "BTCUSDT", "1d"), (LINEAR, "ETHUSDT", "1d"))

from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.cli.places import packaged_rules
from adapters.cli.rulebook import in_force
from adapters.cli.wanted import asked_of_funding, daily, needed
from runtime.instrument import Market
from runtime.market_data import Key

Spoil = Callable[[str, str, str], Path]
SPOT, LINEAR = Market.SPOT, Market.LINEAR
BTC_4H, ETH_4H = (LINEAR, "BTCUSDT", "4h"), (LINEAR, "ETHUSDT", "4h")


def test_a_book_needs_the_candles_that_it_decides_on() -> None:
    rulebook = in_force(packaged_rules())
    assert set(needed(rulebook, [rulebook.books["core-hodl"]])) == {(SPOT, "BTCUSDT", "1d"), (SPOT, "ETHUSDT", "1d")}


@pytest.mark.spec("RULE-02")
@pytest.mark.parametrize(
    ("right", "wrong", "more"),
    [
        ("strong: 25\n", "strong: 25\n", []),
        ("- strength > strong\n", "- strength > strong\n      - close@4h > sma_slow\n", [BTC_4H, ETH_4H]),
        ("- strength > strong\n", "- ETHUSDT.close@4h > sma_slow@ETHUSDT\n      - strength > strong\n", [ETH_4H]),
        ("- strength > strong\n", "- adx(14)@ETHUSDT.4h > strong\n", [ETH_4H]),
        ("distance=trail * range", "distance=trail * atr(14)@4h", [BTC_4H, ETH_4H]),
    ],
)
def test_and_those_that_its_rules_name(rules: Path, spoil: Spoil, right: str, wrong: str, more: list[Key]) -> None:
    spoil("engines/trend-1.yaml", right, wrong)
    rulebook = in_force(rules)
    own = {(LINEAR, "BTCUSDT", "1d"), (LINEAR, "ETHUSDT", "1d")}
    assert set(needed(rulebook, [rulebook.books["trend-1"]])) == own | set(more)
    assert set(needed(rulebook, [rulebook.books["core-hodl"]])) == {(SPOT, symbol, "1d") for _, symbol, _ in own}


def test_a_rule_that_is_off_needs_nothing(rules: Path, spoil: Spoil) -> None:
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


@pytest.mark.spec("TACT-01")
def test_the_symbols_whose_funding_rules_ask_for() -> None:
    rulebook = in_force(packaged_rules())
    assert asked_of_funding(rulebook, [rulebook.books["core-hodl"]]) == ()
    assert asked_of_funding(rulebook, [rulebook.books["tactical"]]) == ("BTCUSDT",)
    assert asked_of_funding(rulebook, [rulebook.books["trend-1"]]) == ("BTCUSDT", "ETHUSDT")

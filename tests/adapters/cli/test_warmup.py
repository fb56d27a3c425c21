"""The shipped rules are warm when they say so; what isn't is named with what it would need."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from rules.language import indicators

Eternal = Callable[..., Result]


@pytest.mark.spec("DATA-04")
def test_the_shipped_rules_are_warm_when_they_say_so(eternal: Eternal, market: Path) -> None:
    ended = eternal("warmup", "--data", market, "--from", "2021-06-01", "--moments", 2, "--json")
    told = json.loads(ended.output)
    assert (ended.exit_code, told["enough"]) == (0, True)
    by_name = {(one["book"], one["what"]): one for one in told["values"]}
    strength = by_name["trend-1", "the fact strength"]
    assert strength["declared_bars"] > 400
    assert strength["verdict"] == "enough"
    assert 0 < strength["differences"][0] <= 1e-9
    assert by_name["shares", "the condition strong_bull"]["verdict"] == "enough"
    assert by_name["trend-1", "`correlation(BTCUSDT, ETHUSDT, 90d)`"]["declared_bars"] == 91
    assert by_name["tactical", "`ath(BTCUSDT.high)`"]["verdict"] == "all since the first candle"


@pytest.mark.spec("DATA-04")
def test_a_fact_that_needs_more_is_named_with_how_much(
    eternal: Eternal, market: Path, monkeypatch: pytest.MonkeyPatch, line_of: Callable[[str, str], int]
) -> None:
    monkeypatch.setattr(indicators, "FADING_ROWS", 3)
    ended = eternal("warmup", "trend-1", "--data", market, "--from", "2021-06-01", "--moments", 2)
    line = line_of("engines/trend-1.yaml", "strength: adx(14)")
    assert ended.exit_code == 1
    assert f"trend-1.yaml:{line}" in ended.output
    assert "bars" in next(row for row in ended.output.splitlines() if "the fact strength" in row and "needs" in row)


def test_one_file_of_candles_is_enough_to_try_what_it_has(eternal: Eternal, market: Path) -> None:
    file = market / "candles" / "linear" / "1d" / "ETHUSDT.parquet"
    asked = ("--candles", file, "--symbol", "ETHUSDT", "--market", "linear", "--timeframe", "1d")
    ended = eternal("warmup", "trend-1", *asked, "--from", "2021-06-01", "--moments", 1, "--json")
    told = json.loads(ended.output)
    verdicts = {one["what"]: one["verdict"] for one in told["values"]}
    assert ended.exit_code == 0
    assert verdicts["the fact sma_slow"] == "enough"
    assert verdicts["`correlation(BTCUSDT, ETHUSDT, 90d)`"] == "too little history to tell"

"""Nothing shipped looks ahead; what does is named with its place."""

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import Result

from rules.language import windows
from runtime import indicators
from runtime.facts import FACTS_OF

Eternal = Callable[..., Result]
SPAN = ("--from", "2021-01-01", "--to", "2021-04-01")


@pytest.fixture
def look(eternal: Eternal, market: Path) -> Callable[..., Result]:
    """Run the check on trend-1 over three months."""
    return lambda *words: eternal("lookahead", "trend-1", "--data", market, *SPAN, "--moments", 1, *words)


@pytest.fixture
def look_at_days(eternal: Eternal, days: Path) -> Callable[..., Result]:
    """The same without the hours inside the days, which are not needed to see what is peeked at in daily candles."""
    return lambda *words: eternal("lookahead", "trend-1", "--data", days, *SPAN, "--moments", 1, *words)


@pytest.mark.spec("BT-04")
def test_the_shipped_rules_do_not_look_ahead(look: Callable[..., Result]) -> None:
    ended = look("--json")
    told = json.loads(ended.output)
    assert (ended.exit_code, told["looks_ahead"], told["peeks"]) == (0, False, [])
    assert told["facts"] > 6
    assert told["rules"] == 9
    assert told["values"] > 1_000
    assert len(told["column_moments_ms"]) == 4


@pytest.mark.spec("BT-04")
def test_an_indicator_that_sees_the_next_candles_is_named(
    look_at_days: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, line_of: Callable[[str, str], int]
) -> None:
    def centred(columns: Any, numbers: Any) -> Any:
        return pd.Series(columns[0]).rolling(numbers["window"], center=True).mean().to_numpy()

    monkeypatch.setattr(indicators, "KERNELS", {**indicators.KERNELS, "sma": centred})
    ended = look_at_days()
    line = line_of("engines/trend-1.yaml", "sma_fast: sma(close, fast)")
    assert ended.exit_code == 1
    assert f"trend-1.yaml:{line}" in ended.output
    assert "the fact sma_fast" in ended.output
    assert "the fact strength" not in ended.output


@pytest.mark.spec("BT-04")
def test_what_a_check_and_the_shares_look_at_is_looked_at_too(
    look_at_days: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    def whole(column: Any, _bars: int, *_year: float) -> Any:
        return column * 0 + column[np.isfinite(column)].mean()

    monkeypatch.setattr(windows, "correlation", lambda left, _right, bars: whole(left, bars))
    monkeypatch.setattr(windows, "volatility", whole)
    ended = look_at_days("--json")
    told = {(one["book"], one["what"]): one["place"] for one in json.loads(ended.output)["peeks"]}
    assert ended.exit_code == 1
    assert "pre-trade.yaml:" in told["trend-1", "`correlation(BTCUSDT, ETHUSDT, 90d)`"]
    assert "shares.yaml:" in told["shares", "`volatility(BTCUSDT.close, 30d)`"]


@pytest.mark.spec("BT-04")
def test_a_fact_that_knows_tomorrow_is_named_though_no_signal_fires(
    look_at_days: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    def tomorrow(view: Any, symbol: str) -> Decimal | None:
        history = view.histories.history(view.market, symbol or "BTCUSDT", "1d")
        closes = history._array("close")
        return Decimal(str(closes[history.length])) if history.length < len(closes) else None

    fact = FACTS_OF["trend"]["funding.against"]
    monkeypatch.setitem(FACTS_OF["trend"], "funding.against", replace(fact, read=tomorrow))
    ended = look_at_days("--json")
    told = json.loads(ended.output)
    assert ended.exit_code == 1
    first = told["peeks"][0]
    assert first["what"] == "the fact funding.against"
    assert "trend-1.yaml:" in first["place"]
    assert first["before"] != first["after"]
    assert first["at_ms"] <= first["moment_ms"]
    assert "the condition of exits.expensive_funding" in {peek["what"] for peek in told["peeks"]}


def test_a_book_that_is_not_there_is_a_mistake_of_usage(eternal: Eternal, market: Path) -> None:
    ended = eternal("lookahead", "trend-9", "--data", market)
    assert ended.exit_code == 2
    assert "trend-1" in ended.stderr

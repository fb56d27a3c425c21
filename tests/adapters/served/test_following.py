"""An exchange with accounts of its own at the prices of another one, which the test holds and releases."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

from adapters.cli.failure import Failure
from adapters.cli.paper import Paper, paper_exchange
from adapters.served import following_player
from adapters.served.serving import Served, serving
from tests.adapters.served.conftest import ACCOUNTS, HOUR_MS

SLIPPAGE = Decimal("0.0005")


@contextmanager
def following(host: Served, state: Path, symbol: str = "BTCUSDT", timeframe: str = "1h") -> Iterator[Served]:
    paper = Paper(host.http, (symbol,), timeframe, state)
    with paper_exchange(paper, ACCOUNTS, 0.01, limits=False) as application, serving(application) as served:
        yield served


def last(served: Served, desk_at: Callable[..., Any]) -> str:
    asked = desk_at(served, "main").http.get_tickers(category="linear", symbol="BTCUSDT")
    return str(asked["result"]["list"][0]["lastPrice"])


def test_it_goes_where_the_other_goes_and_keeps_its_accounts_while_it_is_away(
    served: Served, desk_at: Callable[..., Any], tmp_path: Path, until: Callable[..., Any]
) -> None:
    state = tmp_path / "state.json"
    with following(served, state) as paper:
        trader = desk_at(paper, "main")
        price = Decimal(last(served, desk_at))
        assert last(paper, desk_at) == str(price)
        trader.place("linear", "Buy", "1.5")
        position = trader.position()
        assert position["size"] == "1.5"
        assert price < Decimal(position["avgPrice"]) <= price * (1 + 2 * SLIPPAGE)
        low = str((price * Decimal("0.9")).quantize(Decimal("0.1")))
        resting = trader.place("linear", "Buy", "0.1", price=low)

        served.advance(1)
        served.advance(1, until="open")
        now_ms = served.pull("state")["now_ms"]
        until(lambda: paper.pull("state")["now_ms"] >= now_ms, "the next candle")
        until(lambda: last(paper, desk_at) == last(served, desk_at), "the same price")
        until(lambda: shown(paper, desk_at) == shown(served, desk_at), "the same candles")
        trader.http.set_trading_stop(category="linear", symbol="BTCUSDT", stopLoss=str(price + 100))

    served.advance(60, until="open")
    with following(served, state) as paper:
        trader = desk_at(paper, "main")
        assert last(paper, desk_at) == last(served, desk_at)
        assert shown(paper, desk_at) == shown(served, desk_at)
        assert trader.position()["size"] == "0"
        (order,) = trader.http.get_open_orders(category="linear", symbol="BTCUSDT")["result"]["list"]
        assert order["orderId"] == resting["orderId"]
        hit = trader.http.get_executions(category="linear")["result"]["list"]
        assert [row["stopOrderType"] for row in hit if row["execType"] == "Trade"] == ["StopLoss", "UNKNOWN"]
        assert any(row["execType"] == "Funding" for row in hit)
    assert json.loads(state.read_text())["reached_ms"] % HOUR_MS == 0
    assert served.pull("state")["orders"] == 0


def shown(served: Served, desk_at: Callable[..., Any]) -> list[Any]:
    """The latest candles of several lengths, the one under way among them."""
    http = desk_at(served, "main").http
    asked = {"category": "linear", "symbol": "BTCUSDT", "limit": 9}
    return [http.get_kline(interval=length, **asked)["result"]["list"] for length in ("60", "240", "D")]


def test_while_the_other_is_away_nobody_is_served_here_either(
    served: Served, tmp_path: Path, until: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following_player, "LOOKS_IN_VAIN", 1)
    with following(served, tmp_path / "state.json") as paper:

        def code() -> int:
            return int(requests.get(f"{paper.http}/v5/market/tickers?category=linear", timeout=10).json()["retCode"])

        assert code() == 0
        served.fault("maintenance")
        until(lambda: code() == 10019, "the refusal")
        served.pull("lift")
        until(lambda: code() == 0, "an answer")


def test_nobody_else_may_keep_the_same_accounts(served: Served, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with following(served, state):
        before = state.read_text()
        with pytest.raises(Failure, match="another one that keeps them"), following(served, state):
            pass
        assert state.read_text() == before


def test_what_the_accounts_may_hold_goes_on_to_be_followed(served: Served, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with following(served, state):
        pass
    with pytest.raises(Failure, match="Add `--symbol BTCUSDT`"), following(served, state, "ETHUSDT"):
        pass


def test_a_length_that_the_other_does_not_have_is_refused(served: Served, tmp_path: Path) -> None:
    with pytest.raises(Failure, match="no candles of"), following(served, tmp_path / "state.json", timeframe="10m"):
        pass


@pytest.mark.parametrize("spoiled", ["{", "[]", '{"members": ["main", "trend", "hodl"]}'])
def test_a_state_that_can_not_be_used_is_refused_and_left_as_it_is(
    served: Served, tmp_path: Path, spoiled: str
) -> None:
    state = tmp_path / "state.json"
    state.write_text(spoiled)
    with pytest.raises(Failure, match="Put back a copy"), following(served, state):
        pass
    assert state.read_text() == spoiled

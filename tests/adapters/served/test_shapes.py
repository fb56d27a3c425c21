"""Answers and messages have the fields of recorded ones, and the same kinds of values."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Desk = Any
RECORDED = Path(__file__).parents[3].parent / "shared" / "market" / "recorded"
GOLDEN, TICKERS = RECORDED / "bybit_v5_testnet_golden", RECORDED / "bybit_v5_rest_tickers"
LINEAR = {"category": "linear", "symbol": "BTCUSDT"}

needs_recordings = pytest.mark.skipif(
    not GOLDEN.is_dir(), reason="there are no recorded messages beside the project, in ../shared/market"
)


def recorded(name: str, folder: Path = GOLDEN) -> Any:
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))


def shape(value: Any) -> Any:
    """What a value is made of: of a list its first entry, of a number or text only which of them it is."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


def lacking(wanted: Any, found: Any, where: str = "") -> list[str]:
    """Where what was found is of another kind than what was wanted, or isn't there."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        missing = [f"{where}.{name}" for name in wanted if name not in found]
        inner = (lacking(wanted[name], found[name], f"{where}.{name}") for name in wanted if name in found)
        return missing + [one for part in inner for one in part]
    if isinstance(wanted, list) and isinstance(found, list):
        return lacking(wanted[0], found[0], f"{where}[]") if wanted and found else []
    return [] if wanted == found else [f"{where}: {found} instead of {wanted}"]


def opened(desk: Desk) -> None:
    desk.place("linear", "Buy", "0.1", stopLoss="20000")
    desk.place("linear", "Sell", "0.04", reduceOnly=True)
    desk.place("linear", "Buy", "0.1", price="20000")


ANSWERS: dict[str, Callable[[Desk], Any]] = {
    "rest_order__v5-get-open-orders": lambda desk: desk.http.get_open_orders(**LINEAR),
    "rest_order__v5-get-history-orders": lambda desk: desk.http.get_order_history(**LINEAR),
    "rest_order__v5-create-order": lambda desk: {"result": desk.place("spot", "Buy", "0.1", price="20000")},
    "rest_execution__v5-execution-get-execution-list": lambda desk: desk.http.get_executions(**LINEAR),
    "rest_position__v5-position-get-position-info": lambda desk: desk.http.get_positions(**LINEAR),
    "rest_position__v5-position-get-closed-pnl": lambda desk: desk.http.get_closed_pnl(**LINEAR),
    "rest_account__v5-account-get-wallet-balance": lambda desk: desk.http.get_wallet_balance(accountType="UNIFIED"),
    "rest_account__v5-account-get-transaction-log": lambda desk: desk.http.get_transaction_log(),
    "rest_account__v5-account-get-account-info": lambda desk: desk.http.get_account_info(),
    "rest_market__v5-market-get-public-trading-history": lambda desk: desk.http.get_public_trade_history(**LINEAR),
    "rest_market__v5-market-get-funding-rate-history": lambda desk: desk.http.get_funding_rate_history(**LINEAR),
    "rest_market__v5-market-get-insurance": lambda desk: desk.http.get_insurance(),
    "rest_market__v5-market-get-risk-limit": lambda desk: desk.http.get_risk_limit(**LINEAR),
    "rest_market__v5-market-get-open-interest": lambda desk: desk.http.get_open_interest(**LINEAR, intervalTime="1h"),
}


@needs_recordings
@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_has_the_fields_of_a_recorded_one(main: Desk, name: str) -> None:
    opened(main)
    found = ANSWERS[name](main)["result"]
    assert found.get("list", [None]), "an empty list proves nothing"
    assert lacking(shape(recorded(name)), shape(found)) == []


@needs_recordings
@pytest.mark.parametrize("category", ["spot", "linear"])
def test_tickers_have_the_fields_of_recorded_ones(main: Desk, category: str) -> None:
    found = main.http.get_tickers(category=category, symbol="BTCUSDT")
    wanted = recorded(f"bybit_tickers.{category}_api", TICKERS)
    assert lacking(shape(wanted), shape(found)) == []


@needs_recordings
def test_spot_instruments_have_the_fields_of_recorded_ones(main: Desk) -> None:
    wanted = recorded("rest_market__v5-market-get-instruments-info-spot")["Spot"]
    found = main.http.get_instruments_info(category="spot")["result"]
    assert lacking(shape(wanted), shape(found)) == []


@needs_recordings
@pytest.mark.parametrize(("topic", "stale"), [("execution", []), ("position", [".data[].CreatedTime"]), ("wallet", [])])
def test_a_private_message_has_the_fields_of_a_recorded_one(
    main: Desk, until: Callable[..., Any], topic: str, stale: list[str]
) -> None:
    told: list[Any] = []
    getattr(main.stream(), f"{topic}_stream")(callback=told.append)
    connections = main.served.application.exchange.private.connections
    until(lambda: [len(one.topics) for one in tuple(connections)] == [1], "a listener")
    opened(main)
    until(lambda: told, "a message")
    assert lacking(shape(recorded(f"ws__private-v5-{topic}")), shape(told[0])) == stale


@needs_recordings
@pytest.mark.parametrize("topic", ["kline", "ticker-spot"])
def test_a_public_message_has_the_fields_of_a_recorded_one(main: Desk, until: Callable[..., Any], topic: str) -> None:
    told: list[Any] = []
    if topic == "kline":
        main.stream("linear").kline_stream(interval=60, symbol="BTCUSDT", callback=told.append)
    else:
        main.stream("spot").ticker_stream(symbol="BTCUSDT", callback=told.append)
    until(lambda: told, "a message")
    assert lacking(shape(recorded(f"ws__public-v5-{topic}")), shape(told[0])) == []

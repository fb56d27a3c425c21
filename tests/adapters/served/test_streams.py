"""WebSockets, by unmodified pybit."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from runtime.instrument import Market

Desk = Any
Until = Callable[..., Any]
TOPICS = ("order", "execution", "position", "wallet")


def heard(desk: Desk, until: Until) -> list[dict[str, Any]]:
    """Listen to all that an account is told."""
    messages: list[dict[str, Any]] = []
    stream = desk.stream()
    for topic in TOPICS:
        getattr(stream, f"{topic}_stream")(callback=messages.append)
    until(lambda: _topics_of(desk) == [len(TOPICS)], "a connection with all topics")
    return messages


def _topics_of(desk: Desk) -> list[int]:
    connections = tuple(desk.served.application.exchange.private.connections)
    return [len(one.topics) for one in connections if one.account == desk.member.name]


def rows(messages: list[dict[str, Any]], topic: str) -> list[dict[str, Any]]:
    return [row for message in tuple(messages) if message["topic"] == topic for row in message["data"]]


def test_a_fill_is_told_as_order_execution_position_and_wallet(main: Desk, until: Until) -> None:
    messages = heard(main, until)
    main.place("linear", "Buy", "0.1", stopLoss="20000", orderLinkId="entry")
    until(lambda: rows(messages, "wallet"), "a wallet")
    states = [(row["orderLinkId"], row["orderStatus"]) for row in rows(messages, "order")]
    assert states == [("entry", "New"), ("entry", "Filled"), ("", "Untriggered")]
    (execution,) = rows(messages, "execution")
    (listed,) = main.http.get_executions(category="linear")["result"]["list"]
    assert execution == listed
    assert execution["leavesQty"] == "0"
    position = rows(messages, "position")[-1]
    assert (position["entryPrice"], position["stopLoss"]) == (main.position()["avgPrice"], "20000")
    (usdt,) = rows(messages, "wallet")[-1]["coin"]
    assert Decimal(usdt["walletBalance"]) == main.coins()["USDT"] == 100_000 - Decimal(execution["execFee"])


def test_what_happens_at_once_is_told_in_one_message_of_each_topic(main: Desk, until: Until) -> None:
    messages = heard(main, until)
    order = {"symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "0.01"}
    main.http.place_batch_order(category="linear", request=[{**order, "orderLinkId": name} for name in "ab"])
    until(lambda: rows(messages, "wallet"), "a wallet")
    told = [(one["topic"], [row.get("orderLinkId") for row in one["data"]]) for one in messages]
    assert told == [
        *(("order", ["a", "b"]), ("execution", ["a", "b"]), ("order", ["a", "b"])),
        *(("position", [None]), ("wallet", [None])),
    ]
    assert [row["orderStatus"] for row in rows(messages, "order")] == ["New", "New", "Filled", "Filled"]
    assert Decimal(rows(messages, "position")[0]["size"]) == Decimal("0.02")


def test_an_account_hears_nothing_of_another_nor_of_topics_that_it_did_not_ask_for(
    main: Desk, trend: Desk, until: Until
) -> None:
    mine: list[dict[str, Any]] = []
    main.stream().subscribe("order.linear", mine.append, symbol="")
    until(lambda: _topics_of(main) == [1], "a connection with its topic")
    theirs = heard(trend, until)
    trend.place("linear", "Buy", "0.1")
    main.place("spot", "Buy", "1000")
    main.place("linear", "Sell", "0.1", orderLinkId="only")
    until(lambda: len(mine) == 2, "two messages")
    assert {(message["topic"], message["data"][0]["orderLinkId"]) for message in mine} == {("order.linear", "only")}
    until(lambda: rows(theirs, "wallet"), "a wallet")
    assert {row["side"] for row in rows(theirs, "order")} == {"Buy"}


def test_candles_are_told_when_they_begin_and_confirmed_when_they_have_ended(main: Desk, until: Until) -> None:
    told: list[dict[str, Any]] = []
    stream = main.stream("linear")
    for interval in (60, 240):
        stream.kline_stream(interval=interval, symbol="BTCUSDT", callback=told.append)
    until(lambda: len(told) == 2, "the candles under way")
    main.served.advance(4)
    until(lambda: sum(one["data"][0]["confirm"] for one in tuple(told)) == 5, "four hours and what they make up")
    confirmed = [one for one in told if one["data"][0]["confirm"]]
    assert [one["topic"].split(".")[1] for one in confirmed].count("240") == 1
    for one in confirmed:
        (bar,) = one["data"]
        listed = main.http.get_kline(
            category="linear", symbol="BTCUSDT", interval=bar["interval"], start=bar["start"], end=bar["start"]
        )["result"]["list"]
        assert [[str(bar["start"]), *(bar[name] for name in ("open", "high", "low", "close", "volume"))]] == [
            row[:6] for row in listed
        ]


def test_tickers_begin_with_all_and_go_on_with_what_has_changed(main: Desk, until: Until) -> None:
    raw: list[dict[str, Any]] = []
    stream = main.stream("linear")
    stream.subscribe("tickers.{symbol}", raw.append, "BTCUSDT")
    until(lambda: raw, "a ticker")
    (first,) = main.http.get_tickers(category="linear", symbol="BTCUSDT")["result"]["list"]
    assert raw[0]["type"] == "snapshot"
    assert raw[0]["data"] == first
    main.served.advance(1)
    (after,) = main.http.get_tickers(category="linear", symbol="BTCUSDT")["result"]["list"]
    changed = {name: value for name, value in after.items() if first[name] != value}
    until(lambda: raw[-1]["data"]["lastPrice"] == after["lastPrice"], "the last price")
    # The client merges what has changed into what it knew.
    assert raw[-1]["data"] == {**first, **changed}


@pytest.mark.parametrize("depth", [1, 50])
def test_an_order_book_stays_whole_through_its_changes(main: Desk, until: Until, depth: int) -> None:
    books: list[dict[str, Any]] = []
    main.stream("linear").orderbook_stream(depth=depth, symbol="BTCUSDT", callback=books.append)
    until(lambda: books, "a book")
    for _ in range(3):
        main.served.advance(1)
        listed = main.http.get_orderbook(category="linear", symbol="BTCUSDT", limit=depth)["result"]
        best = (listed["b"][0], listed["a"][0])
        until(lambda best=best: _best(books[-1]) == best, "the new book")
        assert len(books[-1]["data"]["b"]) == len(listed["b"]) == depth


def _best(book: dict[str, Any]) -> tuple[list[str], list[str]]:
    by_price = lambda level: Decimal(level[0])  # noqa: E731
    return max(book["data"]["b"], key=by_price), min(book["data"]["a"], key=by_price)


def test_trades_are_told(main: Desk, until: Until) -> None:
    told: list[dict[str, Any]] = []
    main.stream("spot").trade_stream(symbol="BTCUSDT", callback=told.append)
    board = main.served.application.exchange.public
    until(lambda: (Market.SPOT, "publicTrade.BTCUSDT") in board.heard, "a listener")
    main.served.advance(1)
    until(lambda: told, "a trade")
    ticker = main.http.get_tickers(category="spot", symbol="BTCUSDT")["result"]["list"][0]
    assert told[0]["data"][0]["p"] == ticker["lastPrice"]


def test_orders_go_over_a_socket_as_they_go_over_rest(main: Desk, until: Until) -> None:
    answers: list[dict[str, Any]] = []
    trading = main.trading()
    order = {"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "qty": "0.1"}
    trading.place_order(answers.append, **order, price="20000", orderLinkId="mine")
    until(lambda: main.http.get_open_orders(category="linear", symbol="BTCUSDT")["result"]["list"], "an order")
    trading.amend_order(answers.append, category="linear", symbol="BTCUSDT", orderLinkId="mine", qty="0.2")
    until(lambda: main.order("linear", orderLinkId="mine")["qty"] == "0.2", "the change")
    refused: list[dict[str, Any]] = []
    trading.place_order(answers.append, refused.append, **order, price="20000", orderLinkId="mine")
    until(lambda: refused, "a refusal")
    assert refused[0]["retCode"] == 110072
    trading.cancel_order(answers.append, category="linear", symbol="BTCUSDT", orderLinkId="mine")
    until(lambda: main.order("linear", orderLinkId="mine")["orderStatus"] == "Cancelled", "the end")
    assert all(answer["retCode"] == 0 and "X-Bapi-Limit" in answer["header"] for answer in answers)


def test_after_a_broken_line_a_client_is_told_again(main: Desk, until: Until) -> None:
    messages = heard(main, until)
    main.place("linear", "Buy", "0.1", orderLinkId="before")
    until(lambda: rows(messages, "wallet"), "a wallet")
    (before,) = main.served.application.exchange.private.connections
    assert main.served.pull("drop", endpoint="private") == {"dropped": 1}
    until(lambda: before not in main.served.application.exchange.private.connections, "a broken line")
    until(lambda: _topics_of(main) == [len(TOPICS)], "a new connection with all topics")
    main.place("linear", "Buy", "0.1", orderLinkId="after")
    until(lambda: rows(messages, "order")[-1]["orderLinkId"] == "after", "the next order")

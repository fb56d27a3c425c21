"""Orders that wait for a price, as pybit places, changes, takes back and looks them up."""

from decimal import Decimal
from typing import Any

import pytest
from pybit.exceptions import InvalidRequestError

from adapters.simulated.instruments import load_instruments
from adapters.simulated.live import LiveExchange
from adapters.simulated.settings import ExchangeSettings

Desk = Any


def last(desk: Desk, category: str = "linear") -> Decimal:
    ticker = desk.http.get_tickers(category=category, symbol="BTCUSDT")["result"]["list"][0]
    return Decimal(ticker["lastPrice"])


def conditional(desk: Desk, side: str, apart: int, name: str, **fields: Any) -> dict[str, Any]:
    """Place an order that waits for a price that is so far from the last one."""
    asked = {"triggerPrice": str(last(desk) + apart), "triggerDirection": 1 if apart > 0 else 2, **fields}
    return desk.place("linear", side, "0.1", orderLinkId=name, **asked)


def ended(desk: Desk, name: str, category: str = "linear") -> dict[str, Any]:
    (row,) = desk.http.get_order_history(category=category, orderLinkId=name)["result"]["list"]
    return row


def test_it_waits_until_the_price_is_there_and_is_an_order_then(main: Desk) -> None:
    conditional(main, "Buy", 40, "up")
    (waiting,) = main.http.get_open_orders(category="linear", symbol="BTCUSDT")["result"]["list"]
    wanted = {"orderStatus": "Untriggered", "stopOrderType": "Stop", "triggerDirection": 1, "cumExecQty": "0"}
    assert waiting.items() >= wanted.items()
    assert main.position()["size"] == "0"
    # Each candle reaches sixty over the price at which it begins.
    main.served.advance(2, until="open")
    row = ended(main, "up")
    assert (row["orderStatus"], row["stopOrderType"]) == ("Filled", "Stop")
    assert Decimal(main.position()["size"]) == Decimal("0.1")


def test_a_price_that_is_never_reached_makes_no_order_and_it_can_be_changed_and_taken_back(main: Desk) -> None:
    conditional(main, "Sell", -9000, "down")
    main.served.advance(3)
    named = {"category": "linear", "symbol": "BTCUSDT", "orderLinkId": "down"}
    main.http.amend_order(**named, triggerPrice="15000", qty="0.2")
    (waiting,) = main.http.get_open_orders(category="linear", symbol="BTCUSDT")["result"]["list"]
    assert (waiting["triggerPrice"], waiting["qty"], waiting["triggerDirection"]) == ("15000", "0.2", 2)
    main.http.cancel_order(**named)
    assert ended(main, "down")["orderStatus"] == "Cancelled"
    assert main.position()["size"] == "0"


def test_on_spot_it_finds_out_where_the_price_lies_and_is_put_away_when_taken_back(main: Desk) -> None:
    terms = {"triggerPrice": str(last(main, "spot") - 40), "orderFilter": "StopOrder", "marketUnit": "quoteCoin"}
    main.place("spot", "Buy", "1000", orderLinkId="dip", **terms)
    main.place("spot", "Buy", "1000", orderLinkId="deep", **{**terms, "triggerPrice": "9000"})
    main.served.advance(2, until="open")
    assert main.coins()["BTC"] > 0
    main.http.cancel_order(category="spot", symbol="BTCUSDT", orderLinkId="deep")
    assert ended(main, "deep", "spot")["orderStatus"] == "Deactivated"


def test_what_can_not_be_paid_when_its_price_is_there_is_rejected(main: Desk) -> None:
    terms = {"triggerPrice": str(last(main, "spot") - 40), "orderFilter": "StopOrder", "marketUnit": "quoteCoin"}
    main.place("spot", "Buy", "999999999", orderLinkId="rich", **terms)
    main.served.advance(2, until="open")
    assert ended(main, "rich", "spot")["orderStatus"] == "Rejected"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"triggerPrice": "99999", "triggerDirection": 2}, 110093),
        ({"triggerPrice": "1", "triggerDirection": 1}, 110092),
        ({"triggerPrice": "99999"}, 10001),
    ],
)
def test_a_price_on_the_wrong_side_is_refused(main: Desk, fields: dict[str, Any], code: int) -> None:
    with pytest.raises(InvalidRequestError) as error:
        main.place("linear", "Buy", "0.1", **fields)
    assert error.value.status_code == code


def test_ten_may_wait_in_a_perpetual(main: Desk) -> None:
    for number in range(10):
        conditional(main, "Buy", 5000, f"up-{number}")
    with pytest.raises(InvalidRequestError) as error:
        conditional(main, "Buy", 5000, "up-10")
    assert error.value.status_code == 110009
    main.http.cancel_order(category="linear", symbol="BTCUSDT", orderLinkId="up-0")
    conditional(main, "Buy", 5000, "up-11")
    main.http.cancel_all_orders(category="linear", symbol="BTCUSDT", orderFilter="Order")
    assert len(main.http.get_open_orders(category="linear", symbol="BTCUSDT")["result"]["list"]) == 10
    main.http.cancel_all_orders(category="linear", symbol="BTCUSDT")
    assert main.http.get_open_orders(category="linear", symbol="BTCUSDT")["result"]["list"] == []


def test_what_waits_is_kept(main: Desk) -> None:
    conditional(main, "Buy", 5000, "up")
    live = main.served.application.exchange.live
    again = LiveExchange(load_instruments(), ExchangeSettings(), {}, lambda _: None)
    again.restore(live.to_plain(), ExchangeSettings())
    (kept,) = again._waiting.values()
    assert (kept.link_id, kept.rises, kept.trigger) == ("up", True, last(main) + 5000)

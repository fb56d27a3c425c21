"""Orders over REST, by unmodified pybit."""

from decimal import Decimal

import pytest
from pybit.exceptions import InvalidRequestError

from adapters.served.serving import Served
from tests.adapters.served.conftest import Desk


def test_an_order_while_a_candle_is_under_way_is_filled_at_once(main: Desk) -> None:
    placed = main.place("linear", "Buy", "0.1", orderLinkId="entry-1")
    row = main.order("linear", orderLinkId="entry-1")
    assert (row["orderId"], row["orderStatus"], row["cumExecQty"]) == (placed["orderId"], "Filled", "0.1")
    position = main.position()
    assert (position["side"], position["size"], position["avgPrice"]) == ("Buy", "0.1", row["avgPrice"])

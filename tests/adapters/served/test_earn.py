"""Earn as pybit asks for it: products, orders, positions, interest, and who may."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from pybit.exceptions import InvalidRequestError

from adapters.served.serving import Served
from adapters.simulated.settings import ExchangeSettings

pytestmark = pytest.mark.spec("CORE-14")
Desk = Any
FLEXIBLE = {"category": "FlexibleSaving"}


@pytest.fixture
def bank(served_with: Callable[..., Served], desk_at: Callable[[Served, str], Desk]) -> Desk:
    """The master with two Bitcoin, which earn 7.3 % a year."""
    served = served_with(settings=ExchangeSettings(earn_rates={"BTC": Decimal("0.073")}))
    desk = desk_at(served, "main")
    served.pull("deposit", account="main", coin="BTC", amount="2")
    return desk


def order(desk: Desk, side: str, amount: str, name: str, **fields: Any) -> dict[str, Any]:
    (product,) = products(desk)
    asked = {"coin": "BTC", "accountType": "UNIFIED", "productId": product["productId"], **FLEXIBLE, **fields}
    return desk.http.stake_or_redeem(orderType=side, amount=amount, orderLinkId=name, **asked)["result"]


def products(desk: Desk, **fields: Any) -> list[dict[str, Any]]:
    return desk.http.get_earn_product_info(**{**FLEXIBLE, **fields})["result"]["list"]


def looked_up(desk: Desk, name: str) -> dict[str, Any]:
    (row,) = desk.http.get_stake_or_redemption_history(**FLEXIBLE, orderLinkId=name)["result"]["list"]
    return row


def test_a_coin_with_a_rate_has_one_product_which_anybody_may_see(bank: Desk) -> None:
    (product,) = products(bank, coin="BTC")
    assert (product["estimateApr"], product["status"], product["coin"]) == ("7.3%", "Available", "BTC")
    assert products(bank, coin="ETH") == products(bank, category="OnChain") == []


def test_coins_leave_the_wallet_come_back_and_bring_interest(bank: Desk) -> None:
    answer = order(bank, "Stake", "1.5", "out")
    assert answer["orderLinkId"] == "out"
    assert bank.coins()["BTC"] == Decimal("0.5")
    staked = looked_up(bank, "out")
    wanted = {"status": "Success", "orderType": "Stake", "orderValue": "1.5", "orderId": answer["orderId"]}
    assert staked.items() >= wanted.items()
    (position,) = bank.http.get_staked_position(**FLEXIBLE)["result"]["list"]
    assert (position["coin"], position["amount"]) == ("BTC", "1.5")
    bank.served.advance(25)
    (paid,) = bank.http.get_yield(**FLEXIBLE)["result"]["yield"][:1]
    assert (paid["amount"], paid["status"], paid["effectiveStakingAmount"]) == ("0.0003", "Success", "1.5")
    assert bank.http.get_hourly_yield(**FLEXIBLE)["result"]["list"][0]["hourlyDate"].endswith("00000")
    order(bank, "Redeem", "1.5", "home")
    assert looked_up(bank, "home")["status"] == "Pending"
    bank.served.advance(1)
    assert looked_up(bank, "home")["status"] == "Success"
    assert bank.coins()["BTC"] > Decimal("2.0003")
    assert bank.http.get_staked_position(**FLEXIBLE)["result"]["list"] == []


def test_the_transaction_log_tells_of_loans_and_adds_up(bank: Desk) -> None:
    order(bank, "Stake", "1.5", "out")
    bank.served.advance(2)
    order(bank, "Redeem", "1", "home")
    bank.served.advance(2)
    rows = bank.http.get_transaction_log(accountType="UNIFIED", currency="BTC", limit=50)["result"]["list"]
    kinds = {row["type"] for row in rows}
    assert kinds == {
        "TRANSFER_IN",
        "FLEXIBLE_STAKING_SUBSCRIPTION",
        "FLEXIBLE_STAKING_REDEMPTION",
        "FLEXIBLE_STAKING_PROFIT",
    }
    assert sum(Decimal(row["change"]) for row in rows) == bank.coins()["BTC"] == Decimal(rows[0]["cashBalance"])


REFUSED = {
    "more than there is": ({"amount": "3"}, 180016),
    "another product": ({"productId": "1"}, 180008),
    "no name": ({"name": ""}, 180019),
    "a side that is none": ({"side": "Hold"}, 180001),
    "from where the coins are not": ({"accountType": "FUND"}, 180001),
    "nothing": ({"amount": "0"}, 180012),
    "back what is not out": ({"side": "Redeem"}, 180020),
    "a category that is none": ({"category": "Gold"}, 10001),
}


@pytest.mark.parametrize(("fields", "code"), REFUSED.values(), ids=REFUSED)
def test_what_can_not_be_is_refused_with_its_code(bank: Desk, fields: dict[str, str], code: int) -> None:
    asked: dict[str, Any] = {"side": "Stake", "amount": "1", "name": "one", **fields}
    with pytest.raises(InvalidRequestError) as error:
        order(bank, asked.pop("side"), asked.pop("amount"), asked.pop("name"), **asked)
    assert error.value.status_code == code
    assert bank.coins()["BTC"] == 2


def test_a_name_counts_once_even_if_its_answer_was_lost(bank: Desk) -> None:
    bank.served.pull("faults", kind="status", endpoint="/v5/earn/place-order", code=502, after=True)
    with pytest.raises(Exception, match="502"):
        order(bank, "Stake", "1", "one")
    assert looked_up(bank, "one")["status"] == "Success"
    with pytest.raises(InvalidRequestError) as error:
        order(bank, "Stake", "1", "one")
    assert error.value.status_code == 180025
    assert bank.coins()["BTC"] == 1


def test_a_key_without_the_permission_may_not(bank: Desk) -> None:
    without = {**bank.member.permissions, "Earn": ()}
    bank.served.pull("key", account="main", permissions=without)
    for ask in (lambda: order(bank, "Stake", "1", "one"), lambda: bank.http.get_staked_position(**FLEXIBLE)):
        with pytest.raises(InvalidRequestError) as error:
            ask()
        assert error.value.status_code == 10005

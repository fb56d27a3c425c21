"""What a key may do is asked of the exchange before it is used."""

from typing import Any

import pytest

from adapters.bybit.client import Client
from adapters.bybit.keys import KeyProblem, Uses, check_key

DAY_MS = 86_400_000
QUERY = "/v5/user/query-api"


def check(
    life: Any, account: str = "trend", member: str = "", trades: bool = True, lends: bool = False
) -> list[KeyProblem]:
    client = Client(life.hosts, life.keys(account))
    owner = member or str(life.served.member(account).uid)
    problems = check_key(client, account, owner, Uses(trades, lends), life.clock.now_ms())
    client.close()
    return problems


@pytest.mark.spec("SEC-01")
def test_a_good_key_has_no_problem_and_bad_ones_are_named(life: Any) -> None:
    assert check(life) == []
    expiry = life.clock.now_ms() + 5 * DAY_MS
    life.served.pull("key", account="trend", addresses=(), expires_ms=expiry)
    loose, expiring = check(life)
    assert (loose.fatal, "any address" in loose.text) == (False, True)
    assert (expiring.fatal, "expires in 5 days" in expiring.text) == (False, True)
    life.served.pull("key", account="trend", addresses=("10.0.0.1",), expires_ms=None)
    withdrawing = {**life.served.member("trend").permissions, "Wallet": ("AccountTransfer", "Withdraw")}
    life.served.pull("key", account="trend", permissions=withdrawing)
    (problem,) = check(life)
    assert (problem.fatal, "may withdraw money" in problem.text) == (True, True)


@pytest.mark.spec("SEC-01")
def test_a_key_of_another_account_or_one_that_may_only_read_is_not_used(life: Any) -> None:
    (swapped,) = check(life, member="999")
    assert (swapped.fatal, "swapped" in swapped.text) == (True, True)
    (too_much,) = check(life, trades=False)
    assert (too_much.fatal, "read-only key is enough" in too_much.text) == (False, True)
    life.served.pull("key", account="trend", read_only=True)
    assert [problem.fatal for problem in check(life)] == [True]
    assert check(life, trades=False) == []


@pytest.mark.spec("SEC-01", "CORE-14")
def test_earn_has_to_be_permitted_only_where_coins_are_lent(life: Any) -> None:
    assert check(life, lends=True) == []
    without = {**life.served.member("trend").permissions, "Earn": ()}
    life.served.pull("key", account="trend", permissions=without)
    assert check(life) == []
    (problem,) = check(life, lends=True)
    assert (problem.fatal, "no permission for Earn" in problem.text) == (False, True)


ANSWERS = {
    "expired": ({"expiredAt": "2025-01-01T00:00:00Z"}, True),
    "unreadable expiry": ({"expiredAt": "soon"}, False),
    "never expires": ({"expiredAt": "1970-01-01T00:00:00Z"}, None),
    "expires in a month": ({"expiredAt": "2025-07-20T00:00:00Z"}, None),
    "from anywhere": ({"ips": ["*"]}, False),
    "no word of reading": ({"readOnly": None}, True),
    "cannot place orders": ({"permissions": {"ContractTrade": ["Position"], "Spot": []}}, True),
}


@pytest.mark.parametrize(("fields", "fatal"), ANSWERS.values(), ids=ANSWERS)
def test_each_answer_is_judged(exchange: Any, client: Client, fields: dict[str, Any], fatal: bool | None) -> None:
    usual = {"userID": 7, "readOnly": 0, "ips": ["1.2.3.4"], "permissions": {"ContractTrade": ["Order", "Position"]}}
    exchange.good(QUERY, usual | fields)
    problems = check_key(client, "TREND", "7", Uses(True), 1_750_000_000_000)
    assert {problem.fatal for problem in problems} == (set() if fatal is None else {fatal})

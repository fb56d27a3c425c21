"""Wallets, transaction logs, transfers and keys."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from pybit.exceptions import InvalidRequestError

Desk = Any


def refusal(call: Any, **fields: Any) -> int:
    with pytest.raises(InvalidRequestError) as error:
        call(**fields)
    return error.value.status_code


def transfer(source: Desk, destination: Desk, **fields: Any) -> dict[str, Any]:
    return {
        "transferId": str(uuid4()),
        "coin": "USDT",
        "amount": "1000",
        "fromMemberId": source.member.uid,
        "toMemberId": destination.member.uid,
        "fromAccountType": "UNIFIED",
        "toAccountType": "UNIFIED",
        **fields,
    }


def log(desk: Desk, **fields: Any) -> list[dict[str, Any]]:
    now_ms = desk.http.get_server_time()["time"]
    span = {"startTime": now_ms - 6 * 86_400_000, "endTime": now_ms}
    return desk.http.get_transaction_log(accountType="UNIFIED", limit=50, **span, **fields)["result"]["list"]


def test_the_transaction_log_adds_up_to_the_wallet(main: Desk) -> None:
    main.place("linear", "Buy", "1", stopLoss="20000")
    main.place("spot", "Buy", "5000", marketUnit="quoteCoin")
    main.served.advance(20)
    main.place("linear", "Sell", "0.4", reduceOnly=True)
    main.place("spot", "Sell", "0.05")
    main.served.advance(1, until="open")
    rows = log(main)
    kinds = {row["type"] for row in rows}
    assert kinds == {"TRADE", "SETTLEMENT"}
    for row in rows:
        flow, funding, fee = (Decimal(row[name] or 0) for name in ("cashFlow", "funding", "fee"))
        assert Decimal(row["change"]) == flow + funding - fee
    coins = {"USDT": Decimal(100_000), "BTC": Decimal(0)}
    for row in rows:
        coins[row["currency"]] += Decimal(row["change"])
    assert coins == main.coins()
    newest = next(row for row in rows if row["currency"] == "USDT")
    assert Decimal(newest["cashBalance"]) == coins["USDT"]


def test_longs_pay_funding_as_execution_and_as_settlement(main: Desk, trend: Desk) -> None:
    main.place("linear", "Buy", "1")
    trend.place("linear", "Sell", "1")
    main.served.advance(8)
    (paid,) = main.http.get_executions(category="linear", execType="Funding")["result"]["list"]
    (received,) = trend.http.get_executions(category="linear", execType="Funding")["result"]["list"]
    assert Decimal(paid["execFee"]) == -Decimal(received["execFee"]) > 0
    assert Decimal(paid["execFee"]) == Decimal(paid["execPrice"]) * Decimal("0.0001")
    (row,) = log(main, type="SETTLEMENT")
    assert Decimal(row["funding"]) == Decimal(row["change"]) == -Decimal(paid["execFee"])


def test_money_moves_once_by_its_id(main: Desk, trend: Desk) -> None:
    move = transfer(main, trend)
    assert main.http.create_universal_transfer(**move)["result"]["status"] == "SUCCESS"
    assert (main.coins()["USDT"], trend.coins()["USDT"]) == (99_000, 51_000)
    assert refusal(main.http.create_universal_transfer, **move) == 131214
    (found,) = main.http.get_universal_transfer_records(transferId=move["transferId"])["result"]["list"]
    assert (found["amount"], found["status"], found["toMemberId"]) == ("1000", "SUCCESS", str(trend.member.uid))
    assert refusal(main.http.create_universal_transfer, **transfer(main, trend, amount="99000.01")) == 131212
    assert [row["type"] for row in log(trend)] == ["TRANSFER_IN"]


def test_a_sub_account_sends_to_its_master_only(main: Desk, trend: Desk, desk_at: Any) -> None:
    hodl = desk_at(main.served, "hodl")
    trend.http.create_universal_transfer(**transfer(trend, main))
    assert refusal(trend.http.create_universal_transfer, **transfer(trend, hodl)) == 10005
    assert refusal(trend.http.create_universal_transfer, **transfer(main, trend)) == 10005
    assert main.coins()["USDT"] == 101_000


def test_money_goes_to_the_funding_account_and_back(main: Desk) -> None:
    move = {"coin": "USDT", "amount": "400", "fromAccountType": "UNIFIED", "toAccountType": "FUND"}
    main.http.create_internal_transfer(transferId=str(uuid4()), **move)
    assert main.coins()["USDT"] == 99_600
    (held,) = main.http.get_coins_balance(accountType="FUND", coin="USDT")["result"]["balance"]
    assert held["walletBalance"] == "400"
    back = {**move, "fromAccountType": "FUND", "toAccountType": "UNIFIED", "amount": "400.5"}
    assert refusal(main.http.create_internal_transfer, transferId=str(uuid4()), **back) == 131212


def test_money_comes_from_outside(main: Desk) -> None:
    main.served.pull("deposit", account="main", amount="-250.5")
    main.served.pull("deposit", account="main", coin="BTC", amount="0.5")
    assert main.coins() == {"USDT": Decimal("99749.5"), "BTC": Decimal("0.5")}
    assert [row["type"] for row in log(main)] == ["TRANSFER_IN", "TRANSFER_OUT"]


def test_an_open_order_locks_what_it_may_cost(main: Desk) -> None:
    main.place("spot", "Buy", "0.5", price="20000")
    (account,) = main.http.get_wallet_balance(accountType="UNIFIED")["result"]["list"]
    (usdt,) = account["coin"]
    assert (usdt["locked"], usdt["walletBalance"]) == ("10000", "100000")
    main.place("linear", "Buy", "1")
    row, position = main.http.get_wallet_balance(accountType="UNIFIED")["result"]["list"][0], main.position()
    assert Decimal(row["totalInitialMargin"]) == Decimal(position["positionIM"]) > 0
    assert Decimal(row["totalMaintenanceMargin"]) == Decimal(position["positionMM"]) > 0
    assert Decimal(row["totalEquity"]) == Decimal(row["totalWalletBalance"]) + Decimal(row["totalPerpUPL"])


def test_a_key_tells_what_it_may(main: Desk, trend: Desk) -> None:
    told = main.http.get_api_key_information()["result"]
    assert (told["userID"], told["isMaster"], told["readOnly"]) == (main.member.uid, True, 0)
    assert told["ips"] == ["127.0.0.1"]
    assert "Withdraw" not in told["permissions"]["Wallet"]
    main.served.pull("key", account="trend", permissions={"Wallet": ["Withdraw"]}, addresses=[], read_only=True)
    changed = trend.http.get_api_key_information()["result"]
    assert (changed["permissions"], changed["ips"], changed["readOnly"]) == ({"Wallet": ["Withdraw"]}, ["*"], 1)
    assert changed["parentUid"] == str(main.member.uid)
    assert [one["username"] for one in main.http.get_sub_uid_list()["result"]["subMembers"]] == ["trend", "hodl"]
    assert refusal(trend.http.get_sub_uid_list) == 10005


def test_a_request_is_only_taken_from_who_signed_it(main: Desk, trend: Desk) -> None:
    strangers = main.session(api_key="nobody")
    assert refusal(strangers.get_account_info) == 10003
    mixed = main.session(api_secret=trend.member.secret)
    assert refusal(mixed.get_account_info) == 10004
    # The client signs a space as it is and sends it encoded: what is on the wire counts.
    assert refusal(main.http.get_order_history, category="linear", orderLinkId="a b") == 10004
    assert refusal(main.session(recv_window=-5000).get_account_info) == 10002
    assert main.http.get_account_info()["result"]["unifiedMarginStatus"] == 5


def test_who_asks_too_often_is_told_so(served_with: Any, desk_at: Any) -> None:
    desk = desk_at(served_with(limits=True), "main")
    order = {"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "price": "20000"}
    items = [{**order, "qty": "0.01"} for _ in range(12)]
    codes = [one["code"] for one in desk.http.place_batch_order(category="linear", request=items)["retExtInfo"]["list"]]
    assert codes == [0] * 10 + [10006] * 2

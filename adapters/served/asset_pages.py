"""Money moved between accounts of one owner."""

from decimal import Decimal
from uuid import UUID

from adapters.served.answer import Answer
from adapters.served.call import PARAMETER_ERROR, Call, refused
from adapters.served.exchange import FUND, ServedExchange
from adapters.served.figure import figure
from adapters.served.member import Member
from adapters.served.page import Page, Path
from adapters.served.paging import part
from runtime.requests import MoveMoney

ACCOUNT_TYPES = {"UNIFIED": "", "FUND": FUND}
PERMISSION_DENIED = (10005, "Permission denied, please check your API key permissions.")
UNKNOWN_MEMBER = (131207, "Account not exist")


def inter_transfer(exchange: ServedExchange, call: Call) -> Answer:
    """Move money between the unified and the funding account of one member."""
    assert call.member is not None
    return _move(exchange, call, call.member, call.member)


def universal_transfer(exchange: ServedExchange, call: Call) -> Answer:
    """Move money between members: the master moves anything, others send to the master only."""
    source = exchange.members.with_uid(call.required("fromMemberId"))
    destination = exchange.members.with_uid(call.required("toMemberId"))
    if source is None or destination is None:
        raise refused(*UNKNOWN_MEMBER)
    asks = call.member
    assert asks is not None
    if not asks.is_master and not (source is asks and destination.is_master):
        raise refused(*PERMISSION_DENIED)
    return _move(exchange, call, source, destination)


def _move(exchange: ServedExchange, call: Call, source: Member, destination: Member) -> Answer:
    transfer_id, coin, amount = call.required("transferId"), call.required("coin"), call.decimal("amount")
    kinds = [call.required(name) for name in ("fromAccountType", "toAccountType")]
    if amount is None or not _is_uuid(transfer_id) or not set(kinds) <= ACCOUNT_TYPES.keys():
        raise refused(PARAMETER_ERROR, "params error: transferId, amount or account type invalid.")
    names = [f"{one.name}{ACCOUNT_TYPES[kind]}" for one, kind in zip((source, destination), kinds, strict=True)]
    exchange.live.transfer(MoveMoney(transfer_id, names[0], names[1], coin, amount), exchange.now_ms)
    row = {
        "transferId": transfer_id,
        "coin": coin,
        "amount": figure(amount),
        "fromMemberId": str(source.uid),
        "toMemberId": str(destination.uid),
        "fromAccountType": kinds[0],
        "toAccountType": kinds[1],
        "timestamp": str(exchange.now_ms),
        "status": "SUCCESS",
    }
    exchange.transfers.append(row)
    return Answer({"transferId": transfer_id, "status": "SUCCESS"})


def transfers(exchange: ServedExchange, call: Call) -> Answer:
    """Look up transfers in which the member took part, the newest first; the master sees all."""
    assert call.member is not None
    uid, transfer_id = str(call.member.uid), call.text("transferId")
    rows = (
        row
        for row in reversed(exchange.transfers)
        if call.member.is_master or uid in (row["fromMemberId"], row["toMemberId"])
    )
    shown, cursor = part(call, (row for row in rows if transfer_id in ("", row["transferId"])), 20, 50)
    return Answer({"list": shown, "nextPageCursor": cursor})


def sub_members(exchange: ServedExchange, _call: Call) -> Answer:
    """Give the uids to which money can be moved."""
    uids = [str(member.uid) for member in exchange.members if not member.is_master]
    return Answer({"subMemberIds": uids, "transferableSubMemberIds": uids})


def balances(exchange: ServedExchange, call: Call) -> Answer:
    """Give what an account of one kind holds."""
    assert call.member is not None
    member = call.member
    if call.text("memberId") and member.is_master:
        found = exchange.members.with_uid(call.text("memberId"))
        if found is None:
            raise refused(*UNKNOWN_MEMBER)
        member = found
    kind, coin = call.required("accountType"), call.text("coin")
    if kind not in ACCOUNT_TYPES:
        raise refused(PARAMETER_ERROR, "params error: accountType invalid.")
    held = exchange.live.model.wallet(f"{member.name}{ACCOUNT_TYPES[kind]}")
    shown = {coin: held.get(coin, Decimal(0))} if coin else held
    rows = [
        {
            "coin": name,
            "walletBalance": figure(amount),
            "transferBalance": figure(exchange.live.model.free(f"{member.name}{ACCOUNT_TYPES[kind]}", name)),
            "bonus": "",
        }
        for name, amount in shown.items()
    ]
    return Answer({"accountType": kind, "memberId": str(member.uid), "balance": rows})


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


PAGES: dict[Path, Page] = {
    ("POST", "/v5/asset/transfer/inter-transfer"): Page(inter_transfer, 1),
    ("POST", "/v5/asset/transfer/universal-transfer"): Page(universal_transfer, 5),
    ("GET", "/v5/asset/transfer/query-inter-transfer-list"): Page(transfers, 5),
    ("GET", "/v5/asset/transfer/query-universal-transfer-list"): Page(transfers, 5),
    ("GET", "/v5/asset/transfer/query-sub-member-list"): Page(sub_members, 5),
    ("GET", "/v5/asset/transfer/query-account-coins-balance"): Page(balances, 5),
}

"""Keys, members, and what the exchange says of itself."""

from datetime import UTC, datetime

from adapters.served.answer import Answer
from adapters.served.call import Call, refused
from adapters.served.exchange import DAY_MS, ServedExchange
from adapters.served.page import Page, Path

EPOCH = "1970-01-01T00:00:00Z"
CREATED = "2024-01-01T00:00:00Z"


def key_information(exchange: ServedExchange, call: Call) -> Answer:
    """Tell what the key may do, from where, and until when."""
    member = call.member
    assert member is not None
    left_days = None if member.expires_ms is None else (member.expires_ms - exchange.now_ms) // DAY_MS
    expires = EPOCH if member.expires_ms is None else _moment(member.expires_ms)
    master = next(iter(exchange.members))
    return Answer(
        {
            "id": str(member.uid),
            "note": member.name,
            "apiKey": member.key,
            "readOnly": int(member.read_only),
            "secret": "",
            "permissions": {name: list(rights) for name, rights in member.permissions.items()},
            "ips": list(member.addresses) or ["*"],
            "type": 1,
            "deadlineDay": -2 if left_days is None else left_days,
            "expiredAt": expires,
            "createdAt": CREATED,
            "unified": 0,
            "uta": 1,
            "userID": member.uid,
            "inviterID": 0,
            "vipLevel": "No VIP",
            "mktMakerLevel": "0",
            "affiliateID": 0,
            "rsaPublicKey": "",
            "isMaster": member.is_master,
            "parentUid": "0" if member.is_master else str(master.uid),
        }
    )


def sub_members(exchange: ServedExchange, call: Call) -> Answer:
    """List the members below the master; only the master may ask."""
    assert call.member is not None
    if not call.member.is_master:
        raise refused(10005, "Permission denied, please check your API key permissions.")
    rows = [
        {"uid": str(one.uid), "username": one.name, "memberType": 1, "status": 1, "accountMode": 5, "remark": ""}
        for one in exchange.members
        if not one.is_master
    ]
    return Answer({"subMembers": rows})


def announcements(_exchange: ServedExchange, _call: Call) -> Answer:
    """Give announcements: there are none."""
    return Answer({"total": 0, "list": []})


def system_status(exchange: ServedExchange, _call: Call) -> Answer:
    """Tell of maintenance, where there is any."""
    if not exchange.in_maintenance:
        return Answer({"list": []})
    row = {
        "id": "maintenance",
        "title": "Maintenance",
        "state": "ongoing",
        "begin": str(exchange.now_ms),
        "end": "",
        "href": "",
        "serviceTypes": [1, 2, 3, 4, 5],
        "product": [1, 2],
        "uidSuffix": [],
        "maintainType": 1,
        "env": 1,
    }
    return Answer({"list": [row]})


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


STATUS_PATH = "/v5/system/status"
PAGES: dict[Path, Page] = {
    ("GET", "/v5/user/query-api"): Page(key_information, 10),
    ("GET", "/v5/user/query-sub-members"): Page(sub_members, 10),
    ("GET", "/v5/announcements/index"): Page(announcements),
    ("GET", STATUS_PATH): Page(system_status),
}

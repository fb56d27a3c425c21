"""Whether a request comes from whom it says, over the very bytes that were sent."""

import hmac
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from adapters.served.call import refused
from adapters.served.member import Member
from adapters.served.members import Members

RECEIVE_WINDOW_MS = 5000
AHEAD_MS = 1000


def signed_by(members: Members, headers: Mapping[str, str], payload: bytes, clocks_ms: tuple[int, ...]) -> Member:
    """Give the member who signed a request; raises RequestRefusedError 10002, 10003 or 10004.

    `payload` is the raw query or body. A timestamp is in time if it is by any of the clocks: an exchange that plays the
    past is asked by clients that live today.
    """
    member = members.with_key(headers.get("x-bapi-api-key", ""))
    if member is None:
        raise refused(10003, "API key is invalid.")
    stamp, window = headers.get("x-bapi-timestamp", ""), headers.get("x-bapi-recv-window", str(RECEIVE_WINDOW_MS))
    check_time(stamp, window, clocks_ms)
    text = f"{stamp}{member.key}{window}".encode() + payload
    if not hmac.compare_digest(signature(member, text), headers.get("x-bapi-sign", "")):
        raise refused(10004, "Error sign, please check your signature generation algorithm.")
    return member


def signed_in(members: Members, frame: Mapping[str, Any], clocks_ms: tuple[int, ...]) -> Member | None:
    """Give the member who signs in with a frame; None where key, time or signature is wrong."""
    arguments = frame.get("args")
    if not isinstance(arguments, list) or len(arguments) != 3:
        return None
    key, expires, sign = (str(argument) for argument in arguments)
    member = members.with_key(key)
    if member is None or not expires.isdecimal() or int(expires) < min(clocks_ms):
        return None
    return member if hmac.compare_digest(signature(member, f"GET/realtime{expires}".encode()), sign) else None


def signature(member: Member, text: bytes) -> str:
    """Sign a text with a member's secret."""
    return hmac.new(member.secret.encode(), text, sha256).hexdigest()


def check_time(stamp: str, window: str, clocks_ms: tuple[int, ...]) -> None:
    """Raise RequestRefusedError 10002 for a timestamp that is too old or too far ahead."""
    if stamp.isdecimal() and window.isdecimal():
        sent_ms, window_ms = int(stamp), int(window)
        if any(now_ms - window_ms <= sent_ms < now_ms + AHEAD_MS for now_ms in clocks_ms):
            return
    found = f"req_timestamp[{stamp}],server_timestamp[{clocks_ms[0]}],recv_window[{window}]"
    raise refused(10002, f"invalid request, please check your server timestamp or recv_window param. {found}")

"""Orders over a socket: the frames around the same pages that REST has."""

from collections.abc import Mapping
from typing import Any

from adapters.served.answer import OK
from adapters.served.call import Call
from adapters.served.connection import Connection
from adapters.served.exchange import ServedExchange
from adapters.served.fault import FaultKind
from adapters.served.outcome import Outcome, outcome_of
from adapters.served.signature import RECEIVE_WINDOW_MS, check_time, signed_in
from adapters.simulated.refusal import RequestRefusedError

OPERATIONS = {
    f"order.{name}{batch}": ("POST", f"/v5/order/{name}{batch}")
    for name in ("create", "amend", "cancel")
    for batch in ("", "-batch")
}
NOT_SIGNED_IN = Outcome(10003, "Request not authorized")
UNKNOWN_OPERATION = Outcome(10001, "Unknown operation")


def trade_answer(exchange: ServedExchange, connection: Connection, frame: Mapping[str, Any]) -> dict[str, Any] | None:
    """Answer one frame; None where the line is cut or the answer is lost."""
    operation = str(frame.get("op", ""))
    names = {"op": operation, "connId": connection.name}
    if operation == "ping":
        return {"retCode": OK, "retMsg": "OK", **names, "op": "pong", "data": [str(exchange.now_ms)]}
    if operation == "auth":
        connection.member = signed_in(exchange.members, frame, exchange.clocks_ms)
        code, said = (OK, "OK") if connection.member is not None else (10004, "Error sign")
        return {"retCode": code, "retMsg": said, **names}
    account, path = connection.account, OPERATIONS.get(operation, ("", operation))[1]
    if exchange.faults.strike(FaultKind.LOST, account, path, after=False):
        connection.abort()
        return None
    outcome = _outcome(exchange, connection, frame, operation)
    if exchange.faults.strike(FaultKind.LOST, account, path, after=True):
        connection.abort()
        return None
    return _reply(exchange, frame, outcome) | names


def _outcome(exchange: ServedExchange, connection: Connection, frame: Mapping[str, Any], operation: str) -> Outcome:
    arguments = frame.get("args")
    if operation not in OPERATIONS or not isinstance(arguments, list) or not arguments:
        return UNKNOWN_OPERATION
    if connection.member is None:
        return NOT_SIGNED_IN
    header = frame.get("header") or {}
    try:
        stamp, window = header.get("X-BAPI-TIMESTAMP", ""), header.get("X-BAPI-RECV-WINDOW", RECEIVE_WINDOW_MS)
        check_time(str(stamp), str(window), exchange.clocks_ms)
    except RequestRefusedError as error:
        return Outcome(error.refusal.code, error.refusal.reason)
    return outcome_of(exchange, OPERATIONS[operation], Call(dict(arguments[0]), connection.member))


def _reply(exchange: ServedExchange, frame: Mapping[str, Any], outcome: Outcome) -> dict[str, Any]:
    return {
        "reqId": frame.get("reqId", ""),
        "retCode": outcome.code,
        "retMsg": outcome.message,
        "data": outcome.result if outcome.code == OK else {},
        "retExtInfo": outcome.extra,
        "header": {**outcome.limit_headers(exchange), "Timenow": str(exchange.now_ms)},
    }

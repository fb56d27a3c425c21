"""Lets a market that stands still go on as soon as the engine has done all that the last moment asked of it.

So a market may go as fast as the engine can follow, and every decision is still made on the prices of its own moment.
"""

import json
from collections.abc import Callable, Mapping
from threading import Event
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from adapters.cli.failure import Failure
from adapters.clock import Stopwatch
from adapters.postgres.connection import Connection

ANSWER_S = 10.0
PATIENCE_S = 5.0
LOOK_S = 0.002
ENTRIES = "SELECT seq, kind, at_ms, body -> 'event', body -> 'requests' FROM journal WHERE seq > %s ORDER BY seq"
Plain = Mapping[str, Any]


class OpenRequests:
    """What an engine has asked for and not been answered, as its journal tells."""

    def __init__(self) -> None:
        self._open: dict[str, int] = {}

    def __bool__(self) -> bool:
        return bool(self._open)

    def asked(self, request: Plain) -> None:
        """Note a request: an order, a transfer, a stop, a look; of a transfer both halves are awaited."""
        match request["type"]:
            case "PlaceOrder" | "EarnOrder":
                self._open[f"order {request['order_id']}"] = 1
            case "CancelOrder":
                self._open[f"end {request['order_id']}"] = 1
            case "MoveMoney":
                self._open[f"transfer {request['transfer_id']}"] = 2
            case "ChangeStop":
                self._open[f"stop {request['account']} {request['symbol']}"] = 1
            case "LookAtAccount":
                self._open[f"look {request['account']}"] = 1

    def heard(self, kind: str, event: Plain) -> None:
        """Note an answer."""
        match kind:
            case "OrderAccepted":
                self._close(f"order {event['order_id']}")
            case "Fill" | "OrderCancelled" | "LookedUp":
                self._close(f"order {event['order_id']}", f"end {event['order_id']}")
            case "OrderRejected":
                name = str(event["order_id"])
                self._open.pop(f"transfer {name}", None)
                self._close(f"order {name}", f"end {name}", name.replace(":", " "))
            case "CashFlow":
                self._close(f"transfer {event['transfer_id']}")
            case "StopPlaced":
                self._close(f"stop {event['account']} {event['symbol']}")
            case "AccountSeen":
                self._close(f"look {event['account']}")

    def forget(self) -> None:
        """Wait for nothing any more."""
        self._open.clear()

    def _close(self, *names: str) -> None:
        for name in names:
            left = self._open.get(name, 0) - 1
            if left > 0:
                self._open[name] = left
            else:
                self._open.pop(name, None)


class Conductor:
    """Follows a journal and conducts the exchange at an address; `ended` fails where the engine is gone.

    `traded_in` are the accounts that had a fill; moments are in milliseconds UTC, and 0 before the first.
    """

    def __init__(self, address: str, connection: Connection, ended: Callable[[], None]) -> None:
        self._address, self._connection, self._ended = address, connection, ended
        self._open = OpenRequests()
        self._fills: set[str] = set()
        self.traded_in: set[str] = set()
        self._seq = 0
        self.decided_ms = self.began_ms = self.now_ms = 0

    def pass_moment(self) -> bool:
        """Let candles end, wait for what is decided on them, and let the next ones begin; False where there are none.

        What isn't there after some seconds is waited for no longer: a real market doesn't wait either.
        """
        state = self._advance("gap")
        if not state["advanced"]:
            return False
        self._wait(lambda: self.decided_ms >= state["now_ms"])
        self._settle(state)
        self._settle(self._advance("open"))
        return True

    def _settle(self, state: Plain) -> None:
        if not self._wait(lambda: not self._open and len(self._fills) >= state["executions"]):
            self._open.forget()

    def _wait(self, holds: Callable[[], bool]) -> bool:
        watch = Stopwatch()
        while True:
            self._follow()
            if holds():
                return True
            self._ended()
            if watch.elapsed_s() > PATIENCE_S:
                return False
            Event().wait(LOOK_S)

    def _follow(self) -> None:
        for seq, kind, at_ms, event, requests in self._connection.execute(ENTRIES, (self._seq,)):
            self._seq = seq
            self._open.heard(kind, event)
            if kind == "CandleClose":
                self.decided_ms = max(self.decided_ms, at_ms)
            elif kind == "Fill":
                self._fills.add(str(event["execution_id"]))
                self.traded_in.add(str(event["account"]))
            for request in requests:
                self._open.asked(request)

    def _advance(self, until: str) -> Plain:
        body = json.dumps({"moments": 1, "until": until}).encode()
        try:
            with urlopen(Request(f"{self._address}/control/advance", body, method="POST"), timeout=ANSWER_S) as answer:
                state: Plain = json.load(answer)
        except (URLError, OSError, ValueError) as error:
            raise Failure(f"The exchange at {self._address} does not go on: {error}.") from None
        self.now_ms = state["now_ms"]
        self.began_ms = self.began_ms or self.now_ms
        return state

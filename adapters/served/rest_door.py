"""The door for REST: who asks, what goes wrong on the way in, the answer, what goes wrong on the way out."""

import asyncio
import json
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from adapters.served.call import Call, refused
from adapters.served.exchange import ServedExchange
from adapters.served.fault import FaultKind
from adapters.served.lines import Lines
from adapters.served.member import Member
from adapters.served.outcome import PAGES, Outcome, outcome_of
from adapters.served.page import Path
from adapters.served.signature import signed_by
from adapters.simulated.refusal import RequestRefusedError

GARBAGE = "<html><body>upstream said nothing that makes sense"
GONE = 499
"""Nobody reads this status: whoever asked has gone in the middle of the question."""
NOT_JSON = (10001, "params error: the body is not a JSON object.")


class RestDoor:
    """Answers every path below /v5."""

    def __init__(self, exchange: ServedExchange, lines: Lines) -> None:
        self._exchange = exchange
        self._lines = lines

    async def answer(self, request: Request) -> Response:
        """Answer one request."""
        key = (request.method, request.url.path)
        if key not in PAGES:
            return Response(status_code=404)
        try:
            body = await request.body()
        except ClientDisconnect:
            return Response(status_code=GONE)
        try:
            member = self._member(request, key, body)
        except RequestRefusedError as error:
            return self._written(Outcome(error.refusal.code, error.refusal.reason))
        account = "" if member is None else member.name
        spoiled = await self._spoil(request, account, after=False)
        if spoiled is not None:
            return spoiled
        outcome = self._outcome(request, key, body, member)
        spoiled = await self._spoil(request, account, after=True)
        return self._written(outcome) if spoiled is None else spoiled

    def _member(self, request: Request, key: Path, body: bytes) -> Member | None:
        if not PAGES[key].is_private:
            return None
        payload = request.scope["query_string"] if request.method == "GET" else body
        return signed_by(self._exchange.members, request.headers, payload, self._exchange.clocks_ms)

    def _outcome(self, request: Request, key: Path, body: bytes, member: Member | None) -> Outcome:
        try:
            values = dict(request.query_params) if request.method == "GET" else _object(body)
        except RequestRefusedError as error:
            return Outcome(error.refusal.code, error.refusal.reason)
        return outcome_of(self._exchange, key, Call(values, member))

    async def _spoil(self, request: Request, account: str, *, after: bool) -> Response | None:
        """Let go wrong what is to go wrong before (or after) the request is carried out."""
        faults, path = self._exchange.faults, request.url.path
        late = faults.strike(FaultKind.LATENCY, account, path, after)
        if late is not None:
            await asyncio.sleep(late.ms / 1000)
        if faults.strike(FaultKind.LOST, account, path, after):
            self._lines.cut(request.client)
            return Response(status_code=500)
        status = faults.strike(FaultKind.STATUS, account, path, after)
        if status is not None:
            return Response(status.message, status_code=status.code or 502)
        if faults.strike(FaultKind.GARBAGE, account, path, after):
            return Response(GARBAGE, media_type="text/html")
        return None

    def _written(self, outcome: Outcome) -> Response:
        return JSONResponse(outcome.envelope(self._exchange.now_ms), headers=outcome.limit_headers(self._exchange))


def _object(body: bytes) -> dict[str, Any]:
    try:
        values = json.loads(body or b"{}")
    except ValueError:
        raise refused(*NOT_JSON) from None
    if not isinstance(values, dict):
        raise refused(*NOT_JSON)
    return values

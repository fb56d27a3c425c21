"""The doors for WebSockets: public topics, an account's own, and orders sent over a socket."""

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from adapters.served.connection import Connection
from adapters.served.exchange import ServedExchange
from adapters.served.fault import FaultKind
from adapters.served.lines import Lines
from adapters.served.private_board import TOPICS
from adapters.served.signature import signed_in
from adapters.served.trade_frames import trade_answer
from runtime.instrument import Market

Frame = Mapping[str, Any]
PRIVATE, TRADE = "private", "trade"
MOST_SPOT_ARGUMENTS = 10
ARGUMENTS_TOO_MANY = "args size >10"
UNKNOWN_OPERATION = "error:unknown operation"


class StreamDoor:
    """Takes in sockets and answers their frames; what the exchange tells goes out beside that."""

    def __init__(self, exchange: ServedExchange, lines: Lines) -> None:
        self._exchange = exchange
        self._lines = lines
        self._open: list[Connection] = []

    async def public(self, socket: WebSocket) -> None:
        """Serve a socket for one market's public topics; 404 for a market that there is not."""
        name = socket.path_params["market"]
        if name not in tuple(market.value for market in Market):
            await socket.close()
            return
        market = Market(name)
        await self._serve(socket, f"public/{name}", lambda one, frame: self._public_frame(one, market, frame))

    async def private(self, socket: WebSocket) -> None:
        """Serve a socket for an account's own topics."""
        await self._serve(socket, PRIVATE, self._private_frame)

    async def trade(self, socket: WebSocket) -> None:
        """Serve a socket for orders."""
        await self._serve(socket, TRADE, lambda one, frame: trade_answer(self._exchange, one, frame))

    def cut(self, account: str = "", endpoint: str = "") -> int:
        """Break the lines of an account (empty: of all) on an endpoint; returns how many."""
        hit = [one for one in self._open if account in ("", one.account) and one.endpoint.startswith(endpoint)]
        for connection in hit:
            connection.abort()
        return len(hit)

    async def _serve(
        self, socket: WebSocket, endpoint: str, answer: Callable[[Connection, Frame], dict[str, Any] | None]
    ) -> None:
        rejected = self._exchange.faults.strike(FaultKind.REJECT_SOCKET, endpoint=endpoint) is not None
        if rejected or self._exchange.in_maintenance:
            await socket.close()
            return
        await socket.accept()
        connection = Connection(self._exchange.faults, lambda: self._lines.cut(socket.client), endpoint)
        self._open.append(connection)
        sender = asyncio.create_task(_send(socket, connection))
        try:
            await _receive(socket, connection, answer)
        finally:
            sender.cancel()
            self._forget(connection)
            with suppress(asyncio.CancelledError, Exception):
                await sender

    def _forget(self, connection: Connection) -> None:
        self._open.remove(connection)
        self._exchange.public.leave(connection)
        if connection in self._exchange.private.connections:
            self._exchange.private.connections.remove(connection)

    def _public_frame(self, connection: Connection, market: Market, frame: Frame) -> dict[str, Any] | None:
        topics = _topics(frame)
        match frame.get("op"):
            case "ping":
                return _acknowledged(connection, frame, "pong")
            case "subscribe":
                if market is Market.SPOT and len(topics) > MOST_SPOT_ARGUMENTS:
                    return _acknowledged(connection, frame, ARGUMENTS_TOO_MANY, success=False)
                return self._listen(connection, market, frame, topics)
            case "unsubscribe":
                for topic in topics:
                    self._exchange.public.leave(connection, topic)
                return _acknowledged(connection, frame)
        return _acknowledged(connection, frame, UNKNOWN_OPERATION, success=False)

    def _listen(
        self, connection: Connection, market: Market, frame: Frame, topics: tuple[str, ...]
    ) -> dict[str, Any] | None:
        unknown = [topic for topic in topics if not self._exchange.public.knows(market, topic)]
        if unknown:
            said = f"error:handler not found,topic:{unknown[0]}"
            return _acknowledged(connection, frame, said, success=False)
        # The acknowledgement goes out before the first message of a topic.
        connection.send(_acknowledged(connection, frame, "subscribe" if market is Market.SPOT else ""))
        for topic in topics:
            self._exchange.public.listen(market, topic, connection)
        return None

    def _private_frame(self, connection: Connection, frame: Frame) -> dict[str, Any]:
        match frame.get("op"):
            case "ping":
                pong = {"op": "pong", "args": [str(self._exchange.now_ms)], "conn_id": connection.name}
                return {"req_id": frame.get("req_id", ""), **pong}
            case "auth":
                return self._sign_in(connection, frame)
            case "subscribe" | "unsubscribe" if connection.member is None:
                return _acknowledged(connection, frame, "Request not authorized", success=False)
            case "subscribe":
                return _subscribe(connection, frame)
            case "unsubscribe":
                for topic in _topics(frame):
                    connection.topics.pop(topic, None)
                return _acknowledged(connection, frame)
        return _acknowledged(connection, frame, UNKNOWN_OPERATION, success=False)

    def _sign_in(self, connection: Connection, frame: Frame) -> dict[str, Any]:
        connection.member = signed_in(self._exchange.members, frame, self._exchange.clocks_ms)
        if connection.member is None:
            return _acknowledged(connection, frame, "Params Error", success=False)
        self._exchange.private.connections.append(connection)
        return _acknowledged(connection, frame)


def _subscribe(connection: Connection, frame: Frame) -> dict[str, Any]:
    topics = _topics(frame)
    unknown = [topic for topic in topics if topic not in TOPICS]
    if unknown:
        return _acknowledged(connection, frame, f"error:handler not found,topic:{unknown[0]}", success=False)
    connection.topics.update(dict.fromkeys(topics))
    return _acknowledged(connection, frame)


def _acknowledged(connection: Connection, frame: Frame, said: str = "", *, success: bool = True) -> dict[str, Any]:
    names = {"req_id": frame.get("req_id", ""), "op": frame.get("op", "")}
    return {"success": success, "ret_msg": said, "conn_id": connection.name, **names}


def _topics(frame: Frame) -> tuple[str, ...]:
    arguments = frame.get("args")
    return tuple(str(argument) for argument in arguments) if isinstance(arguments, list) else ()


async def _receive(
    socket: WebSocket, connection: Connection, answer: Callable[[Connection, Frame], dict[str, Any] | None]
) -> None:
    with suppress(WebSocketDisconnect):
        while True:
            try:
                frame = json.loads(await socket.receive_text())
            except ValueError:
                frame = None
            if not isinstance(frame, dict):
                frame = {}
            told = answer(connection, frame)
            if told is not None:
                connection.send(told)


async def _send(socket: WebSocket, connection: Connection) -> None:
    while True:
        await socket.send_text(await connection.next())

"""The exchange with all its doors, as one web application."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from adapters.served.control import Control
from adapters.served.exchange import ServedExchange, Setting
from adapters.served.following_player import FollowingPlayer
from adapters.served.lines import Lines
from adapters.served.market_player import MarketPlayer
from adapters.served.mood_door import MoodDoor
from adapters.served.rest_door import RestDoor
from adapters.served.stream_door import StreamDoor

Lever = Callable[[Mapping[str, Any]], dict[str, Any]]


class Application:
    """Everything that a server needs to be the exchange. Its parts belong to the server's thread."""

    def __init__(self, setting: Setting) -> None:
        self.exchange = ServedExchange(setting)
        self.lines = Lines()
        self.player = _player(self.exchange, setting)
        streams = StreamDoor(self.exchange, self.lines)
        self.control = Control(self.exchange, self.player, streams)
        self._is_held = setting.speed is None
        rest = RestDoor(self.exchange, self.lines)
        self.web = Starlette(
            routes=[
                Route("/v5/{path:path}", rest.answer, methods=["GET", "POST"]),
                Route("/fng/", MoodDoor(self.exchange, setting).answer),
                Route("/control/{lever}", self._control, methods=["GET", "POST"]),
                WebSocketRoute("/v5/public/{market}", streams.public),
                WebSocketRoute("/v5/private", streams.private),
                WebSocketRoute("/v5/trade", streams.trade),
            ],
            lifespan=self._play,
        )

    @asynccontextmanager
    async def _play(self, _web: Starlette) -> AsyncIterator[None]:
        playing = None if self._is_held else asyncio.create_task(self.player.run())
        yield
        if playing is not None:
            playing.cancel()
            with suppress(asyncio.CancelledError):
                await playing

    async def _control(self, request: Request) -> Response:
        lever = self.levers.get(request.path_params["lever"])
        if lever is None:
            return JSONResponse({"error": f"Expected one of {', '.join(sorted(self.levers))}."}, status_code=404)
        try:
            values = json.loads(await request.body() or b"{}")
            if not isinstance(values, dict):
                raise ValueError("Expected a JSON object, found something else.")
            return JSONResponse(lever(values))
        except (ValueError, TypeError, KeyError, ArithmeticError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)

    @property
    def levers(self) -> dict[str, Lever]:
        """The control endpoints by name."""
        control = self.control
        return {
            "state": control.state,
            "orders": control.orders,
            "advance": control.advance,
            "skip": control.skip,
            "correct": control.correct,
            "faults": control.fault,
            "lift": control.lift,
            "drop": control.drop,
            "deposit": control.deposit,
            "offer": control.offer,
            "liquidate": control.liquidate,
            "key": control.key,
        }


def _player(exchange: ServedExchange, setting: Setting) -> MarketPlayer | FollowingPlayer:
    if setting.follows is None:
        return MarketPlayer(exchange, setting)
    return FollowingPlayer(exchange, setting, setting.follows)

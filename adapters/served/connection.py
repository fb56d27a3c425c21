"""One WebSocket of a client: what it listens to, and what still has to be sent to it."""

import asyncio
import json
from collections.abc import Callable
from itertools import count
from typing import Any

from adapters.served.fault import FaultKind
from adapters.served.faults import Faults
from adapters.served.member import Member

# Real clients note what they have asked for after sending it, and break on an answer that is faster than any network.
ANSWER_MS = 20
_numbers = count(1)


class Connection:
    """Messages go out in order, one after another, unless a fault wants it otherwise.

    `abort` breaks the line without a farewell. `push` sends what the exchange tells by itself, `send` an answer.
    `endpoint` is where it came in: `public/linear`, `private` or `trade`.
    """

    def __init__(self, faults: Faults, abort: Callable[[], None], endpoint: str) -> None:
        self.name = f"connection-{next(_numbers)}"
        self.member: Member | None = None
        self.topics: dict[str, None] = {}
        self.abort = abort
        self.endpoint = endpoint
        self._faults = faults
        self._waiting: asyncio.Queue[tuple[str, int]] = asyncio.Queue()
        self._held_back: list[tuple[str, int]] = []

    @property
    def account(self) -> str:
        """The name of the account that has signed in, or an empty text."""
        return "" if self.member is None else self.member.name

    def send(self, message: dict[str, Any]) -> None:
        """Answer a request."""
        if not self._strikes(FaultKind.DEAF, self.endpoint):
            self._waiting.put_nowait((json.dumps(message), ANSWER_MS))

    def push(self, topic: str, message: dict[str, Any]) -> None:
        """Tell of something, if no fault is in the way."""
        if self._strikes(FaultKind.SILENCE, topic):
            return
        if self._strikes(FaultKind.DROP, topic):
            self.abort()
            return
        late = self._faults.strike(FaultKind.LATENCY, self.account, topic)
        entry = (json.dumps(message), 0 if late is None else late.ms)
        if self._strikes(FaultKind.REORDER, topic):
            self._held_back.append(entry)
            return
        self._waiting.put_nowait(entry)
        for held in self._held_back:
            self._waiting.put_nowait(held)
        self._held_back.clear()
        if self._strikes(FaultKind.DUPLICATE, topic):
            self._waiting.put_nowait(entry)

    async def next(self) -> str:
        """Wait for the next message to go out."""
        text, late_ms = await self._waiting.get()
        if late_ms:
            await asyncio.sleep(late_ms / 1000)
        return text

    def _strikes(self, kind: FaultKind, topic: str) -> bool:
        return self._faults.strike(kind, self.account, topic) is not None

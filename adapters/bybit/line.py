"""One account's requests to the exchange, kept under its limits."""

from collections.abc import Callable, Iterator

from adapters.bybit.answers import SHUT_OUT
from adapters.bybit.client import Client, NoAnswerError, RefusedError, Reply
from adapters.bybit.fields import Row, rows
from adapters.bybit.limits import Limits
from runtime.ports import Clock

MOST_PAGES = 200


class Line:
    """A client and its limits; for one thread."""

    def __init__(self, client: Client, limits: Limits, clock: Clock, pause: Callable[[float], object]) -> None:
        self._client, self._limits, self._clock, self._pause = client, limits, clock, pause

    def wait_ms(self, endpoint: str) -> int:
        """Tell how long a request to this endpoint (`place_order:linear`) would have to wait."""
        return self._limits.wait_ms(endpoint)

    def room(self, endpoint: str) -> int:
        """Tell how many orders this endpoint takes now."""
        return self._limits.room(endpoint)

    def ask(self, method: str, **parameters: object) -> Reply:
        """Send one request as soon as the limits allow it.

        Raises RefusedError or NoAnswerError.
        """
        endpoint = f"{method}:{parameters.get('category', '')}"
        items = parameters.get("request")
        count = len(items) if isinstance(items, list) else 1
        while (wait := self._limits.wait_ms(endpoint, count)) > 0:
            self._pause(wait / 1000)
        self._limits.sent(endpoint, count)
        try:
            reply = self._client.call(method, **parameters)
        except RefusedError as refusal:
            if refusal.code == SHUT_OUT:
                self._limits.ban()
            self._limits.heard(endpoint, refusal.headers, self._clock.now_ms(), count)
            raise
        self._limits.heard(endpoint, reply.headers, reply.at_ms, count)
        return reply

    def pages(self, method: str, **parameters: object) -> Iterator[tuple[Row, ...]]:
        """Yield the rows of each page; all came if the iteration ends by itself.

        Raises RefusedError, NoAnswerError, or MalformedError where a page can't be read.
        """
        cursor = ""
        for _ in range(MOST_PAGES):
            result = self.ask(method, **parameters, **({"cursor": cursor} if cursor else {})).result
            yield tuple(rows(result, "list"))
            following = next_cursor(result)
            if not following or following == cursor:
                return
            cursor = following
        raise NoAnswerError(f"{method}: more than {MOST_PAGES} pages.")

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()


def next_cursor(result: Row) -> str:
    """Give where the next page begins; empty at the end."""
    value = result.get("nextPageCursor")
    return value if isinstance(value, str) else ""

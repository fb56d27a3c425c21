"""One endpoint: what answers it, who may ask, and how often."""

from collections.abc import Callable
from dataclasses import dataclass

from adapters.served.answer import Answer
from adapters.served.call import Call
from adapters.served.exchange import ServedExchange

Handler = Callable[[ServedExchange, Call], Answer]
Path = tuple[str, str]
"""Method and path."""


@dataclass(frozen=True, slots=True)
class Page:
    """`limit` is how often an account may ask in a second, on spot `spot_limit` where that differs; None for public."""

    handler: Handler
    limit: int | None = None
    spot_limit: int | None = None

    @property
    def is_private(self) -> bool:
        """Whether only a member may ask."""
        return self.limit is not None

    def limit_of(self, category: str) -> int:
        """Say how often an account may ask in a second."""
        assert self.limit is not None
        return self.spot_limit if category == "spot" and self.spot_limit else self.limit

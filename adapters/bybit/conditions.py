"""What the exchange says of itself: whether it is in trouble, and what stands behind its perpetuals."""

from collections.abc import Callable
from decimal import Decimal

from adapters.bybit.client import NOT_ANSWERED
from adapters.bybit.fields import rows
from adapters.bybit.history import History
from adapters.bybit.line import Line
from runtime.events import FactObserved

INSURANCE, TROUBLE = "insurance.fund", "exchange.trouble"
EVERY_MS = 300_000
UNDER_WAY = "ongoing"


class Conditions:
    """Asks from time to time; what stays without an answer is left out, and grows old."""

    def __init__(self, line: Line, put: Callable[[FactObserved], None], perpetuals: bool) -> None:
        self._line, self._put, self._perpetuals = line, put, perpetuals
        self._due_ms: int | None = None

    def ask(self, exchange_ms: int, local_ms: int) -> None:
        """Ask if it is time to."""
        if self._due_ms is not None and local_ms < self._due_ms:
            return
        self._due_ms = local_ms + EVERY_MS
        self._observe(exchange_ms, TROUBLE, self._in_trouble)
        if self._perpetuals:
            self._observe(exchange_ms, INSURANCE, History(self._line).insurance)

    def _in_trouble(self) -> bool:
        """Whether maintenance is under way; what is only planned is no trouble."""
        return any(
            entry.get("state") == UNDER_WAY for entry in rows(self._line.ask("get_system_status").result, "list")
        )

    def _observe(self, exchange_ms: int, name: str, ask: Callable[[], Decimal | bool]) -> None:
        try:
            value = ask()
        except NOT_ANSWERED:
            return
        self._put(FactObserved(exchange_ms, name, value))

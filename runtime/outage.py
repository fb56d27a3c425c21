"""An exchange that can't be reached: the engine pauses, goes on by itself, and wakes the operator when it lasts."""

from collections.abc import Mapping
from typing import Any

from rules.language.governance import Lifecycle
from runtime.draft import Draft
from runtime.events import ExchangeBack, ExchangeLost
from runtime.holdings import told_positions
from runtime.life import Life
from runtime.portfolio import Portfolio

MINUTE_MS = 60_000


class Outage:
    """Follows one outage at a time; a person's pause and an outage never end each other."""

    def __init__(self, rules: Lifecycle, life: Life, portfolio: Portfolio) -> None:
        self._rules = rules
        self._life = life
        self._portfolio = portfolio
        self._since_ms: int | None = None
        self._told = False

    def lost(self, event: ExchangeLost, draft: Draft) -> None:
        """Pause; news of an outage that is known already changes nothing."""
        if self._life.memory.exchange_away or not self._life.move("exchange_lost", event.reason, draft):
            return
        self._since_ms, self._told = event.at_ms, False
        draft.tell("P1", "", f"The exchange can't be reached: {event.reason}. No risk is opened until it is back.")

    def back(self, event: ExchangeBack, draft: Draft) -> None:
        """Go on, unless a person has paused the engine as well."""
        if not self._life.memory.exchange_away:
            return
        self._life.move("exchange_back", "the exchange can be reached", draft)
        lasted = "" if self._since_ms is None else f" after {_minutes(event.at_ms - self._since_ms)}"
        self._since_ms = None
        held = (
            "The engine stays paused by the operator." if self._life.memory.paused_by_operator else "Trading goes on."
        )
        draft.tell("P2", "", f"The exchange can be reached again{lasted}. {held}")

    def watch(self, draft: Draft) -> None:
        """Once an outage has lasted long enough, tell the operator what is open."""
        since_ms = self._since_ms
        if since_ms is None or self._told or not self._life.memory.exchange_away:
            return
        if draft.at_ms - since_ms >= self._rules.alert_after_ms:
            self._told = True
            away, open_ = _minutes(draft.at_ms - since_ms), told_positions(self._portfolio, {})
            draft.tell("P0", "", f"The exchange has been out of reach for {away}. Open: {open_}.")

    def to_plain(self) -> dict[str, Any]:
        """Since when, and whether the operator knows, as plain data."""
        return {"since_ms": self._since_ms, "told": self._told}

    def restore(self, plain: Mapping[str, Any]) -> None:
        """Take back what `to_plain` gave."""
        self._since_ms, self._told = plain["since_ms"], plain["told"]


def _minutes(span_ms: int) -> str:
    minutes = round(span_ms / MINUTE_MS)
    return "1 minute" if minutes == 1 else f"{minutes} minutes"

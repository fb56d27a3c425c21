"""News of accounts, without what had happened before the engine first looked at them."""

from runtime.events import CashFlow, Event, Fill, FundingPayment, InterestPaid
from runtime.ports import Inbox


class AccountNews:
    """An inbox that leaves out money that the first look at an account has counted already.

    Whoever reads an account's past begins a little before the moment that was asked for, so that nothing is missed.
    """

    def __init__(self, inbox: Inbox, since_ms: int) -> None:
        self._inbox, self._since_ms = inbox, since_ms

    def put(self, event: Event) -> None:
        """Pass an event on unless it is too old to count."""
        if not isinstance(event, Fill | FundingPayment | CashFlow | InterestPaid) or event.at_ms > self._since_ms:
            self._inbox.put(event)

    def take(self, timeout_s: float) -> Event | None:
        """Take the oldest event; None when none came in time."""
        return self._inbox.take(timeout_s)

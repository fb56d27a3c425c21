"""The contact with the exchange: nothing is trusted before it was looked at, at the start and after each outage."""

from collections.abc import Sequence

from machines.lifecycle import State
from runtime.draft import Draft
from runtime.events import ExchangeBack, ExchangeLost
from runtime.leverages import Leverages
from runtime.life import Life
from runtime.outage import Outage
from runtime.reconciliation import Reconciliation
from runtime.transfers import Transfers


class Contact:
    """Goes on when every account is reconciled; in a back-test there is nothing to look at."""

    def __init__(
        self, life: Life, outage: Outage, reconciliation: Reconciliation, transfers: Transfers, leverages: Leverages
    ) -> None:
        self._life = life
        self._outage = outage
        self._reconciliation = reconciliation
        self._transfers = transfers
        self._leverages = leverages
        self._looks = self._returning = False

    @property
    def ready(self) -> bool:
        """Whether the process has found everything on the exchange as it is in the books."""
        return self._life.state != State.STARTING

    def begin(self, draft: Draft) -> None:
        """A process has begun: look at every account."""
        self._looks = True
        self._reconciliation.begin(draft)

    def lost(self, event: ExchangeLost, draft: Draft) -> None:
        """The exchange is out of reach."""
        self._returning = False
        self._outage.lost(event, draft)

    def back(self, event: ExchangeBack, draft: Draft) -> None:
        """The exchange can be reached again: look at every account before going on."""
        if self._looks:
            self._returning = True
            self._reconciliation.begin(draft)
        else:
            self._outage.back(event, draft)

    def seen(self, draft: Draft) -> None:
        """An account was looked at: once all are as the books say, trade, and ask again for what may not have left."""
        if not self._reconciliation.done or (self.ready and not self._returning):
            return
        if not self.ready:
            self._life.move("ready", "every account is reconciled", draft)
        if self._returning:
            self._returning = False
            self._outage.back(ExchangeBack(draft.at_ms), draft)
        # Before, they would be refused, and forgotten although the money may have moved.
        draft.requests += (*self._transfers.unanswered(), *self._leverages.unanswered())

    def to_plain(self) -> list[bool]:
        """Whether it looks, and whether it looks because the exchange is back, as plain data."""
        return [self._looks, self._returning]

    def restore(self, plain: Sequence[bool]) -> None:
        """Take back what `to_plain` gave."""
        self._looks, self._returning = plain

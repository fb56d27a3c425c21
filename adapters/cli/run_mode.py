"""Where an engine trades."""

from enum import StrEnum

from adapters.bybit.hosts import Mode


class RunMode(StrEnum):
    """Where an engine trades: an exchange on this machine, Bybit's demo or test accounts, or with real money.

    On paper it is an exchange on this machine as well, at real prices.
    """

    LOCAL = "local"
    PAPER = "paper"
    DEMO = "demo"
    TESTNET = "testnet"
    LIVE = "live"

    @property
    def hosts(self) -> Mode:
        """The addresses that belong to it."""
        if self.stays_here:
            return Mode.LOCAL
        return Mode.MAINNET if self is RunMode.LIVE else Mode(self.value)

    @property
    def stays_here(self) -> bool:
        """Whether no order leaves this machine."""
        return self in (RunMode.LOCAL, RunMode.PAPER)

"""One line of an account's transaction log: a change of one coin, and why."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from adapters.simulated.execution import Execution
from adapters.simulated.precision import ZERO
from runtime.events import CashFlow, EarnMoved, FundingPayment, InterestPaid


class TransactionKind(StrEnum):
    """Why a coin changed, in Bybit's words."""

    TRADE = "TRADE"
    LIQUIDATION = "LIQUIDATION"
    SETTLEMENT = "SETTLEMENT"
    TRANSFER_IN = "TRANSFER_IN"
    TRANSFER_OUT = "TRANSFER_OUT"
    LENT = "FLEXIBLE_STAKING_SUBSCRIPTION"
    GIVEN_BACK = "FLEXIBLE_STAKING_REDEMPTION"
    INTEREST = "FLEXIBLE_STAKING_PROFIT"


@dataclass(frozen=True, slots=True)
class Transaction:
    """A change of one coin: `cash_flow` + `funding` - `fee`; `balance` is what the account had of it afterwards.

    `size` is the signed position afterwards. `cause` is what brought it about.
    """

    number: int
    at_ms: int
    account: str
    kind: TransactionKind
    coin: str
    balance: Decimal
    cause: Execution | FundingPayment | CashFlow | EarnMoved | InterestPaid
    cash_flow: Decimal = ZERO
    funding: Decimal = ZERO
    fee: Decimal = ZERO
    size: Decimal = ZERO

    @property
    def change(self) -> Decimal:
        """What the balance changed by; positive came in."""
        return self.cash_flow + self.funding - self.fee

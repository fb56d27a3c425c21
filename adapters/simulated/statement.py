"""What an account has of one coin, and what of it is bound."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class CoinStatement:
    """Amounts in the coin itself.

    `locked` is bound by spot orders, `reserved` by all orders, `initial` and `maintenance` by positions. New orders may
    bind what is `available`; what is `free` may be spent or withdrawn.
    """

    coin: str
    balance: Decimal
    locked: Decimal
    reserved: Decimal
    initial: Decimal
    maintenance: Decimal
    unrealised: Decimal
    available: Decimal
    free: Decimal

    @property
    def equity(self) -> Decimal:
        """Balance and unrealised profit."""
        return self.balance + self.unrealised

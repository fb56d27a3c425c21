"""One request to the exchange, its values still as the client wrote them."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from adapters.served.member import Member
from adapters.simulated.refusal import Refusal, RequestRefusedError
from runtime.instrument import Market

PARAMETER_ERROR = 10001


def refused(code: int, reason: str) -> RequestRefusedError:
    """Make the refusal of a request with Bybit's code and words."""
    return RequestRefusedError(Refusal(code, reason))


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked and by whom; `member` is None for public requests. Readers raise RequestRefusedError (10001)."""

    values: Mapping[str, Any]
    member: Member | None = None

    @property
    def account(self) -> str:
        """The name of the account that asks; private requests only."""
        assert self.member is not None
        return self.member.name

    @property
    def market(self) -> Market:
        """The market that `category` names."""
        category = self.text("category") or "linear"
        try:
            return Market(category)
        except ValueError:
            raise refused(PARAMETER_ERROR, f"params error: category {category} is not offered here.") from None

    def text(self, name: str, default: str = "") -> str:
        """Give a text, or the default where it is absent or empty."""
        value = self.values.get(name)
        return default if value in (None, "") else str(value)

    def required(self, name: str) -> str:
        """Give a text that must be there."""
        value = self.text(name)
        if not value:
            raise refused(PARAMETER_ERROR, f"params error: {name} is required.")
        return value

    def truth(self, name: str) -> bool:
        """Give a truth value, false where it is absent."""
        return self.text(name).lower() in ("true", "1")

    def decimal(self, name: str) -> Decimal | None:
        """Give a finite number, or None where it is absent."""
        text = self.text(name)
        if not text:
            return None
        try:
            value = Decimal(text)
        except InvalidOperation:
            raise refused(PARAMETER_ERROR, f"params error: {name} invalid.") from None
        if not value.is_finite():
            raise refused(PARAMETER_ERROR, f"params error: {name} invalid.")
        return value

    def price(self, name: str) -> Decimal | None:
        """Give a price, or None where it is absent or zero, which stands for none."""
        return self.decimal(name) or None

    def whole(self, name: str, default: int, most: int | None = None) -> int:
        """Give a whole number, cut to the most there may be."""
        text = self.text(name)
        if text and not text.isdecimal():
            raise refused(PARAMETER_ERROR, f"params error: {name} invalid.")
        value = int(text) if text else default
        return value if most is None else min(value, most)

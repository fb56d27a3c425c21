"""What the engine asks of an exchange; nothing else leaves it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from enum import StrEnum
from typing import Any

from runtime.instrument import Market

AMOUNTS = ("quantity", "quote_amount", "price", "stop_loss", "slippage_cap")


class Side(StrEnum):
    """The direction of an order or a fill."""

    BUY = "buy"
    SELL = "sell"


class OrderType(StrEnum):
    """How an order finds its price."""

    MARKET = "market"
    LIMIT = "limit"


class TimeInForce(StrEnum):
    """How long an order may wait, and whether it may take liquidity."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    POST_ONLY = "PostOnly"


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """One order, fully rounded; exactly one of `quantity` (base coin) and `quote_amount` (spot market buys) is set.

    `order_id` is the engine's own id (`orderLinkId`), at most 36 characters. `stop_loss` is attached to the position
    that the order opens. `slippage_cap` bounds a market order's price against the last price (0.005 is 0.5 %).
    """

    order_id: str
    account: str
    market: Market
    symbol: str
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    quantity: Decimal | None = None
    quote_amount: Decimal | None = None
    price: Decimal | None = None
    reduce_only: bool = False
    stop_loss: Decimal | None = None
    slippage_cap: Decimal | None = None

    @property
    def protective(self) -> bool:
        """Whether it can only take risk away: it reduces a position, or sells coins that are there."""
        return self.reduce_only or (self.market is Market.SPOT and self.side is Side.SELL)

    def to_plain(self) -> dict[str, Any]:
        """Give the order as JSON-able data."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: format(value, "f") if isinstance(value, Decimal) else value for name, value in values.items()}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "PlaceOrder":
        """Read what `to_plain` wrote."""
        amounts = {name: None if plain[name] is None else Decimal(plain[name]) for name in AMOUNTS}
        return cls(
            order_id=plain["order_id"],
            account=plain["account"],
            market=Market(plain["market"]),
            symbol=plain["symbol"],
            side=Side(plain["side"]),
            order_type=OrderType(plain["order_type"]),
            time_in_force=TimeInForce(plain["time_in_force"]),
            reduce_only=plain["reduce_only"],
            **amounts,
        )


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """Take back what is left of an order."""

    order_id: str
    account: str
    market: Market
    symbol: str

    @property
    def protective(self) -> bool:
        """Whether it can only take risk away."""
        return True


@dataclass(frozen=True, slots=True)
class ChangeStop:
    """Move the protective stop of a position in place; it is never cancelled and placed anew."""

    account: str
    symbol: str
    price: Decimal

    @property
    def protective(self) -> bool:
        """Whether it can only take risk away."""
        return True


@dataclass(frozen=True, slots=True)
class SetLeverage:
    """Set the leverage of a symbol before its first order."""

    account: str
    symbol: str
    leverage: Decimal

    @property
    def protective(self) -> bool:
        """Whether it can only take risk away."""
        return False


@dataclass(frozen=True, slots=True)
class MoveMoney:
    """Move a coin from one sub-account to another; the exchange carries out an id (a UUID) once and never again."""

    transfer_id: str
    source: str
    destination: str
    coin: str
    amount: Decimal

    @property
    def protective(self) -> bool:
        """Whether it can only take risk away."""
        return False


class EarnSide(StrEnum):
    """Which way coins go at Earn: out on loan, or back."""

    STAKE = "stake"
    REDEEM = "redeem"


@dataclass(frozen=True, slots=True)
class EarnOrder:
    """Lend a coin out to Bybit Earn, or take it back; `order_id` is the engine's own id, as that of an order is."""

    order_id: str
    account: str
    coin: str
    amount: Decimal
    side: EarnSide

    @property
    def protective(self) -> bool:
        """Whether it can only take risk away: coins that are back can be sold."""
        return self.side is EarnSide.REDEEM


@dataclass(frozen=True, slots=True)
class LookUpEarn:
    """Ask what became of an order at Earn; LookedUp ends the answer."""

    order_id: str
    account: str
    coin: str

    @property
    def protective(self) -> bool:
        """Whether it can only take risk away: it changes nothing."""
        return True


@dataclass(frozen=True, slots=True)
class LookUpOrder:
    """Ask what became of an order: its open orders, history and executions; LookedUp ends the answer."""

    order_id: str
    account: str
    market: Market
    symbol: str

    @property
    def protective(self) -> bool:
        """Whether it can only take risk away: it changes nothing."""
        return True


@dataclass(frozen=True, slots=True)
class LookAtAccount:
    """Ask for everything in an account; AccountSeen is the answer."""

    account: str

    @property
    def protective(self) -> bool:
        """Whether it can only take risk away: it changes nothing."""
        return True


OrderRequest = PlaceOrder | CancelOrder | ChangeStop | SetLeverage
Look = LookUpOrder | LookUpEarn | LookAtAccount
Request = OrderRequest | MoveMoney | EarnOrder | Look

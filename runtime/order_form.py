"""Orders of one account and symbol, filled in completely and written without exponents."""

from dataclasses import dataclass
from decimal import Decimal

from machines.intents import Urgency
from runtime.decimals import plain
from runtime.instrument import Instrument
from runtime.order_id import Naming, order_id
from runtime.requests import OrderType, PlaceOrder, Side, TimeInForce

# Each further attempt of an urgent order may pay twice as much as the one before, up to this.
WIDEST_SLIPPAGE_CAP = Decimal("0.05")


@dataclass(frozen=True, slots=True)
class OrderForm:
    """The part that all orders of one plan share."""

    account: str
    instrument: Instrument
    naming: Naming
    slippage_cap: Decimal

    @property
    def order_id(self) -> str:
        """Give the id that the plan's order has; there is one order to a plan."""
        naming = self.naming
        return order_id(self.account, naming.rule, naming.slot, naming.leg or self.instrument.symbol, naming.attempt)

    def market(
        self,
        side: Side,
        quantity: Decimal,
        urgency: Urgency,
        reduce_only: bool = False,
        stop_loss: Decimal | None = None,
    ) -> PlaceOrder:
        """Take liquidity at once, for a quantity of base coin."""
        return PlaceOrder(
            order_id=self.order_id,
            account=self.account,
            market=self.instrument.market,
            symbol=self.instrument.symbol,
            side=side,
            order_type=OrderType.MARKET,
            time_in_force=TimeInForce.IOC,
            quantity=whole(quantity),
            reduce_only=reduce_only,
            stop_loss=None if stop_loss is None else whole(stop_loss),
            slippage_cap=widened(self.slippage_cap, urgency, self.naming.attempt),
        )

    def market_purchase(self, amount: Decimal, urgency: Urgency) -> PlaceOrder:
        """Take liquidity at once, for an amount of quote coin."""
        return PlaceOrder(
            order_id=self.order_id,
            account=self.account,
            market=self.instrument.market,
            symbol=self.instrument.symbol,
            side=Side.BUY,
            order_type=OrderType.MARKET,
            time_in_force=TimeInForce.IOC,
            quote_amount=whole(amount),
            slippage_cap=widened(self.slippage_cap, urgency, self.naming.attempt),
        )

    def maker(self, side: Side, quantity: Decimal, price: Decimal, reduce_only: bool = False) -> PlaceOrder:
        """Wait at a price and never take liquidity."""
        return PlaceOrder(
            order_id=self.order_id,
            account=self.account,
            market=self.instrument.market,
            symbol=self.instrument.symbol,
            side=side,
            order_type=OrderType.LIMIT,
            time_in_force=TimeInForce.POST_ONLY,
            quantity=whole(quantity),
            price=whole(price),
            reduce_only=reduce_only,
        )


def widened(slippage_cap: Decimal, urgency: Urgency, attempt: int) -> Decimal:
    """Give how much worse than the last price a market order may fill, as a ratio; urgent attempts widen it."""
    if urgency is not Urgency.URGENT:
        return slippage_cap
    return max(slippage_cap, min(WIDEST_SLIPPAGE_CAP, slippage_cap * Decimal(2) ** (attempt - 1)))


def whole(value: Decimal) -> Decimal:
    """Give the same number without a positive exponent, as an exchange wants to read it."""
    return Decimal(plain(value))

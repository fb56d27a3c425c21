"""What can be traded, and in which steps."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, Decimal
from enum import StrEnum


class Market(StrEnum):
    """Where an instrument trades: coins themselves, or perpetual contracts settled in USDT."""

    SPOT = "spot"
    LINEAR = "linear"


@dataclass(frozen=True, slots=True)
class Instrument:
    """One symbol on one market, with the steps, minimums, fees and leverage that the exchange gives it.

    Prices and amounts are in quote coin, quantities in base coin, fees and rates are ratios (0.001 is 0.1 %).
    """

    market: Market
    symbol: str
    base: str
    quote: str
    price_step: Decimal
    quantity_step: Decimal
    minimum_quantity: Decimal
    minimum_notional: Decimal
    maker_fee: Decimal
    taker_fee: Decimal
    quote_step: Decimal = Decimal("0.0000001")
    maximum_leverage: Decimal = Decimal(1)
    maintenance_margin: Decimal = Decimal(0)
    funding_interval_ms: int = 8 * 3_600_000

    def quantity_down(self, quantity: Decimal) -> Decimal:
        """Round a quantity toward zero to the instrument's step."""
        return (quantity / self.quantity_step).to_integral_value(ROUND_DOWN) * self.quantity_step

    def quote_down(self, amount: Decimal) -> Decimal:
        """Round an amount of quote coin toward zero to the instrument's step."""
        return (amount / self.quote_step).to_integral_value(ROUND_DOWN) * self.quote_step

    def price_down(self, price: Decimal) -> Decimal:
        """Round a price down to the tick."""
        return (price / self.price_step).to_integral_value(ROUND_FLOOR) * self.price_step

    def price_up(self, price: Decimal) -> Decimal:
        """Round a price up to the tick."""
        return (price / self.price_step).to_integral_value(ROUND_CEILING) * self.price_step

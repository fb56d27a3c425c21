"""How finely the exchange keeps prices and money."""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal

from runtime.instrument import Instrument
from runtime.requests import Side

ZERO = Decimal(0)
ONE = Decimal(1)
MONEY_STEP = Decimal("1E-12")
FINEST = Decimal("1E-18")
# Sums and products of money fit, so that not a digit is lost however large a wallet grows.
EXACT = Context(prec=60)
PARTS_OF_A_TICK = Decimal(1000)


def exact(value: float) -> Decimal:
    """Take a candle's price or volume over as it is written, digit for digit."""
    return Decimal(repr(float(value)))


def money_up(amount: Decimal) -> Decimal:
    """Round what an account pays."""
    return amount.quantize(MONEY_STEP, ROUND_CEILING, EXACT)


def money_down(amount: Decimal) -> Decimal:
    """Round what an account receives."""
    return amount.quantize(MONEY_STEP, ROUND_FLOOR, EXACT)


def share(amount: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """Give the part of an amount that belongs to `part` of `whole`, to 18 decimals."""
    return EXACT.divide(EXACT.multiply(amount, part), whole).quantize(FINEST, ROUND_HALF_EVEN, EXACT)


def average_price(instrument: Instrument, side: Side, price: Decimal) -> Decimal:
    """Round the average price of one execution against the taker.

    An execution takes several levels of a book, so that its average is finer than a tick: a thousandth of one.
    """
    step = instrument.price_step / PARTS_OF_A_TICK
    rounding = ROUND_CEILING if side is Side.BUY else ROUND_FLOOR
    return (price / step).to_integral_value(rounding) * step


def signed(side: Side, quantity: Decimal) -> Decimal:
    """Give a quantity its sign: bought is positive."""
    return quantity if side is Side.BUY else -quantity

"""The instruments that the exchange offers."""

from decimal import Decimal

import pytest

from adapters.simulated.instruments import SHIPPED, InstrumentFileError, load_instruments
from runtime.instrument import Market

COINS = ["BTC", "ETH", "SOL", "XRP", "BNB", "DOGE", "ADA", "TRX", "AVAX", "LINK"]


@pytest.mark.parametrize("market", Market)
def test_ten_coins_are_shipped_on_both_markets(market) -> None:
    instruments = load_instruments()
    assert [symbol for known, symbol in instruments if known is market] == [f"{coin}USDT" for coin in COINS]


def test_values_are_read_digit_for_digit() -> None:
    instruments = load_instruments()
    bitcoin = instruments[Market.LINEAR, "BTCUSDT"]
    assert (bitcoin.taker_fee, bitcoin.maker_fee) == (Decimal("0.00055"), Decimal("0.0002"))
    assert (bitcoin.price_step, bitcoin.quantity_step, bitcoin.minimum_notional) == (
        Decimal("0.1"),
        Decimal("0.001"),
        Decimal(5),
    )
    assert instruments[Market.SPOT, "BTCUSDT"].taker_fee == Decimal("0.001")


def test_maintenance_is_always_below_the_initial_margin_of_the_largest_leverage() -> None:
    perpetuals = [one for one in load_instruments().values() if one.market is Market.LINEAR]
    assert all(0 < one.maintenance_margin < 1 / one.maximum_leverage for one in perpetuals)


def test_what_is_missing_is_named(tmp_path) -> None:
    broken = tmp_path / "instruments.yaml"
    broken.write_text(SHIPPED.read_text(encoding="utf-8").replace("price_step: 0.10, ", ""), encoding="utf-8")
    with pytest.raises(InstrumentFileError, match=r"linear BTC: expected a value for 'price_step', found none"):
        load_instruments(broken)

"""How much worse a taker is served."""

from decimal import Decimal

import pytest

from adapters.simulated.settings import ExchangeSettings
from adapters.simulated.slippage import BookDepthSlippage, FixedSlippage


def test_fixed_slippage_is_the_same_for_everyone() -> None:
    model = FixedSlippage(Decimal("0.0005"))
    assert model.ratio(Decimal(1), Decimal(10)) == model.ratio(Decimal(9), Decimal(10)) == Decimal("0.0005")
    assert model.largest(Decimal("0.0005"), Decimal(10)) is None
    assert model.largest(Decimal("0.0004"), Decimal(10)) == 0


def test_depth_and_what_fits_in_it_agree() -> None:
    model = BookDepthSlippage(Decimal("0.001"), Decimal("0.1"))
    assert model.ratio(Decimal("0.4"), Decimal(10)) == Decimal("0.005")
    assert model.largest(Decimal("0.005"), Decimal(10)) == Decimal("0.4")
    assert model.largest(Decimal("0.0005"), Decimal(10)) == 0
    assert model.ratio(Decimal("0.4"), Decimal(0)) == Decimal("0.101")


@pytest.mark.parametrize(
    ("name", "value"), [("slippage", "1"), ("slippage", "-0.1"), ("volume_share", "0"), ("volume_share", "2")]
)
def test_settings_that_no_market_has_are_refused(name, value) -> None:
    with pytest.raises(ValueError, match=r"Expected .* found .*; give"):
        ExchangeSettings(**{name: Decimal(value)})

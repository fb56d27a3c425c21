"""An instrument as Bybit writes it; what the model does not limit is written large."""

from decimal import Decimal
from typing import Any

from adapters.served.figure import figure
from runtime.instrument import Instrument, Market

NO_LIMIT = "1000000000"
LAUNCHED = "1585526400000"
MINUTE_MS = 60_000


def instrument_row(instrument: Instrument, number: int) -> dict[str, Any]:
    """Write an instrument."""
    return _spot(instrument, number) if instrument.market is Market.SPOT else _linear(instrument, number)


def _linear(instrument: Instrument, number: int) -> dict[str, Any]:
    return _names(instrument, number) | {
        "contractType": "LinearPerpetual",
        "settleCoin": instrument.quote,
        "launchTime": LAUNCHED,
        "deliveryTime": "0",
        "deliveryFeeRate": "",
        "priceScale": str(max(-int(instrument.price_step.normalize().as_tuple().exponent), 0)),
        "leverageFilter": {
            "minLeverage": "1",
            "maxLeverage": f"{instrument.maximum_leverage:.2f}",
            "leverageStep": "0.01",
        },
        "priceFilter": {
            "minPrice": figure(instrument.price_step),
            "maxPrice": NO_LIMIT,
            "tickSize": figure(instrument.price_step),
        },
        "lotSizeFilter": {
            "minNotionalValue": figure(instrument.minimum_notional),
            "maxOrderQty": NO_LIMIT,
            "maxMktOrderQty": NO_LIMIT,
            "postOnlyMaxOrderQty": NO_LIMIT,
            "minOrderQty": figure(instrument.minimum_quantity),
            "qtyStep": figure(instrument.quantity_step),
        },
        "unifiedMarginTrade": True,
        "fundingInterval": instrument.funding_interval_ms // MINUTE_MS,
        "copyTrading": "none",
        "upperFundingRate": "0.005",
        "lowerFundingRate": "-0.005",
        "isPreListing": False,
        "preListingInfo": None,
        "displayName": "",
        "riskParameters": {"priceLimitRatioX": "0.05", "priceLimitRatioY": "0.1"},
    }


def _spot(instrument: Instrument, number: int) -> dict[str, Any]:
    return _names(instrument, number) | {
        "innovation": "0",
        "marginTrading": "none",
        "stTag": "0",
        "lotSizeFilter": {
            "basePrecision": figure(instrument.quantity_step),
            "quotePrecision": figure(instrument.quote_step),
            "minOrderQty": figure(instrument.minimum_quantity),
            "maxOrderQty": NO_LIMIT,
            "minOrderAmt": figure(instrument.minimum_notional),
            "maxOrderAmt": NO_LIMIT,
            "maxLimitOrderQty": NO_LIMIT,
            "maxMarketOrderQty": NO_LIMIT,
            "postOnlyMaxLimitOrderSize": NO_LIMIT,
        },
        "priceFilter": {"tickSize": figure(instrument.price_step)},
        "riskParameters": {"priceLimitRatioX": "0.05", "priceLimitRatioY": "0.1"},
    }


def _names(instrument: Instrument, number: int) -> dict[str, Any]:
    return {
        "symbol": instrument.symbol,
        "symbolId": number,
        "symbolType": "",
        "status": "Trading",
        "baseCoin": instrument.base,
        "quoteCoin": instrument.quote,
    }


def risk_row(instrument: Instrument) -> dict[str, Any]:
    """Write the one risk tier that the model has."""
    return {
        "id": 1,
        "symbol": instrument.symbol,
        "riskLimitValue": NO_LIMIT,
        "maintenanceMargin": figure(instrument.maintenance_margin),
        "initialMargin": figure((Decimal(1) / instrument.maximum_leverage).quantize(Decimal("1E-8"))),
        "isLowestRisk": 1,
        "maxLeverage": f"{instrument.maximum_leverage:.2f}",
        "mmDeduction": "",
    }

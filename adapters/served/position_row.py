"""A position as Bybit writes it."""

from typing import Any

from adapters.served.figure import figure
from adapters.served.order_row import SIDES
from adapters.simulated.live import LiveExchange
from adapters.simulated.precision import ZERO
from runtime.instrument import Market
from runtime.requests import Side

UNRISKED = {"riskId": 1, "riskLimitValue": "2000000", "tradeMode": 0, "autoAddMargin": 0, "adlRankIndicator": 0}


def position_row(live: LiveExchange, account: str, symbol: str, at_ms: int) -> dict[str, Any]:
    """Write a position; a flat one is written too, with an explicit zero."""
    return _size(live, account, symbol) | _margin(live, account, symbol) | _times(live, at_ms)


def pushed_position_row(live: LiveExchange, account: str, symbol: str, at_ms: int) -> dict[str, Any]:
    """Write a position for the stream, which calls the average price the entry price."""
    row = position_row(live, account, symbol, at_ms)
    row["entryPrice"] = row.pop("avgPrice")
    return row | {"category": Market.LINEAR.value}


def _size(live: LiveExchange, account: str, symbol: str) -> dict[str, Any]:
    position, mark = live.model.position(account, symbol), live.model.last(Market.LINEAR, symbol)
    side = SIDES[Side.BUY if position.is_long else Side.SELL] if position.quantity else ""
    return UNRISKED | {
        "positionIdx": 0,
        "symbol": symbol,
        "side": side,
        "size": figure(position.size),
        "avgPrice": figure(position.average),
        "positionValue": figure(position.value) if position.quantity else "",
        "positionStatus": "Normal",
        "leverage": figure(live.model.leverage(account, symbol)),
        "markPrice": figure(mark),
        "unrealisedPnl": figure(position.unrealised(mark)) if position.quantity and mark else "",
        "takeProfit": "",
        "stopLoss": figure(position.stop),
        "trailingStop": "0",
        "tpslMode": "Full",
        "isReduceOnly": False,
    }


def _margin(live: LiveExchange, account: str, symbol: str) -> dict[str, Any]:
    position = live.model.position(account, symbol)
    initial, maintenance = live.model.position_margin(account, symbol) if position.quantity else (ZERO, ZERO)
    return {
        "positionBalance": "0",
        "positionIM": figure(initial),
        "positionIMByMp": figure(initial),
        "positionMM": figure(maintenance),
        "positionMMByMp": figure(maintenance),
        "liqPrice": figure(live.model.liquidation_price(account, symbol)),
        "bustPrice": "",
        "breakEvenPrice": "",
        "sessionAvgPrice": "",
        "curRealisedPnl": figure(live.ledger.realised(account, symbol)),
        "cumRealisedPnl": figure(live.ledger.realised(account, symbol)),
    }


def _times(live: LiveExchange, at_ms: int) -> dict[str, Any]:
    return {
        "seq": live.ledger.entries,
        "mmrSysUpdatedTime": "",
        "leverageSysUpdatedTime": "",
        "createdTime": str(at_ms),
        "updatedTime": str(at_ms),
    }

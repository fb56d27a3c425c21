"""What each account hears of its own orders, executions, positions and wallet."""

from typing import TYPE_CHECKING, Any

from adapters.served.connection import Connection
from adapters.served.execution_row import execution_row
from adapters.served.order_row import order_row
from adapters.served.position_row import pushed_position_row
from adapters.served.wallet_row import wallet_row
from adapters.simulated.change import Change, Executed, OrderChanged, PositionChanged, WalletChanged
from runtime.events import FundingPayment
from runtime.instrument import Market

if TYPE_CHECKING:
    from adapters.served.exchange import ServedExchange

CATEGORIES = tuple(market.value for market in Market)
TOPICS = frozenset(
    [
        *("order", "execution", "position", "wallet"),
        *(f"{topic}.{category}" for topic in ("order", "execution") for category in CATEGORIES),
        "position.linear",
    ]
)


class PrivateBoard:
    """The signed-in connections of every account."""

    def __init__(self, exchange: "ServedExchange") -> None:
        self._exchange = exchange
        self.connections: list[Connection] = []

    def tell(self, change: Change) -> None:
        """Tell an account of what has just happened to it."""
        listeners = [one for one in self.connections if one.account == change.account and one.topics]
        if not listeners:
            return
        topic, category, row, number = self._row(change)
        member = listeners[0].member
        assert member is not None
        message = {"id": f"{member.uid}_{number}", "creationTime": self._exchange.now_ms, "data": [row]}
        for connection in listeners:
            for name in (topic, f"{topic}.{category}"):
                if name in connection.topics:
                    connection.push(name, {**message, "topic": name})

    def _row(self, change: Change) -> tuple[str, str, dict[str, Any], str]:
        """Give topic, category, data and what numbers the message."""
        live, linear = self._exchange.live, Market.LINEAR.value
        entries = str(live.ledger.entries)
        match change:
            case OrderChanged(_, _, order):
                number = f"{order.request.symbol}_{entries}"
                return "order", order.request.market.value, order_row(order), number
            case Executed(_, _, booked):
                market = Market.LINEAR if isinstance(booked, FundingPayment) else booked.fill.market
                symbol = booked.symbol if isinstance(booked, FundingPayment) else booked.fill.symbol
                row = execution_row(booked, live.instruments[market, symbol], live.model.last(market, symbol))
                return "execution", market.value, row, f"{symbol}_{entries}"
            case PositionChanged(at_ms, account, symbol):
                return "position", linear, pushed_position_row(live, account, symbol, at_ms), f"{symbol}_{entries}"
            case WalletChanged(_, account):
                return "wallet", "", wallet_row(live, account), entries

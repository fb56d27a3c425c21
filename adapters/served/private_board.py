"""What each account hears of its own orders, executions, positions and wallet."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
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
Row = dict[str, Any]


@dataclass(slots=True)
class Sheet:
    """One message in the making: rows of one topic and category, and the orders that they are about."""

    topic: str
    category: str
    number: str
    rows: list[Row] = field(default_factory=list)
    about: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Pile:
    """What one account has still to hear; how a position and the wallet stand is told last, and once."""

    sheets: list[Sheet] = field(default_factory=list)
    positions: dict[str, PositionChanged] = field(default_factory=dict)
    wallet: WalletChanged | None = None

    def add(self, topic: str, category: str, number: str, row: Row) -> None:
        """Put a row on the first sheet of its kind behind which nothing is said of the same order.

        The stop of a position comes after whatever was said before it of the orders that opened that position.
        """
        name, is_stop, chosen = row["orderId"], not row["orderLinkId"], None
        for sheet in reversed(self.sheets):
            if (sheet.topic, sheet.category) == (topic, category):
                chosen = sheet
            if name in sheet.about or (chosen is not None and is_stop):
                break
        if chosen is None:
            chosen = Sheet(topic, category, number)
            self.sheets.append(chosen)
        chosen.rows.append(row)
        chosen.about.add(name)


class PrivateBoard:
    """The signed-in connections of every account.

    What one request or one moment of the market changes is told together, as the exchange does: one message for each
    topic, with a row for each change, and for each order in the order in which it happened.
    """

    def __init__(self, exchange: "ServedExchange") -> None:
        self._exchange = exchange
        self._piles: dict[str, Pile] = {}
        self.connections: list[Connection] = []

    def tell(self, change: Change) -> None:
        """Tell an account of what has just happened to it, with all else that happens at once."""
        if not self._listeners(change.account):
            return
        if not self._piles:
            asyncio.get_running_loop().call_soon(self.flush)
        pile = self._piles.setdefault(change.account, Pile())
        match change:
            case OrderChanged(_, _, order):
                market = order.request.market.value
                pile.add("order", market, self._number(order.request.symbol), order_row(order))
            case Executed(_, _, booked):
                pile.add("execution", *self._execution(booked))
            case PositionChanged(_, _, symbol):
                pile.positions[symbol] = change
            case WalletChanged():
                pile.wallet = change

    def flush(self) -> None:
        """Send what has piled up; a market tells its accounts before it tells everybody the price that did it."""
        piles, self._piles = self._piles, {}
        for account, pile in piles.items():
            for sheet in (*pile.sheets, *self._states(account, pile)):
                self._send(account, sheet)

    def _listeners(self, account: str) -> list[Connection]:
        return [one for one in self.connections if one.account == account and one.topics]

    def _send(self, account: str, sheet: Sheet) -> None:
        listeners = self._listeners(account)
        if not listeners or listeners[0].member is None:
            return
        message = {
            "id": f"{listeners[0].member.uid}_{sheet.number}",
            "creationTime": self._exchange.now_ms,
            "data": sheet.rows,
        }
        for connection in listeners:
            for name in (sheet.topic, f"{sheet.topic}.{sheet.category}"):
                if name in connection.topics:
                    connection.push(name, {**message, "topic": name})

    def _number(self, symbol: str) -> str:
        return f"{symbol}_{self._exchange.live.ledger.entries}"

    def _execution(self, booked: Any) -> tuple[str, str, Row]:
        """Give category, number and row of an execution."""
        live, settled = self._exchange.live, isinstance(booked, FundingPayment)
        market = Market.LINEAR if settled else booked.fill.market
        symbol = booked.symbol if settled else booked.fill.symbol
        row = execution_row(booked, live.instruments[market, symbol], live.model.last(market, symbol))
        return market.value, self._number(symbol), row

    def _states(self, account: str, pile: Pile) -> Iterator[Sheet]:
        live, linear = self._exchange.live, Market.LINEAR.value
        for symbol, change in pile.positions.items():
            row = pushed_position_row(live, account, symbol, change.at_ms)
            yield Sheet("position", linear, self._number(symbol), [row])
        if pile.wallet is not None:
            yield Sheet("wallet", "", str(live.ledger.entries), [wallet_row(live, account)])

"""What the rules of one book can see: one book's window on the board, the portfolio and its own memory."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from machines.intents import Direction
from machines.table import Snapshot
from rules.language.book import Book
from runtime.board import Board
from runtime.desk import Desk
from runtime.history import Histories
from runtime.instrument import Instrument, Market
from runtime.portfolio import Portfolio
from runtime.position import Position
from runtime.requests import Side
from runtime.status import Status
from runtime.trades import Trades


@dataclass(frozen=True, slots=True)
class Proposal:
    """The order that the pre-trade checks are asked about; notional in quote coin."""

    symbol: str
    side: Side
    direction: Direction
    notional: Decimal


NO_PROPOSAL = Proposal("", Side.BUY, Direction.LONG, Decimal(0))


@dataclass(slots=True)
class World:
    """Everything there is to see, shared by all books."""

    board: Board
    portfolio: Portfolio
    trades: Trades
    histories: Histories
    instruments: Mapping[tuple[Market, str], Instrument]
    status: Status
    desk: Desk = field(default_factory=Desk)


class View:
    """One book's window on the world; `snapshot` reads the machine whose rules look through it."""

    def __init__(self, world: World, book: Book, snapshot: Callable[[], Snapshot]) -> None:
        self.board = world.board
        self.portfolio = world.portfolio
        self.trades = world.trades
        self.histories = world.histories
        self.status = world.status
        self.desk = world.desk
        self.book = book
        self.market = Market(book.market)
        self.snapshot = snapshot
        self.proposal = NO_PROPOSAL
        self._instruments = world.instruments

    def instrument(self, symbol: str) -> Instrument:
        """The instrument of a symbol on the book's market."""
        return self._instruments[self.market, symbol]

    def funding_interval_ms(self, symbol: str) -> int | None:
        """The time between two settlements of a symbol's perpetual; None when it has none."""
        perpetual = self._instruments.get((Market.LINEAR, symbol))
        return None if perpetual is None else perpetual.funding_interval_ms

    def position(self, symbol: str) -> Position:
        """The book's position in a symbol."""
        return self.portfolio.position(self.book.account, self.market, symbol)

    def price(self, symbol: str) -> Decimal | None:
        """The latest price of a symbol on the book's market."""
        return self.board.price(self.market, symbol)

    def perpetual(self, symbol: str) -> Instrument:
        """The perpetual that hedges a symbol, in a book that trades both."""
        return self._instruments[Market.LINEAR, symbol]

    def short(self, symbol: str) -> Position:
        """The book's position in the perpetual that hedges a symbol."""
        return self.portfolio.position(self.book.account, Market.LINEAR, symbol)

    def listed(self) -> tuple[str, ...]:
        """The book's symbols that have a price."""
        quotes, market = self.board.quotes, self.market
        return tuple(symbol for symbol in self.book.symbols if (market, symbol) in quotes)

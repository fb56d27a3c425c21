"""What the market shows between candles: best prices, what rests near them, and what the exchange expects."""

from collections.abc import Callable, Iterable

from adapters.bybit.book import Book
from adapters.bybit.fields import Row, milliseconds, optional_decimal, row
from runtime.events import FactObserved
from runtime.instrument import Market

EVERY_MS = 1000
# The perpetual's own names, where the coin itself is traded too.
BID, ASK, DEPTH = "quote.bid", "quote.ask", "depth"
PERPETUAL = "perp."
FUNDING, MARK, INDEX = "funding.expected", "price.mark", "price.index"
TICKER_FIELDS = {"fundingRate": FUNDING, "markPrice": MARK, "indexPrice": INDEX}


class Quotes:
    """Keeps order books and tickers, and tells what has changed of a symbol at most once in `every_ms`."""

    def __init__(
        self, listed: Iterable[tuple[Market, str]], put: Callable[[FactObserved], None], every_ms: int = EVERY_MS
    ) -> None:
        self._spot = {symbol for market, symbol in listed if market is Market.SPOT}
        self._put, self._every_ms = put, every_ms
        self._books: dict[tuple[Market, str], Book] = {}
        self._told_ms: dict[tuple[Market, str, str], int] = {}
        self._next_funding_ms: dict[str, int] = {}

    def forget(self, market: Market) -> None:
        """Trust no order book of a market until its next snapshot: something was missed."""
        for (of, _), book in self._books.items():
            if of is market:
                book.clear()

    def next_funding_ms(self, symbol: str) -> int | None:
        """Tell when the exchange will settle a perpetual's funding, by what it said last."""
        return self._next_funding_ms.get(symbol)

    def order_book(self, market: Market, symbol: str, message: Row) -> None:
        """Take in a message about an order book; raises MalformedError."""
        book = self._books.setdefault((market, symbol), Book())
        book.read(message.get("type"), row(message.get("data"), "data"))
        at_ms, best = milliseconds(message, "ts"), book.best
        if best is not None and self._due((market, symbol, "book"), at_ms):
            for name, value in zip(self._names(market, symbol), (*best, book.depth()), strict=True):
                self._put(FactObserved(at_ms, name, value, symbol))

    def ticker(self, market: Market, symbol: str, message: Row) -> None:
        """Take in a message about a ticker, which names only what has changed; raises MalformedError."""
        data, at_ms = row(message.get("data"), "data"), milliseconds(message, "ts")
        if market is Market.SPOT:
            return
        if data.get("nextFundingTime"):
            self._next_funding_ms[symbol] = milliseconds(data, "nextFundingTime")
        for field, name in TICKER_FIELDS.items():
            value = optional_decimal(data, field)
            if value is not None and self._due((market, symbol, name), at_ms):
                self._put(FactObserved(at_ms, name, value, symbol))

    def _names(self, market: Market, symbol: str) -> tuple[str, str, str]:
        if market is Market.SPOT:
            return BID, ASK, DEPTH
        if symbol in self._spot:
            return f"{PERPETUAL}{BID}", f"{PERPETUAL}{ASK}", f"{PERPETUAL}{DEPTH}"
        return BID, ASK, f"{PERPETUAL}{DEPTH}"

    def _due(self, what: tuple[Market, str, str], at_ms: int) -> bool:
        if at_ms - self._told_ms.get(what, -self._every_ms) < self._every_ms:
            return False
        self._told_ms[what] = at_ms
        return True

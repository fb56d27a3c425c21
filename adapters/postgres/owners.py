"""Which book and which rule each order and each fill belongs to."""

from dataclasses import dataclass

from adapters.postgres.connection import Connection
from runtime.events import Fill, FillKind
from runtime.instrument import Market
from runtime.requests import Side

KEPT = 1_000
OWNER = "SELECT book, rule, account FROM orders WHERE order_id = %s"
OPENER = """
SELECT book, rule, account FROM orders
WHERE account = %s AND market = %s AND symbol = %s AND side <> %s AND filled > 0 ORDER BY seq DESC LIMIT 1
"""
OTHER = {Side.BUY: Side.SELL, Side.SELL: Side.BUY}


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose order it is."""

    book: str
    rule: str
    account: str


class Owners:
    """The owners of orders: the newest from memory, all others from the table of orders."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._newest: dict[str, Owner] = {}
        self._filled: dict[tuple[str, Market, str, Side], Owner] = {}

    def __len__(self) -> int:
        """How many are kept in memory."""
        return len(self._newest)

    def get(self, order_id: str) -> Owner | None:
        """Give the owner of an order; None where no order has this id."""
        known = self._newest.get(order_id)
        if known is not None or not order_id:
            return known
        row = self._connection.execute(OWNER, (order_id,)).fetchone()
        return None if row is None else Owner(*row)

    def of(self, fill: Fill) -> Owner | None:
        """Give the owner of a fill; a stop that the exchange fills under a name of its own is the opener's."""
        key = (fill.account, fill.market, fill.symbol)
        known = self.get(fill.order_id)
        if known is not None:
            self._filled[*key, fill.side] = known
            return known
        if fill.kind is FillKind.TRADE:
            return None
        return self._filled.get((*key, OTHER[fill.side])) or self._opener(fill)

    def _opener(self, fill: Fill) -> Owner | None:
        asked = (fill.account, fill.market.value, fill.symbol, fill.side.value)
        row = self._connection.execute(OPENER, asked).fetchone()
        return None if row is None else Owner(*row)

    def put(self, order_id: str, owner: Owner) -> None:
        """Remember the owner of an order that is not in the table yet."""
        self._newest[order_id] = owner

    def written(self) -> None:
        """The table has everything now, so that only the newest need to be remembered."""
        while len(self._newest) > KEPT:
            del self._newest[next(iter(self._newest))]

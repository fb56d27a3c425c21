"""Which book and which rule each order belongs to."""

from dataclasses import dataclass

from adapters.postgres.connection import Connection

KEPT = 1_000
OWNER = "SELECT book, rule, account FROM orders WHERE order_id = %s"


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

    def put(self, order_id: str, owner: Owner) -> None:
        """Remember the owner of an order that is not in the table yet."""
        self._newest[order_id] = owner

    def written(self) -> None:
        """The table has everything now, so that only the newest need to be remembered."""
        while len(self._newest) > KEPT:
            del self._newest[next(iter(self._newest))]

"""All orders that the exchange has ever taken."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from adapters.simulated.order_record import OrderRecord
from runtime.codec import from_plain, to_plain
from runtime.instrument import Market

FIRST_SPOT_ID = 1_800_000_000_000_000_000


class OrderRecords:
    """Orders by the exchange's id, by account and by the client's id, oldest first."""

    def __init__(self) -> None:
        self._by_id: dict[str, OrderRecord] = {}
        self._by_link: dict[tuple[str, str], OrderRecord] = {}
        self._by_account: dict[str, list[OrderRecord]] = {}
        self._stops: dict[tuple[str, str], OrderRecord] = {}
        self._made = 0

    def __len__(self) -> int:
        return len(self._by_id)

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts that have had an order."""
        return tuple(self._by_account)

    def next_id(self, market: Market) -> str:
        """Make an id: long digits on spot, a UUID on perpetuals, as the exchange does."""
        self._made += 1
        return str(FIRST_SPOT_ID + self._made) if market is Market.SPOT else str(uuid5(NAMESPACE_OID, str(self._made)))

    def add(self, record: OrderRecord) -> None:
        """Take an order in."""
        record.number = len(self._by_id) + 1
        self._by_id[record.exchange_id] = record
        account = record.request.account
        self._by_account.setdefault(account, []).append(record)
        if record.link_id:
            self._by_link[account, record.link_id] = record

    def named(self, exchange_id: str) -> OrderRecord:
        """Give an order that is known to exist."""
        return self._by_id[exchange_id]

    def find(self, account: str, exchange_id: str, link_id: str) -> OrderRecord | None:
        """Give an account's order by the exchange's id, which wins, or by the client's; None where there is none."""
        if exchange_id:
            record = self._by_id.get(exchange_id)
            return record if record is not None and record.request.account == account else None
        return self._by_link.get((account, link_id))

    def of(self, account: str) -> Iterator[OrderRecord]:
        """Yield an account's orders, newest first."""
        return reversed(self._by_account.get(account, []))

    def stop(self, account: str, symbol: str) -> OrderRecord | None:
        """Give the order behind the stop of a position, or None."""
        return self._stops.get((account, symbol))

    def put_stop(self, record: OrderRecord) -> None:
        """Take in the order behind the stop of a position."""
        self.add(record)
        self._stops[record.request.account, record.request.symbol] = record

    def forget_stop(self, account: str, symbol: str) -> OrderRecord | None:
        """Say that a position has no stop any more; returns the order behind the one it had."""
        return self._stops.pop((account, symbol), None)

    def to_plain(self) -> dict[str, Any]:
        """Give them as JSON-able values."""
        return {
            "orders": [to_plain(record) for record in self._by_id.values()],
            "stops": [record.exchange_id for record in self._stops.values()],
            "made": self._made,
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "OrderRecords":
        """Build them from what to_plain gave."""
        records = cls()
        for order in plain["orders"]:
            records.add(from_plain(OrderRecord, order))
        for exchange_id in plain["stops"]:
            stop = records.named(exchange_id)
            records._stops[stop.request.account, stop.request.symbol] = stop
        records._made = plain["made"]
        return records

"""Money that came and went without a trade: funding, transfers, deposits, withdrawals."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from adapters.bybit.client import RefusedError
from adapters.bybit.executions import MINUTE_MS, named, side_of
from adapters.bybit.fields import Row, decimal, milliseconds, optional_decimal, text
from adapters.bybit.line import Line
from runtime.events import CashFlow, Event, FundingPayment
from runtime.ports import Clock
from runtime.requests import Side

OVERLAP_MS = 3_600_000
LONGEST_LOOK_MS = 7 * 86_400_000
NEAR_MS = 60_000
PAGE = 50
BAD_PARAMETER = 10001
MOVES = frozenset({"TRANSFER_IN", "TRANSFER_OUT", "DEPOSIT", "WITHDRAW", "AIRDROP", "BONUS"})
SETTLEMENT = "SETTLEMENT"
CARRIED_OUT = "SUCCESS"


@dataclass(frozen=True, slots=True)
class Transfer:
    """One transfer between the members of an owner, as the main account sees it."""

    name: str
    at_ms: int
    source: str
    destination: str
    coin: str
    amount: Decimal

    def half_of(self, member: str, coin: str, amount: Decimal, at_ms: int) -> str | None:
        """Name the half that a change of a member's wallet is, None where it isn't."""
        side = "out" if amount < 0 else "in"
        mine = member == (self.source if amount < 0 else self.destination)
        same = mine and coin == self.coin and abs(amount) == self.amount
        return f"{self.name}:{side}" if same and abs(at_ms - self.at_ms) <= NEAR_MS else None


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose log it is: the portfolio's name and the exchange's number of the account.

    `transfers` asks the main account for the transfers since a moment; without one there are none of our own.
    """

    account: str
    member: str
    transfers: Callable[[int], Iterator[list[Transfer]]] | None = None


class Ledger:
    """Reads one account's transaction log again and again; everything in it has the same name each time."""

    def __init__(self, line: Line, owner: Owner, put: Callable[[Event], None], clock: Clock, since_ms: int) -> None:
        self._line, self._account, self._member, self._transfers = line, owner.account, owner.member, owner.transfers
        self._put, self._clock, self._since_ms = put, clock, since_ms
        self._told: dict[Event, None] = {}

    @property
    def remembered(self) -> int:
        """How many events may be read again."""
        return len(self._told)

    def read(self) -> Iterator[None]:
        """Tell everything since the last reading, and an hour before it; raises where a page can't be had."""
        now = self._clock.now_ms()
        start_ms = max(1, self._since_ms - OVERLAP_MS)
        found: list[Row] = []
        while start_ms < now:
            end_ms = min(now, start_ms + LONGEST_LOOK_MS - 1)
            for page in self._log(start_ms, end_ms):
                found += page
                yield
            start_ms = end_ms + 1
        moves = any(entry.get("type") in MOVES for entry in found)
        own = list(self._own(max(1, self._since_ms - OVERLAP_MS))) if moves and self._transfers else []
        for entry in sorted(found, key=lambda entry: str(entry.get("transactionTime"))):
            self._tell(entry, own)
        self._since_ms = max(self._since_ms, now)
        self._forget()

    def _forget(self) -> None:
        """What is older than the next reading's first hour will not be read again; a settlement's minute may be."""
        start_ms = self._since_ms - OVERLAP_MS - MINUTE_MS
        self._told = {event: None for event in self._told if event.at_ms >= start_ms}

    def _log(self, start_ms: int, end_ms: int) -> Iterator[Sequence[Row]]:
        """Yield the lines of a span; where a page does not hold them, nearly all are trades, and the others are asked
        for by their kinds.
        """
        asked = {"accountType": "UNIFIED", "startTime": start_ms, "endTime": end_ms, "limit": PAGE}
        first = next(self._line.pages("get_transaction_log", **asked), ())
        if len(first) < PAGE:
            yield first
            return
        for kind in (*sorted(MOVES), SETTLEMENT):
            yield ()
            yield from self._kind(kind, asked)

    def _kind(self, kind: str, asked: Mapping[str, object]) -> Iterator[Sequence[Row]]:
        try:
            yield from self._line.pages("get_transaction_log", **asked, type=kind)
        except RefusedError as refusal:
            # Of a kind that the exchange does not know there are no lines.
            if refusal.code != BAD_PARAMETER:
                raise

    def _own(self, start_ms: int) -> Iterator[Transfer]:
        assert self._transfers is not None
        for some in self._transfers(start_ms):
            yield from some

    def _tell(self, data: Row, own: list[Transfer]) -> None:
        if data.get("type") == SETTLEMENT:
            self._once(self._settlement(data))
        elif data.get("type") in MOVES:
            self._once(self._move(data, own))

    def _once(self, event: Event) -> None:
        """The same hour is read again and again."""
        if event not in self._told:
            self._told[event] = None
            self._put(event)

    def _settlement(self, data: Row) -> FundingPayment:
        size = abs(decimal(data, "qty"))
        quantity = size if side_of(data) is Side.BUY else -size
        # The log's rate is that of the side: what the seller receives is written as a negative rate.
        rate = (optional_decimal(data, "feeRate") or Decimal(0)) * (1 if quantity > 0 else -1)
        at_ms, symbol = milliseconds(data, "transactionTime"), text(data, "symbol")
        mark, amount = decimal(data, "tradePrice"), decimal(data, "funding")
        return named(FundingPayment(at_ms, "", self._account, symbol, rate, quantity, mark, amount))

    def _move(self, data: Row, own: list[Transfer]) -> CashFlow:
        at_ms, coin, amount = milliseconds(data, "transactionTime"), text(data, "currency"), decimal(data, "change")
        for transfer in own:
            half = transfer.half_of(self._member, coin, amount, at_ms)
            if half is not None:
                own.remove(transfer)
                return CashFlow(at_ms, half, self._account, coin, amount, transfer.name)
        return CashFlow(at_ms, text(data, "id"), self._account, coin, amount)


def transfers_since(line: Line, start_ms: int) -> Iterator[list[Transfer]]:
    """Ask the main account for the transfers since a moment that were carried out; a list for each page."""
    for page in line.pages("get_universal_transfer_records", startTime=start_ms, limit=50, status=CARRIED_OUT):
        yield [
            Transfer(
                text(entry, "transferId"),
                milliseconds(entry, "timestamp"),
                text(entry, "fromMemberId"),
                text(entry, "toMemberId"),
                text(entry, "coin"),
                decimal(entry, "amount"),
            )
            for entry in page
            if entry.get("status") == CARRIED_OUT
        ]

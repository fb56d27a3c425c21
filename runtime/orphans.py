"""What a person decides about things on the exchange that no book knows of."""

from collections.abc import Iterable, Iterator

from runtime.decimals import EXACT, ZERO, plain
from runtime.draft import Draft
from runtime.events import AccountSeen, CashFlow, SeenPosition, StopPlaced
from runtime.instance import Instance
from runtime.instrument import Market
from runtime.portfolio import Portfolio
from runtime.position import Position
from runtime.protection import Protection
from runtime.reaction import Reaction
from runtime.reconciliation import Reconciliation
from runtime.requests import CancelOrder
from runtime.trader import Trader


class Orphans:
    """Adopts or closes what the last look at an account has shown and its book does not have."""

    def __init__(
        self, portfolio: Portfolio, trader: Trader, protection: Protection, reconciliation: Reconciliation
    ) -> None:
        self._portfolio = portfolio
        self._trader = trader
        self._protection = protection
        self._reconciliation = reconciliation

    def adopt(self, instances: Iterable[Instance], cause: str, draft: Draft) -> Iterator[Reaction]:
        """Hold what the exchange shows; a position without a stop is refused, because it would be closed at once."""
        mine = tuple(instances)
        for event in self._looks(mine, draft):
            naked = [one.symbol for one in self._differing(event) if one.quantity and one.stop is None]
            if naked:
                text = f"{naked[0]} has no stop on the exchange: place one there first, or close it with close_orphan."
                draft.tell("P2", "", text)
                continue
            yield from self._take_over(event, mine, cause, draft)

    def close(self, instances: Iterable[Instance], cause: str, draft: Draft) -> Iterator[Reaction]:
        """Take back orders that nobody knows and close positions that nobody knows."""
        mine = tuple(instances)
        for event in self._looks(mine, draft):
            differing = [one for one in self._differing(event) if one.quantity]
            yield from self._take_over(event, mine, cause, draft)
            for order in event.orders:
                ticket = self._trader.desk.tickets.get(order.order_id)
                if order.order_id and (ticket is None or not ticket.live):
                    draft.requests.append(CancelOrder(order.order_id, event.account, order.market, order.symbol))
                elif not order.order_id:
                    draft.tell("P1", "", f"The order {order.exchange_id} has no id of ours: take it back by hand.")
            for position in differing:
                self._close(event.account, position, mine, cause, draft)

    def _looks(self, instances: tuple[Instance, ...], draft: Draft) -> Iterator[AccountSeen]:
        for account in dict.fromkeys(instance.book.account for instance in instances):
            event = self._reconciliation.settled(account, draft)
            if event is None:
                draft.tell("P2", "", f"The account {account} has not been looked at yet: try again in a minute.")
            else:
                yield event

    def _differing(self, event: AccountSeen) -> Iterator[SeenPosition]:
        for shown in event.positions:
            orphan = (event.account, shown.symbol) in self._protection.orphans
            if orphan or self._ours(event.account, shown.symbol).quantity != shown.quantity:
                yield shown

    def _ours(self, account: str, symbol: str) -> Position:
        return self._portfolio.position(account, Market.LINEAR, symbol)

    def _take_over(
        self, event: AccountSeen, instances: tuple[Instance, ...], cause: str, draft: Draft
    ) -> Iterator[Reaction]:
        account, shown = event.account, {one.symbol: one for one in event.positions}
        for position in self._portfolio.positions(account):
            if position.market is Market.LINEAR and position.symbol not in shown:
                self._portfolio.take_over(account, Position(Market.LINEAR, position.symbol))
                yield from self._stopped(account, position, instances, cause)
        for one in tuple(self._differing(event)):
            cost = EXACT.multiply(one.quantity, one.average_price)
            taken = Position(Market.LINEAR, one.symbol, one.quantity, cost, ZERO, draft.at_ms)
            self._portfolio.take_over(account, taken)
            self._protection.adopted.add((account, one.symbol))
            self._protection.decided((account, one.symbol))
            if one.stop is not None:
                self._portfolio.apply_stop(StopPlaced(draft.at_ms, account, one.symbol, one.stop))
        self._coins(event, draft)

    def _coins(self, event: AccountSeen, draft: Draft) -> None:
        lent = self._portfolio.all_lent(event.account) if event.lent is None else dict(event.lent)
        shown = dict(event.wallet)
        for coin in sorted(shown.keys() | lent.keys() | self._portfolio.wallets(event.account).keys()):
            theirs = EXACT.add(shown.get(coin, ZERO), lent.get(coin, ZERO))
            change = EXACT.subtract(theirs, self._portfolio.wallet(event.account, coin))
            self._portfolio.lend(event.account, coin, lent.get(coin, ZERO))
            if change:
                name = f"adopted:{event.account}:{coin}:{draft.at_ms}"
                self._portfolio.apply_cash_flow(CashFlow(draft.at_ms, name, event.account, coin, change))
                draft.tell("P2", "", f"{plain(change)} {coin} of {event.account} are counted as money from outside.")

    def _stopped(
        self, account: str, position: Position, instances: tuple[Instance, ...], cause: str
    ) -> Iterator[Reaction]:
        price = position.best_price or ZERO
        for instance in instances:
            if instance.book.account == account and position.symbol in instance.symbols:
                yield Reaction(instance.key, "stopped", {"price": price}, cause)

    def _close(
        self, account: str, shown: SeenPosition, instances: tuple[Instance, ...], cause: str, draft: Draft
    ) -> None:
        owners = (one for one in instances if one.book.account == account and shown.symbol in one.symbols)
        instance = next(owners, None)
        if instance is None:
            draft.tell("P1", "", f"No book of {account} trades {shown.symbol}: close it by hand.")
        else:
            self._trader.liquidate(instance, cause, draft)

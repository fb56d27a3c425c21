"""What the exchange shows of an account and of its open orders; it keeps no history of orders that have ended."""

from adapters.simulated.earn import Earn
from adapters.simulated.venue import Venue
from runtime.events import AccountSeen, ExchangeEvent, LookedUp, OrderAccepted, SeenOrder, SeenPosition
from runtime.instrument import Market
from runtime.requests import LookAtAccount, LookUpOrder


class Looks:
    """Answers questions; nothing changes by them."""

    def __init__(self, venue: Venue, earn: Earn) -> None:
        self._venue = venue
        self._earn = earn

    def answer(self, look: LookUpOrder | LookAtAccount, at_ms: int) -> list[ExchangeEvent]:
        """Answer one question; what is known of an order comes before the end of its look-up."""
        match look:
            case LookUpOrder():
                if self._venue.book.find(look.account, look.order_id) is None:
                    return [LookedUp(at_ms, look.order_id, found=False, complete=False)]
                return [OrderAccepted(at_ms, look.order_id), LookedUp(at_ms, look.order_id, found=True, complete=False)]
            case LookAtAccount():
                return [self._whole(look.account, at_ms)]

    def _whole(self, name: str, at_ms: int) -> AccountSeen:
        account = self._venue.accounts.named(name)
        positions = tuple(
            SeenPosition(
                Market.LINEAR,
                symbol,
                position.quantity,
                position.average,
                position.stop,
                account.leverage(self._venue.perpetual(symbol)),
                None,
            )
            for symbol, position in account.positions.items()
        )
        coins, lent = tuple(account.coins.items()), tuple(self._earn.lent(name).items())
        return AccountSeen(at_ms, name, coins, positions, self._orders(name), complete=True, lent=lent)

    def _orders(self, name: str) -> tuple[SeenOrder, ...]:
        open_orders = ((order, order.request) for order in self._venue.book.of(name))
        return tuple(
            SeenOrder(
                asked.order_id,
                asked.order_id,
                asked.market,
                asked.symbol,
                asked.side,
                asked.quantity or order.filled,
                order.filled,
                asked.price,
                asked.reduce_only,
            )
            for order, asked in open_orders
        )

"""What can be seen of an account when somebody looks."""

from adapters.simulated.account import Account
from adapters.simulated.margin import Margin
from adapters.simulated.order import Order
from adapters.simulated.position import Position
from adapters.simulated.precision import ZERO
from adapters.simulated.venue import Venue
from runtime.events import AccountSeen, LookedUp, SeenOrder, SeenPosition
from runtime.instrument import Market
from runtime.requests import LookAtAccount, LookUpOrder


class Sight:
    """Answers look-ups. Nothing is ever lost on the way here, so that what there is to find was told before."""

    def __init__(self, venue: Venue, margin: Margin) -> None:
        self._venue = venue
        self._book = venue.book
        self._margin = margin

    def look_up(self, request: LookUpOrder, at_ms: int) -> LookedUp:
        """Say whether an order was ever taken."""
        return LookedUp(at_ms, request.order_id, self._book.knows(request.account, request.order_id), complete=True)

    def look_at(self, request: LookAtAccount, at_ms: int) -> AccountSeen:
        """Show an account; one that there is not is seen to be empty."""
        account = self._venue.accounts.find(request.account) or Account(request.account)
        return AccountSeen(
            at_ms,
            account.name,
            tuple((coin, amount) for coin, amount in account.coins.items() if amount),
            tuple(self._position(account, symbol, position) for symbol, position in account.positions.items()),
            tuple(_order(order) for order in self._book.of(account.name)),
            complete=True,
        )

    def _position(self, account: Account, symbol: str, position: Position) -> SeenPosition:
        leverage, price = self._margin.leverage(account, symbol), self._margin.liquidation_price(account, symbol)
        terms = (position.quantity, position.average, position.stop, leverage, price)
        return SeenPosition(Market.LINEAR, symbol, *terms)


def _order(order: Order) -> SeenOrder:
    request = order.request
    return SeenOrder(
        order_id=request.order_id,
        exchange_id=request.order_id,
        market=request.market,
        symbol=request.symbol,
        side=request.side,
        quantity=request.quantity or ZERO,
        filled=order.filled,
        price=request.price,
        reduce_only=request.reduce_only,
    )

"""What planning needs to know of an account: money, position, stop and the orders that are still open."""

from decimal import Decimal

from runtime.envelope import EnvelopeWatch
from runtime.instance import Instance
from runtime.instrument import Market
from runtime.sizing import AccountView
from runtime.view import World

ZERO = Decimal(0)


class AccountViews:
    """Makes the view of one symbol in the account of a book."""

    def __init__(self, world: World, envelope: EnvelopeWatch) -> None:
        self._world = world
        self._portfolio = world.portfolio
        self._desk = world.desk
        self._envelope = envelope

    def of(self, instance: Instance, symbol: str) -> AccountView:
        """What planning needs to know of the book's account and one symbol."""
        portfolio, account, instrument = self._portfolio, instance.book.account, instance.view.instrument(symbol)
        return AccountView(
            account=account,
            equity=portfolio.equity(account),
            available=portfolio.available(account, instrument.quote),
            free=portfolio.available(account, instrument.base),
            notional=self._notional(account),
            position=portfolio.position(account, instrument.market, symbol),
            leverage=portfolio.leverage_set(account, symbol),
            stop=portfolio.stop(account, symbol),
            open_orders=tuple(
                t.request.order_id for t in self._desk.live(instance.book.name, symbol) if t.cancel_ms is None
            ),
            slippage_cap=self._envelope.slippage_cap,
        )

    def protected(self, instance: Instance, symbol: str) -> AccountView:
        """What planning the move of a stop needs to know: position and stop; nothing is spent."""
        account, market = instance.book.account, instance.view.market
        return AccountView(
            account=account,
            equity=None,
            available=ZERO,
            free=ZERO,
            notional=None,
            position=self._portfolio.position(account, market, symbol),
            stop=self._portfolio.stop(account, symbol),
        )

    def _notional(self, account: str) -> Decimal | None:
        """Positions, and the entries that are still to be filled at their worst: all of them."""
        held = self._portfolio.notional(account)
        if held is None:
            return None
        unfilled: dict[tuple[Market, str], Decimal] = {}
        for request, filled in ((t.request, t.filled) for t in self._desk.entries(account)):
            if request.quantity is not None:
                key = (request.market, request.symbol)
                unfilled[key] = unfilled.get(key, ZERO) + request.quantity - filled
        return held + sum((left * (self._world.board.price(*key) or ZERO) for key, left in unfilled.items()), ZERO)

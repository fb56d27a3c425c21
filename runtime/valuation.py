"""What an account is worth at the last known prices."""

from decimal import Decimal

from runtime.account import Account
from runtime.decimals import EXACT, ONE, ZERO
from runtime.instrument import Market
from runtime.marks import Marks


class Valuation:
    """Values in `marks.money`; None while something that is held has no price yet."""

    def __init__(self, marks: Marks) -> None:
        self._marks = marks

    def equity(self, account: Account) -> Decimal | None:
        """Add up cash, coins at their price and unrealised profit."""
        coins, profit = self._coins(account.wallet), self._unrealised(account)
        return None if coins is None or profit is None else EXACT.add(coins, profit)

    def exposure(self, account: Account) -> Decimal | None:
        """Add up the unsigned value of everything besides money."""
        held, notional = self.coins(account), self.notional(account)
        return None if held is None or notional is None else EXACT.add(held, notional)

    def coins(self, account: Account) -> Decimal | None:
        """Add up the value of every coin besides money."""
        return self._coins({coin: amount for coin, amount in account.wallet.items() if coin != self._marks.money})

    def notional(self, account: Account) -> Decimal | None:
        """Add up the unsigned value of the perpetual positions."""
        total = ZERO
        for key, position in account.positions.items():
            if key[0] is Market.LINEAR:
                price = self._marks.price(key)
                if price is None:
                    return None
                total = EXACT.add(total, position.notional(price))
        return total

    def tied_up(self, account: Account) -> Decimal:
        """Add up margin and unrealised losses of the perpetual positions; unrealised profit can't be spent."""
        total = ZERO
        for key, position in account.positions.items():
            if key[0] is Market.LINEAR:
                price = self._marks.price(key) or position.average_price or ZERO
                margin = EXACT.divide(position.notional(price), account.leverages.get(key[1], ONE))
                total = EXACT.add(total, EXACT.subtract(margin, min(ZERO, position.unrealised(price))))
        return total

    def _coins(self, wallet: dict[str, Decimal]) -> Decimal | None:
        total = ZERO
        for coin, amount in wallet.items():
            if not amount:
                continue
            price = self._marks.coin(coin)
            if price is not None:
                total = EXACT.fma(amount, price, total)
            elif self._marks.can_price(coin):
                return None
        return total

    def _unrealised(self, account: Account) -> Decimal | None:
        total = ZERO
        for key, position in account.positions.items():
            if key[0] is Market.LINEAR:
                price = self._marks.price(key)
                if price is None:
                    return None
                total = EXACT.add(total, position.unrealised(price))
        return total

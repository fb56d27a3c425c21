"""All accounts together: what is there, what it is worth, and what may still be spent."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from runtime.account import Account
from runtime.decimals import EXACT, ONE, ZERO, plain, readable
from runtime.events import (
    Candle,
    CashFlow,
    EarnMoved,
    Fill,
    FundingPayment,
    InterestPaid,
    LeverageSet,
    StopPlaced,
)
from runtime.instrument import Instrument, Market
from runtime.linear_value import LinearValue, linear_value
from runtime.marks import Key, Marks
from runtime.net_value import NetValue
from runtime.position import Applied, Position
from runtime.requests import Side
from runtime.reservations import Reservation, Reservations
from runtime.valuation import Valuation


class UnknownAccountError(LookupError):
    """An event or a question names an account that this portfolio does not have."""


class UnknownInstrumentError(LookupError):
    """A fill names a symbol that no instrument describes."""


class NotEnoughError(ValueError):
    """An order would spend more than its account has left."""


class Portfolio:
    """Accounts by name, moved only by events that each count once.

    `instruments` says which coins a symbol trades; `money` is the coin in which everything is valued. Spot holdings
    worth less than `dust` of it count as nothing. Values are None (unknown) while anything held has no price; a coin
    without an instrument is worth nothing.
    """

    def __init__(
        self,
        instruments: Mapping[Key, Instrument],
        accounts: Mapping[str, Mapping[str, Decimal]],
        money: str = "USDT",
        dust: Decimal = ONE,
    ) -> None:
        self.money = money
        self.dust = dust
        self.net_value = NetValue()
        self._instruments = instruments
        self._marks = Marks(instruments, money)
        self._valuation = Valuation(self._marks)
        self._reservations = Reservations()
        self._in_transit = ZERO
        # What each account is worth, until a price or a holding changes: many ask within one moment.
        self._worth: dict[str, Decimal | None] = {}
        self._accounts = {name: Account(name, wallet) for name, wallet in accounts.items()}
        for account in self._accounts.values():
            self._adopt(account)

    @property
    def accounts(self) -> tuple[str, ...]:
        """Give the names of the accounts."""
        return tuple(self._accounts)

    # What happened.

    def apply(self, fill: Fill) -> Applied | None:
        """Count a fill once, by its execution id; None when it was counted before."""
        account, key = self._account(fill.account), (fill.market, fill.symbol)
        applied = account.apply(fill, self._instrument(key), self._fee(fill), self.dust)
        self._worth.clear()
        if applied is not None:
            self._spend(fill)
            if self._marks.price(key) is None:
                self.mark(fill.market, fill.symbol, fill.price)
        return applied

    def apply_funding(self, payment: FundingPayment) -> bool:
        """Count a funding payment once, by its settlement id; False when it was counted before."""
        quote = self._instrument((Market.LINEAR, payment.symbol)).quote
        self._worth.clear()
        return self._account(payment.account).apply_funding(payment, quote)

    def apply_cash_flow(self, flow: CashFlow) -> bool:
        """Count a cash flow once, by its flow id, and issue or take back units for it; False when counted before.

        Money that a transfer has taken from one account and not yet brought to the other stays the portfolio's.
        """
        account = self._account(flow.account)
        if account.counted_flow(flow.flow_id):
            return False
        if flow.transfer_id and flow.coin == self.money:
            self._in_transit = EXACT.subtract(self._in_transit, flow.amount)
            self._worth.clear()
            return account.apply_cash_flow(flow, None)
        equity, price = self.equity(), self._marks.coin(flow.coin)
        if equity is not None and price is not None:
            self.net_value.flow(EXACT.multiply(flow.amount, price), equity)
        elif self._marks.can_price(flow.coin):
            self.net_value.flow_of_unknown_worth()
        self._worth.clear()
        return account.apply_cash_flow(flow, self._spot_symbol(flow.coin))

    def apply_earn(self, moved: EarnMoved) -> bool:
        """Count coins as lent out or back once, by the order's id; False when it was counted before."""
        return self._account(moved.account).apply_earn(moved)

    def apply_interest(self, paid: InterestPaid) -> bool:
        """Count interest once, by its payment id; it is profit, and no money from outside."""
        self._worth.clear()
        price = self._marks.coin(paid.coin)
        return self._account(paid.account).apply_interest(paid, self._spot_symbol(paid.coin), price)

    def lend(self, account: str, coin: str, amount: Decimal) -> None:
        """Count this much of a coin as lent out, because the exchange shows it so."""
        self._account(account).lend(coin, amount)

    def apply_leverage(self, event: LeverageSet) -> None:
        """Remember the leverage of a symbol."""
        self._account(event.account).leverages[event.symbol] = event.leverage

    def apply_stop(self, event: StopPlaced) -> None:
        """Remember the protective stop of a position; it goes when the position does."""
        self._account(event.account).stops[event.symbol] = event.price

    def lose_stop(self, account: str, symbol: str) -> None:
        """The protective stop of a position is gone."""
        self._account(account).stops.pop(symbol, None)

    def take_over(self, account: str, position: Position) -> None:
        """Hold what the exchange shows, because a person has said so; it was no trade and earns nothing."""
        self._account(account).take_over(position)
        self._worth.clear()

    def mark(self, market: Market, symbol: str, price: Decimal) -> None:
        """Set the latest price of an instrument."""
        self._store((market, symbol), price)

    def mark_candle(self, market: Market, symbol: str, close: float) -> None:
        """Set the latest price of an instrument from a candle; it is made exact when somebody asks."""
        self._store((market, symbol), close)

    def _store(self, key: Key, price: Decimal | float) -> None:
        """What an account is worth changes with the prices of its positions and of its coins only."""
        self._marks.store(key, price)
        if not self._worth:
            return
        instrument = self._instruments.get(key)
        for name in list(self._worth):
            account = self._accounts[name]
            if key in account.positions or instrument is None or instrument.base in account.wallet:
                del self._worth[name]

    def see(self, candle: Candle) -> None:
        """Take a candle's close as the latest price, and its range into the best and worst price of what is held."""
        key = (candle.market, candle.symbol)
        self._store(key, candle.close)
        self._track(key, candle.high, candle.low)

    def has(self, account: str, key: Key) -> bool:
        """Say whether an account has a position in an instrument, however small."""
        return key in self._account(account).positions

    def is_held(self, market: Market, symbol: str) -> bool:
        """Say whether any account has a position in an instrument, however small."""
        return any((market, symbol) in account.positions for account in self._accounts.values())

    def track_range(self, market: Market, symbol: str, high: float, low: float) -> None:
        """Take the range of several candles into the best and worst price, as if each had been seen."""
        self._track((market, symbol), high, low)

    def _track(self, key: Key, high: float, low: float) -> None:
        for account in self._accounts.values():
            position = account.positions.get(key)
            if position is not None and not position.has_seen(high, low):
                account.track(key, Decimal(repr(high)), Decimal(repr(low)))

    def observe(self, at_ms: int) -> Decimal | None:
        """Take the equity of this moment into the value per unit and give it; None changes nothing."""
        equity = self.equity()
        if equity is not None:
            self.net_value.observe(at_ms, equity)
        return equity

    # What is there.

    def mark_of(self, market: Market, symbol: str) -> Decimal | None:
        """Give the latest price of an instrument, or None when there is none."""
        return self._marks.price((market, symbol))

    def price_of(self, coin: str) -> Decimal | None:
        """Give the latest price of a coin in money, or None when there is none."""
        return self._marks.coin(coin)

    def wallet(self, account: str, coin: str) -> Decimal:
        """Give the amount of a coin in an account's wallet."""
        return self._account(account).wallet.get(coin, ZERO)

    def wallets(self, account: str) -> Mapping[str, Decimal]:
        """Give everything in an account's wallet."""
        return dict(self._account(account).wallet)

    def lent(self, account: str, coin: str) -> Decimal:
        """Give how much of a coin in an account's wallet is lent out."""
        return self._account(account).lent.get(coin, ZERO)

    def all_lent(self, account: str) -> Mapping[str, Decimal]:
        """Give everything of an account that is lent out."""
        return dict(self._account(account).lent)

    def position(self, account: str, market: Market, symbol: str) -> Position:
        """Give the position of an account in a symbol, flat when there is none."""
        return self._account(account).position((market, symbol))

    def positions(self, account: str) -> tuple[Position, ...]:
        """Give all positions of an account, dust included."""
        return tuple(self._account(account).positions.values())

    def holds(self, account: str, market: Market, symbol: str) -> bool:
        """Say whether an account holds more of a symbol than dust; what has no price counts as held."""
        position = self.position(account, market, symbol)
        if position.is_flat or market is Market.LINEAR:
            return not position.is_flat
        price = self._marks.price((market, symbol))
        return price is None or position.notional(price) >= self.dust

    def leverage_set(self, account: str, symbol: str) -> Decimal | None:
        """Give the leverage that the exchange has for a symbol, or None when none was ever set."""
        return self._account(account).leverages.get(symbol)

    def stop(self, account: str, symbol: str) -> Decimal | None:
        """Give the price of a position's protective stop, or None when there is none."""
        return self._account(account).stops.get(symbol)

    # What it is worth.

    def equity(self, account: str | None = None) -> Decimal | None:
        """Give cash, coins at their price and unrealised profit, of one account or of all with what is in transit."""
        equity = self._sum(self._equity_of, account)
        return equity if account is not None or equity is None else EXACT.add(equity, self._in_transit)

    def _equity_of(self, account: Account) -> Decimal | None:
        if account.name not in self._worth:
            self._worth[account.name] = self._valuation.equity(account)
        return self._worth[account.name]

    def linear_value(self) -> LinearValue | None:
        """Give the equity of all accounts as a function of prices; None while it is unknown."""
        value = linear_value(self._accounts.values(), self._marks)
        if value is not None:
            value.pay(self._in_transit)
        return value

    def better_sources(self, key: Key) -> tuple[Key, ...]:
        """Give the instruments that would price the coin of another in its place if they had a price."""
        return self._marks.better_sources(key)

    def exposure(self, account: str | None = None) -> Decimal | None:
        """Give the unsigned value of everything held besides money, of one account or of all."""
        return self._sum(self._valuation.exposure, account)

    def notional(self, account: str) -> Decimal | None:
        """Give the unsigned value of an account's perpetual positions."""
        return self._valuation.notional(self._account(account))

    def leverage(self, account: str) -> Decimal | None:
        """Give the perpetual positions as a multiple of the account's equity; None when unknown or not above 0."""
        notional, equity = self.notional(account), self.equity(account)
        if notional is None or equity is None or equity <= 0:
            return None
        return notional / equity

    # What may be spent.

    def reserve(self, order_id: str, account: str, coin: str, amount: Decimal) -> None:
        """Speak for an amount until the order is done; more than is available is refused with NotEnoughError."""
        free = self.available(account, coin)
        if amount > free:
            raise NotEnoughError(
                f"Order {order_id} of {account} would spend {readable(amount)} {coin}, but {readable(free)} {coin} is "
                "free: plan it again with what is available."
            )
        self._reservations.put(Reservation(order_id, account, coin, amount))

    def release(self, order_id: str) -> None:
        """Give back what an order has not spent."""
        self._reservations.release(order_id)

    def hand_over(self, order_id: str, successor: str) -> None:
        """Let another order spend what one has not spent."""
        self._reservations.hand_over(order_id, successor)

    def reserved(self, account: str, coin: str) -> Decimal:
        """Give what the open orders of an account have spoken for."""
        return self._reservations.total(account, coin)

    def available(self, account: str, coin: str) -> Decimal:
        """Give what no order and no position has spoken for and nobody has borrowed; never below 0."""
        owner = self._account(account)
        free = EXACT.subtract(owner.wallet.get(coin, ZERO), self._reservations.total(account, coin))
        if coin in owner.lent:
            free = EXACT.subtract(free, owner.lent[coin])
        if coin == self.money:
            free = EXACT.subtract(free, self._valuation.tied_up(owner))
        return max(ZERO, free)

    def committed(self, account: str) -> Decimal | None:
        """Give what open orders and positions have spoken for, in money; None while something held has no price.

        Orders to sell speak for coins that count as held already.
        """
        owner = self._account(account)
        coins = self._valuation.coins(owner)
        if coins is None:
            return None
        promised = EXACT.add(self._reservations.total(account, self.money), self._valuation.tied_up(owner))
        return EXACT.add(coins, promised)

    # Save and load.

    def to_plain(self) -> dict[str, Any]:
        """Give everything as JSON-able data."""
        return {
            "money": self.money,
            "dust": str(self.dust),
            "accounts": {name: account.to_plain() for name, account in self._accounts.items()},
            "reservations": self._reservations.to_plain(),
            "in_transit": plain(self._in_transit),
            "marks": self._marks.to_plain(),
            "net_value": self.net_value.to_plain(),
        }

    @classmethod
    def from_plain(cls, instruments: Mapping[Key, Instrument], data: Mapping[str, Any]) -> "Portfolio":
        """Read what `to_plain` wrote."""
        portfolio = cls(instruments, {}, data["money"], Decimal(data["dust"]))
        accounts = data["accounts"].items()
        portfolio._accounts = {name: Account.from_plain(name, account) for name, account in accounts}
        portfolio._reservations.restore(data["reservations"])
        portfolio._in_transit = Decimal(data["in_transit"])
        for market, symbol, price in data["marks"]:
            portfolio.mark(Market(market), symbol, Decimal(price))
        portfolio.net_value = NetValue.from_plain(data["net_value"])
        return portfolio

    # How.

    def _sum(self, value: Callable[[Account], Decimal | None], name: str | None) -> Decimal | None:
        if name is not None:
            return value(self._account(name))
        total = ZERO
        for account in self._accounts.values():
            amount = value(account)
            if amount is None:
                return None
            total = EXACT.add(total, amount)
        return total

    def _adopt(self, account: Account) -> None:
        for coin, amount in account.wallet.items():
            symbol = self._spot_symbol(coin)
            if symbol is not None and amount:
                account.move_in(symbol, amount, None)

    def _spot_symbol(self, coin: str) -> str | None:
        found = (
            symbol
            for (market, symbol), instrument in self._instruments.items()
            if market is Market.SPOT and instrument.base == coin and instrument.quote == self.money
        )
        return next(found, None)

    def _fee(self, fill: Fill) -> Decimal:
        """Give the fee of a fill in quote coin; a fee in a coin that nobody can price counts as nothing in profits."""
        instrument = self._instrument((fill.market, fill.symbol))
        if fill.fee_coin == instrument.quote:
            return fill.fee
        if fill.fee_coin == instrument.base:
            return EXACT.multiply(fill.fee, fill.price)
        return EXACT.multiply(fill.fee, self._marks.coin(fill.fee_coin) or ZERO)

    def _spend(self, fill: Fill) -> None:
        if fill.done:
            self._reservations.release(fill.order_id)
        elif fill.market is Market.SPOT and fill.side is Side.SELL:
            self._reservations.spend(fill.order_id, fill.quantity)
        else:
            leverage = self.leverage_set(fill.account, fill.symbol) if fill.market is Market.LINEAR else ONE
            value = EXACT.multiply(fill.quantity, fill.price)
            self._reservations.spend(fill.order_id, EXACT.divide(value, leverage or ONE))

    def _account(self, name: str) -> Account:
        account = self._accounts.get(name)
        if account is None:
            known = ", ".join(sorted(self._accounts)) or "none"
            raise UnknownAccountError(f"Expected one of the accounts {known}, found {name!r}: add it to the portfolio.")
        return account

    def _instrument(self, key: Key) -> Instrument:
        instrument = self._instruments.get(key)
        if instrument is None:
            raise UnknownInstrumentError(f"No instrument describes {key[1]!r} on {key[0].value}: load it first.")
        return instrument

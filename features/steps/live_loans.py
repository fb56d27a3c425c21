"""Loans of the real process at the exchange's Earn"""

from decimal import Decimal

from features.steps.live_world import Live
from features.steps.sentence import says
from features.steps.words import Bound
from runtime.events import EarnMoved
from runtime.requests import LookUpEarn

PLACE = "/v5/earn/place-order"
ZERO = Decimal(0)


@says("the exchange pays {rate:Percent} a year for coins that are lent out")
def _(live: Live, rate: Decimal) -> None:
    """Every coin has a flexible product at this rate."""
    live.exchange.served.pull("offer", rate=str(rate))


@says("the exchange takes the next loan and its answer is lost")
def _(live: Live) -> None:
    """The coins are out, the line breaks before the answer is there."""
    live.exchange.fault("lost", endpoint=PLACE, after=True)


@says("{count:Whole} loan[s] (has|have) reached the exchange")
def _(live: Live, count: int) -> None:
    """How many orders at Earn came since it opened, out and home, whatever it answered; none of them twice."""
    loans = live.exchange.loans
    live.expect(lambda: len(loans) >= count, f"{count} orders at Earn")
    names = [order.order_id for order in loans]
    assert len(set(names)) == len(names) == count, f"These have come: {names}."


@says("{amount:Number} {coin:Coin} of {book:Book} (is|are) at Earn")
def _(live: Live, amount: Decimal, coin: str, book: str) -> None:
    """The exchange has so much of the coin on loan, and the journal knows it."""
    account = live.account(book)
    live.expect(lambda: live.exchange.lent(account).get(coin, ZERO) == amount, f"{amount} {coin} at Earn")

    def known() -> bool:
        moved = {one.order_id: one for one in live.events(EarnMoved) if (one.account, one.coin) == (account, coin)}
        return sum((one.amount for one in moved.values()), ZERO) == amount

    live.expect(known, f"a journal that knows of {amount} {coin} at Earn")


@says("the loan was looked up")
def _(live: Live) -> None:
    """The engine has asked what became of an order at Earn."""
    live.expect(lambda: live.requests(LookUpEarn), "a look-up at Earn")


@says("the exchange has {bound:Bound}{amount:Number} {coin:Coin} in the wallet of {book:Book}")
def _(live: Live, bound: Bound, amount: Decimal, coin: str, book: str) -> None:
    """What the sub-account has of a coin, without what it has lent out."""
    account = live.account(book)
    what = f"{bound.words} {amount} {coin} in {account}"
    live.expect(lambda: bound.holds(live.exchange.coin(account, coin), amount), what)

"""What goes wrong around the real process: answers, sockets, messages, clocks, other people"""

from decimal import Decimal

from features.steps.live_world import Live
from features.steps.sentence import says
from runtime.instrument import Market

CREATE, STOPS = "/v5/order/create", "/v5/position/trading-stop"
LOOK_UPS = ("/v5/order/realtime", "/v5/order/history", "/v5/execution/list")
KEY_INVALID = (10003, "API key is invalid.")
SILENCE = ("lost", "reject_socket")

# ── answers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@says("the exchange takes the next order and its answer is lost")
def _(live: Live) -> None:
    """The order is in the market, the line breaks before the answer is there."""
    live.exchange.fault("lost", endpoint=CREATE, after=True)


@says("the next order is lost on its way to the exchange")
def _(live: Live) -> None:
    """The line breaks before the order is there; nobody can tell that from a lost answer."""
    live.exchange.fault("lost", endpoint=CREATE)


@says("the exchange answers no look-ups")
def _(live: Live) -> None:
    """Whoever asks what became of an order hears nothing."""
    for endpoint in LOOK_UPS:
        live.exchange.fault("lost", endpoint=endpoint, count=None)


@says("the exchange answers look-ups again")
def _(live: Live) -> None:
    """Whoever asks what became of an order is told."""
    live.exchange.lift("lost")


@says("the exchange is too busy for the next {count:Whole} order[s], and asks each to come again in {span:Span}")
def _(live: Live, count: int, span: int) -> None:
    """They are refused for now, with the moment at which they may come again."""
    live.exchange.fault("rate_limit", endpoint=CREATE, count=count, ms=span)


@says("the exchange refuses the next order with {code:Whole} {words:Quoted}")
def _(live: Live, code: int, words: str) -> None:
    """It says no, with its own number and words."""
    live.exchange.fault("refuse", endpoint=CREATE, code=code, message=words)


@says("the exchange takes the key of {book:Book} no more")
def _(live: Live, book: str) -> None:
    """Every order of its sub-account is refused because the key is not valid."""
    code, words = KEY_INVALID
    live.exchange.fault("refuse", account=live.account(book), endpoint=CREATE, code=code, message=words, count=None)


@says("the exchange takes every key again")
def _(live: Live) -> None:
    """Orders are refused because of a key no longer."""
    live.exchange.lift("refuse")


@says("the exchange takes no stop any more")
def _(live: Live) -> None:
    """A wish to place or move a stop is refused."""
    live.exchange.fault("refuse", endpoint=STOPS, count=None, code=10001, message="params error: StopLoss")


# ── messages ────────────────────────────────────────────────────────────────────────────────────────────────────────


@says("the exchange tells of every order and execution twice")
def _(live: Live) -> None:
    """Each message goes out a second time."""
    _let_each_account("duplicate", live)


@says("the exchange tells of the next {count:Whole} executions only after what came later")
def _(live: Live, count: int) -> None:
    """Messages overtake each other."""
    live.exchange.fault("reorder", endpoint="execution", count=count)


@says("the exchange tells of no order and no execution")
def _(live: Live) -> None:
    """The sockets stand and bring nothing of them."""
    _let_each_account("silence", live)


@says("the exchange breaks every socket")
def _(live: Live) -> None:
    """All streams end without a farewell, and new ones are let in."""
    assert live.exchange.served.pull("drop")["dropped"], "Nobody listens to the exchange."


@says("the exchange breaks every socket and lets nobody in")
def _(live: Live) -> None:
    """All streams end without a farewell; requests are answered."""
    live.exchange.fault("reject_socket", count=None)
    live.exchange.served.pull("drop")


@says("the exchange lets sockets in again")
def _(live: Live) -> None:
    """Streams may be opened."""
    live.exchange.lift("reject_socket")


@says("the exchange fills the next order in parts of {share:Percent}")
def _(live: Live, share: Decimal) -> None:
    """Each candle gives so much of it."""
    live.exchange.fault("partial_fill", endpoint=CREATE, share=str(share))


def _let_each_account(kind: str, live: Live) -> None:
    """Public topics begin with `order` as well, and belong to no account."""
    for account in live.accounts.values():
        for topic in ("order", "execution"):
            live.exchange.fault(kind, account=account, endpoint=topic, count=None)


@says("the exchange corrects the last candle of {symbol:Symbol} to a close of {price:Number} USDT")
def _(live: Live, symbol: str, price: Decimal) -> None:
    """It publishes the candle that has ended last once more, with another close."""
    live.exchange.served.pull("correct", market=Market.LINEAR.value, symbol=symbol, close=float(price))


# ── silence and clocks ──────────────────────────────────────────────────────────────────────────────────────────────


@says("the exchange falls silent")
def _(live: Live) -> None:
    """No request is answered, every socket breaks, and nobody is let in."""
    for kind in SILENCE:
        live.exchange.fault(kind, count=None)
    live.exchange.served.pull("drop")


@says("the exchange speaks again")
def _(live: Live) -> None:
    """Requests are answered and sockets let in."""
    live.exchange.lift(*SILENCE)


@says("the exchange lives in the present")
def _(live: Live) -> None:
    """Its market is that of today, so that its clock can be compared with this machine's; no candle closes in it."""
    live.live_today()


@says("the clock of the exchange is {seconds:Number} seconds ahead of this machine's")
def _(live: Live, seconds: Decimal) -> None:
    """Everything that it stamps and checks is by that clock; behind, where the number is negative."""
    live.exchange.fault("clock", ms=int(seconds * 1000))


@says("the clock of the exchange is right again")
def _(live: Live) -> None:
    """It is that of this machine."""
    live.exchange.lift("clock")


# ── other people ────────────────────────────────────────────────────────────────────────────────────────────────────


@says("somebody else buys {amount:Number} {symbol:Symbol} with the key of {book:Book}")
def _(live: Live, amount: Decimal, symbol: str, book: str) -> None:
    """An order by hand, of which the engine knows nothing."""
    stranger = live.exchange.stranger(live.account(book))
    stranger.place_order(category="linear", symbol=symbol, side="Buy", orderType="Market", qty=str(amount))


@says("somebody else takes the stop of {symbol:Symbol} away with the key of {book:Book}")
def _(live: Live, symbol: str, book: str) -> None:
    """The position stands without one."""
    stranger = live.exchange.stranger(live.account(book))
    stranger.cancel_all_orders(category="linear", symbol=symbol)


@says("the key of {book:Book} may withdraw money")
def _(live: Live, book: str) -> None:
    """A permission that no engine needs."""
    permissions = {"ContractTrade": ("Order", "Position"), "Spot": ("SpotTrade",), "Wallet": ("Withdraw",)}
    live.exchange.served.pull("key", account=live.account(book), permissions=permissions)


@says("the key of {book:Book} may only read")
def _(live: Live, book: str) -> None:
    """It places no order."""
    live.exchange.served.pull("key", account=live.account(book), read_only=True)


@says("the key of {book:Book} works from any address and expires in {span:Span}")
def _(live: Live, book: str, span: int) -> None:
    """Neither keeps it from trading."""
    expires_ms = live.now_ms + span
    live.exchange.served.pull("key", account=live.account(book), addresses=(), expires_ms=expires_ms)

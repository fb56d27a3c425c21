"""Coins on loan at Bybit Earn: asked for once, followed until they are out or back, and home before they are sold."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from machines.intents import Leave, Lend, Sell, TakeBack, Urgency
from runtime.answers import Answer, classify
from runtime.codec import from_plain, to_plain
from runtime.decimals import DOWNWARDS, EXACT, ZERO, readable
from runtime.draft import Draft
from runtime.events import EarnMoved, LookedUp, OrderRejected, OrderUnknown
from runtime.instance import Instance
from runtime.instrument import Instrument, Market
from runtime.lookups import Lookups, Verdict
from runtime.order_id import next_attempt, order_id
from runtime.portfolio import Portfolio
from runtime.requests import EarnOrder, EarnSide, LookUpEarn
from runtime.step import Approved, Outcome, Refused
from runtime.timeframe import timeframe_ms

SILENCE_MS = 30_000
AGAIN_MS = 60_000
SLOW_MS = 3_600_000
TRIES = 5
HOME = "on its way back from Earn"
Key = tuple[str, str]


@dataclass(slots=True)
class Underway:
    """One order at Earn that is not done; `send_at_ms` is when its next attempt leaves, `accepted` that it was taken.

    `told` says that the operator knows how long it takes.
    """

    request: EarnOrder
    book: str
    asked_ms: int
    accepted: bool = False
    tries: int = 1
    send_at_ms: int | None = None
    told: bool = False


@dataclass(frozen=True, slots=True)
class WaitingSale:
    """A sale of coins that are not back yet; after `until_ms` it counts no more, because its rule has decided anew."""

    account: str
    coin: str
    rule: str
    intent: Sell | Leave
    until_ms: int | None


class Earn:
    """Lends what nobody has spoken for, and calls home what a sale needs; nothing is sold that is not there."""

    def __init__(self, portfolio: Portfolio) -> None:
        self._portfolio = portfolio
        self._underway: dict[str, Underway] = {}
        self._waiting: dict[Key, dict[str, WaitingSale]] = {}
        self._lookups = Lookups()

    def knows(self, name: str) -> bool:
        """Whether an order of this id is under way at Earn."""
        return name in self._underway

    def source(self, name: str) -> str | None:
        """The account of an order that is under way at Earn."""
        one = self._underway.get(name)
        return None if one is None else one.request.account

    def unsettled(self, account: str) -> frozenset[str]:
        """The coins of an account of which nobody can say right now whether they are at Earn."""
        return frozenset(one.request.coin for one in self._underway.values() if one.request.account == account)

    def due(self, now_ms: int) -> bool:
        """Whether something has to be asked or sent."""
        leaving = (one.send_at_ms for one in self._underway.values() if one.send_at_ms is not None)
        return self._lookups.is_due(now_ms) or any(now_ms >= at_ms for at_ms in leaving)

    # ── out and home ────────────────────────────────────────────────────────────────────────────────────────────────

    def consider(self, instance: Instance, rule: str, intent: Lend | TakeBack, draft: Draft) -> Outcome:
        """Lend a coin, or call it home; a yes has its request in the draft already."""
        instrument, account = instance.view.instrument(intent.symbol), instance.book.account
        if isinstance(intent, TakeBack):
            back = self._call_home(account, instrument.base, None, (instance.book.name, rule), draft)
            return Approved(intent, back, ())
        reason = self._against_lending(instance, intent, instrument)
        if reason is not None:
            return Refused(intent, "earn", reason)
        price = instance.view.price(intent.symbol)
        free = self._portfolio.available(account, instrument.base)
        wanted = ZERO if price is None else DOWNWARDS.divide(intent.amount, price)
        amount = instrument.quantity_down(min(wanted, free))
        if not amount > 0:
            return Refused(intent, "size", f"{readable(free)} {instrument.base} is too little to be lent.")
        name = self._name(account, rule, instance.book.name, instrument.base, draft.at_ms)
        self._portfolio.reserve(name, account, instrument.base, amount)
        request = EarnOrder(name, account, instrument.base, amount, EarnSide.STAKE)
        self._ask(Underway(request, instance.book.name, draft.at_ms), draft)
        return Approved(intent, (request,), ())

    def _against_lending(self, instance: Instance, intent: Lend, instrument: Instrument) -> str | None:
        if intent.symbol not in instance.book.lends:
            return f"{instance.book.name} does not name {intent.symbol} among the coins that it lends."
        if instrument.base in self.unsettled(instance.book.account):
            return f"The last order at Earn for {instrument.base} is not done yet."
        return None

    def call_home(self, cause: str, draft: Draft) -> None:
        """Take everything back, from every account; what is on its way already is not asked for again."""
        for account in self._portfolio.accounts:
            for coin in self._portfolio.all_lent(account):
                self._call_home(account, coin, None, ("", cause), draft)

    def _call_home(
        self, account: str, coin: str, wanted: Decimal | None, asker: Key, draft: Draft
    ) -> tuple[EarnOrder, ...]:
        """Ask for so much of a coin, or for all of it, as far as it is not on its way."""
        lent, on_way = self._portfolio.lent(account, coin), self._on_way(account, coin)
        amount = EXACT.subtract(lent if wanted is None else min(lent, wanted), on_way)
        if not amount > 0:
            return ()
        book, rule = asker
        name = self._name(account, rule, book, coin, draft.at_ms)
        request = EarnOrder(name, account, coin, amount, EarnSide.REDEEM)
        self._ask(Underway(request, book, draft.at_ms), draft)
        return (request,)

    def _on_way(self, account: str, coin: str) -> Decimal:
        requests = (one.request for one in self._underway.values())
        back = (r for r in requests if (r.account, r.coin, r.side) == (account, coin, EarnSide.REDEEM))
        return sum((request.amount for request in back), ZERO)

    def _ask(self, underway: Underway, draft: Draft) -> None:
        self._underway[underway.request.order_id] = underway
        draft.requests.append(underway.request)

    def _name(self, account: str, rule: str, book: str, coin: str, now_ms: int) -> str:
        attempt = 1
        while order_id(account, rule, f"{book}:{now_ms}", f"earn {coin}", attempt) in self._underway:
            attempt += 1
        return order_id(account, rule, f"{book}:{now_ms}", f"earn {coin}", attempt)

    # ── sales of what is lent out ───────────────────────────────────────────────────────────────────────────────────

    def before_sale(self, instance: Instance, rule: str, intent: Sell | Leave, draft: Draft) -> Outcome | None:
        """Call home what a sale lacks, and let it wait; None where it can go on with what is there.

        An urgent one goes on with what is there at once, and only its rest waits.
        """
        instrument, account = instance.view.instrument(intent.symbol), instance.book.account
        lacking = self._lacking(instance, instrument, intent)
        if lacking is None:
            return None
        asked = self._call_home(account, instrument.base, lacking, (instance.book.name, rule), draft)
        urgent = intent.urgency is Urgency.URGENT
        until_ms = None if urgent else draft.at_ms + timeframe_ms(instance.book.timeframe)
        at_once = self._at_once(instance, instrument) if urgent else ZERO
        rest = intent
        if at_once and isinstance(intent, Sell) and intent.amount is not None:
            rest = replace(intent, amount=intent.amount - at_once)
        sale = WaitingSale(account, instrument.base, rule, rest, until_ms)
        self._waiting.setdefault(instance.key, {})[intent.symbol] = sale
        if at_once:
            return None
        if asked:
            return Approved(intent, asked, ())
        return Refused(intent, "earn", f"The {instrument.base} that it needs is {HOME}.")

    def _lacking(self, instance: Instance, instrument: Instrument, intent: Sell | Leave) -> Decimal | None:
        """So much has to come home for a sale, whole steps of the instrument; None where nothing has to."""
        account, coin = instance.book.account, instrument.base
        lent, price = self._portfolio.lent(account, coin), instance.view.price(intent.symbol)
        if not lent or price is None or instrument.market is not Market.SPOT:
            return None
        if isinstance(intent, Leave) or intent.amount is None:
            return lent
        short = DOWNWARDS.divide(intent.amount, price) - self._portfolio.available(account, coin)
        if not short > 0:
            return None
        steps = instrument.quantity_down(short)
        return min(lent, steps if steps == short else steps + instrument.quantity_step)

    def _at_once(self, instance: Instance, instrument: Instrument) -> Decimal:
        """What an order for the coins that are there would bring, in quote coin; nothing where that is no order."""
        price = instance.view.price(instrument.symbol) or ZERO
        free = instrument.quantity_down(self._portfolio.available(instance.book.account, instrument.base))
        is_order = free >= instrument.minimum_quantity and free * price >= instrument.minimum_notional
        return free * price if is_order else ZERO

    def forget_sale(self, key: Key, symbol: str) -> None:
        """A sale that waits is wanted no more."""
        self._waiting.get(key, {}).pop(symbol, None)

    def sales_due(self, account: str, coin: str, now_ms: int) -> Iterator[tuple[Key, WaitingSale]]:
        """Give, once each, the sales that have waited for a coin that is now back as far as it was asked for."""
        if self._on_way(account, coin):
            return
        for key, sales in self._waiting.items():
            for symbol, sale in tuple(sales.items()):
                if (sale.account, sale.coin) == (account, coin):
                    del sales[symbol]
                    if sale.until_ms is None or now_ms <= sale.until_ms:
                        yield key, sale

    # ── answers ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def accepted(self, name: str, now_ms: int) -> None:
        """Earn has taken an order: how far it is, only looking tells."""
        one = self._underway[name]
        if not one.accepted:
            one.accepted = True
            self._lookups.end(name)
            self._lookups.begin(name, now_ms, known=True)

    def moved(self, event: EarnMoved, draft: Draft) -> None:
        """Coins are out or back: the order is done."""
        one = self._underway.pop(event.order_id, None)
        self._lookups.end(event.order_id)
        self._portfolio.release(event.order_id)
        if self._portfolio.apply_earn(event):
            word = "lent out at Earn" if event.amount > 0 else "back from Earn"
            text = f"{readable(abs(event.amount))} {event.coin} of {event.account} are {word}."
            draft.tell("P3", "" if one is None else one.book, text)

    def rejected(self, event: OrderRejected, draft: Draft) -> None:
        """Earn has refused an order: what shall come home is asked for again, what was to be lent stays."""
        if classify(event.code) is Answer.EXISTS:
            self._look_for(event.order_id, draft.at_ms)
            return
        one = self._end(event.order_id)
        request = one.request
        why = f"{readable(request.amount)} {request.coin} of {request.account}: {event.reason} ({event.code})"
        if request.side is EarnSide.STAKE:
            draft.tell("P2", one.book, f"Earn did not take {why}.")
        elif one.tries >= TRIES:
            draft.tell("P0", one.book, f"Earn does not give back {why}; {TRIES} attempts have failed.")
        else:
            draft.tell("P1", one.book, f"Earn did not give back {why}; it is asked again.")
            self._try_again(one, max(event.retry_at_ms or 0, draft.at_ms + AGAIN_MS))

    def unknown(self, event: OrderUnknown, draft: Draft) -> None:
        """The answer to an order is lost: look, and ask for nothing a second time."""
        self._look_for(event.order_id, draft.at_ms)

    def looked_up(self, event: LookedUp, draft: Draft) -> None:
        """A look has ended; what it found was taken in before, so what is still under way is not done."""
        verdict = self._lookups.answered(event.order_id, event.found, event.complete, event.at_ms)
        if verdict is Verdict.FOUND:
            self._underway[event.order_id].accepted = True
        elif verdict is Verdict.NEVER_PLACED:
            one = self._end(event.order_id)
            draft.tell("P2", one.book, f"The order {event.order_id} never came to Earn.")
            if one.request.side is EarnSide.REDEEM:
                self._try_again(one, draft.at_ms)

    def _look_for(self, name: str, now_ms: int) -> None:
        self._lookups.begin(name, now_ms, self._underway[name].accepted)

    def _end(self, name: str) -> Underway:
        self._lookups.end(name)
        self._portfolio.release(name)
        return self._underway.pop(name)

    def _try_again(self, one: Underway, at_ms: int) -> None:
        """What never came home is asked for under another name: Earn knows the old one."""
        name = next_attempt(one.request.order_id)
        again = Underway(replace(one.request, order_id=name), one.book, at_ms, tries=one.tries + 1, send_at_ms=at_ms)
        self._underway[name] = again

    # ── time ────────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def idle(self) -> bool:
        """Whether nothing is on its way to Earn or back, so that time alone brings nothing."""
        return not self._underway and self._lookups.idle

    def tick(self, draft: Draft) -> None:
        """Do what is due: look, send again, and say what takes long."""
        for name in self._lookups.due(draft.at_ms):
            request = self._underway[name].request
            draft.requests.append(LookUpEarn(name, request.account, request.coin))
        for name in self._lookups.alarms(draft.at_ms):
            if not self._underway[name].accepted:
                text = f"Three look-ups have not explained the order {name} at Earn; it is looked for every minute."
                draft.tell("P0", self._underway[name].book, text)
        for one in tuple(self._underway.values()):
            self._tick(one, draft)

    def _tick(self, one: Underway, draft: Draft) -> None:
        name, waited_ms = one.request.order_id, draft.at_ms - one.asked_ms
        if one.send_at_ms is not None:
            if draft.at_ms >= one.send_at_ms:
                one.send_at_ms = None
                draft.requests.append(one.request)
        elif waited_ms >= SILENCE_MS and not self._lookups.under_way(name):
            self._look_for(name, draft.at_ms)
        elif waited_ms >= SLOW_MS and not one.told and one.request.side is EarnSide.REDEEM:
            one.told = True
            text = f"{readable(one.request.amount)} {one.request.coin} of {one.request.account} is still {HOME}."
            draft.tell("P1", one.book, text)

    def restarted(self, now_ms: int) -> None:
        """A process has begun: an order that was committed and has no answer may have left or not."""
        self._lookups.hasten(now_ms)
        for name, one in self._underway.items():
            if one.send_at_ms is None:
                self._look_for(name, now_ms)

    # ── state ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def to_plain(self) -> dict[str, Any]:
        """Every order at Earn under way and every sale that waits as plain data."""
        waiting = [[*key, to_plain(sale)] for key, sales in self._waiting.items() for sale in sales.values()]
        underway = [to_plain(one) for one in self._underway.values()]
        return {"underway": underway, "waiting": waiting, "lookups": self._lookups.to_plain()}

    def restore(self, plain: Mapping[str, Any]) -> None:
        """Take back what `to_plain` gave."""
        orders = (from_plain(Underway, one) for one in plain["underway"])
        self._underway = {one.request.order_id: one for one in orders}
        self._waiting = {}
        for book, symbol, data in plain["waiting"]:
            sale = from_plain(WaitingSale, data)
            self._waiting.setdefault((book, symbol), {})[sale.intent.symbol] = sale
        self._lookups.restore(plain["lookups"])

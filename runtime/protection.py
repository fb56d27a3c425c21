"""Every perpetual position has a stop on the exchange, or is closed: seen to after each event that could change it."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from machines.table import Firing
from runtime.decider import Decider
from runtime.decimals import ONE, ZERO, plain, readable
from runtime.draft import Draft
from runtime.events import AccountSeen, Fill, SeenPosition, StopGone, StopPlaced
from runtime.fences import Fences
from runtime.instance import Instance
from runtime.instrument import Market
from runtime.portfolio import Portfolio
from runtime.position import Position
from runtime.requests import ChangeStop, Request
from runtime.trader import Trader

ASK_AFTER_MS = 1_000
CLOSE_AFTER_MS = 5_000
Key = tuple[str, str]


@dataclass(slots=True)
class Naked:
    """A position without a confirmed stop: since when, whether one was asked for, and when to close it (again)."""

    since_ms: int
    close_ms: int
    asked: bool = False
    closing: bool = False


class Protection:
    """Puts back a stop that is gone at once, and closes a position whose stop is not confirmed within 5 s.

    It also closes what an order has brought of which its machine no longer knows.
    """

    def __init__(
        self, portfolio: Portfolio, trader: Trader, decider: Decider, fences: Fences, instances: Iterable[Instance]
    ) -> None:
        self._portfolio = portfolio
        self._trader = trader
        self._decider = decider
        self._fences = fences
        self._guarded: dict[Key, list[Instance]] = {}
        for one in instances:
            if one.book.market == Market.LINEAR and not one.machine.table.hedges:
                for symbol in one.symbols:
                    self._guarded.setdefault((one.book.account, symbol), []).append(one)
        self._naked: dict[Key, Naked] = {}
        self._stray_ms: dict[Key, int] = {}
        self._wanted: dict[Key, Decimal] = {}
        self._doubtful: set[Key] = set()
        self._watched: set[Key] = set()
        self._gone_ms: dict[Key, int] = {}
        self.adopted: set[Key] = set()
        self.orphans: set[Key] = set()

    @property
    def uneasy(self) -> bool:
        """Whether something has to be put right within seconds: a stop, a stray, a machine that holds what is gone."""
        return bool(self._naked or self._stray_ms or self._gone_ms)

    # ── what happens ────────────────────────────────────────────────────────────────────────────────────────────────

    def found(self, fill: Fill) -> None:
        """A fill of nobody's order: what is held now is an orphan, which stays as it is until a person decides."""
        if fill.market is Market.LINEAR and self._held(fill.account, fill.symbol):
            self.orphans.add((fill.account, fill.symbol))
            reason = f"{fill.symbol} of {fill.account} was traded by nobody here: adopt it, or close it."
            self._fences.quarantine(f"{fill.account}/{fill.symbol}", reason)

    def decided(self, key: Key) -> None:
        """A person has dealt with an orphan."""
        self.orphans.discard(key)
        self._fences.quarantine("/".join(key), None)

    def placed(self, event: StopPlaced) -> None:
        """A stop stands; one that comes when its position has gone already protects nothing."""
        live = self._trader.desk.live(symbol=event.symbol)
        if self._held(event.account, event.symbol) or any(t.request.account == event.account for t in live):
            self._portfolio.apply_stop(event)

    def gone(self, event: StopGone, draft: Draft) -> None:
        """Put a stop that has vanished where it was, at once."""
        if self._held(event.account, event.symbol):
            self._replace(event.account, event.symbol, draft)

    def seen(self, event: AccountSeen, draft: Draft) -> None:
        """Compare the stops that the exchange shows with those that should be there."""
        for shown in event.positions:
            position = self._portfolio.position(event.account, Market.LINEAR, shown.symbol)
            if position.quantity * shown.quantity > 0:
                self._compare(event.account, shown, position, draft)

    def refused(self, name: str, draft: Draft) -> None:
        """A stop was refused (`stop:ACCOUNT:SYMBOL`): where none stands, the price is through it, so close at once."""
        _, account, symbol = name.split(":", 2)
        naked = self._naked.get((account, symbol))
        if naked is not None and self._portfolio.stop(account, symbol) is None:
            naked.close_ms = draft.at_ms

    def restarted(self, now_ms: int) -> None:
        """A process has begun: where a stop was asked to be may never have left, and news may wait to be heard."""
        self._doubtful = set(self._wanted)
        self._naked = {key: Naked(now_ms, now_ms + CLOSE_AFTER_MS) for key in self._naked}
        self._gone_ms = dict.fromkeys(self._gone_ms, now_ms)

    def unknown(self, name: str) -> None:
        """Whether a stop was moved is unknown (`stop:ACCOUNT:SYMBOL`); the next look shows it."""
        _, account, symbol = name.split(":", 2)
        self._doubtful.add((account, symbol))

    def note(self, requests: Iterable[Request]) -> None:
        """Remember where stops were asked to be, because the answer may be lost."""
        for request in requests:
            if isinstance(request, ChangeStop):
                self._wanted[request.account, request.symbol] = request.price

    def watch(self, draft: Draft) -> None:
        """See to every position of every book that needs a stop."""
        for key, instances in self._guarded.items():
            if self._held(*key):
                self._watch(key, instances, draft)
            else:
                if key in self._watched:
                    self._forget(key)
                self._wake(key, instances, draft)

    # ── how ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _wake(self, key: Key, instances: list[Instance], draft: Draft) -> None:
        """A machine that holds what is gone, because the news of it overtook each other, is told after a while."""
        phantom = len(instances) == 1 and instances[0].snapshot.state in instances[0].machine.table.holding
        if not phantom or next(self._trader.desk.live(instances[0].book.name, key[1]), None) is not None:
            self._gone_ms.pop(key, None)
        elif draft.at_ms >= self._gone_ms.setdefault(key, draft.at_ms) + CLOSE_AFTER_MS:
            price = instances[0].view.price(key[1]) or ZERO
            self._decider.move(instances[0], "stopped", {"price": price}, "nothing is held any more", draft)

    def _watch(self, key: Key, instances: list[Instance], draft: Draft) -> None:
        self._watched.add(key)
        if key in self.orphans:
            return
        owner = next((one for one in instances if self._knows(one, key[1], draft.at_ms)), None)
        if self._portfolio.stop(*key) is None:
            self._dress(owner or instances[0], key, draft)
        else:
            self._naked.pop(key, None)
        if owner is not None or key in self.adopted:
            self._stray_ms.pop(key, None)
        else:
            self._close_stray(instances[0], key, draft)

    def _dress(self, instance: Instance, key: Key, draft: Draft) -> None:
        naked = self._naked.setdefault(key, Naked(draft.at_ms, draft.at_ms + CLOSE_AFTER_MS))
        if draft.at_ms >= naked.close_ms:
            naked.close_ms = draft.at_ms + CLOSE_AFTER_MS
            self._close(instance, key[1], naked, draft)
        elif not naked.asked and draft.at_ms >= naked.since_ms + ASK_AFTER_MS:
            naked.asked = True
            self._ask(key, self._stop_of(instance, key), draft)

    def _close(self, instance: Instance, symbol: str, naked: Naked, draft: Draft) -> None:
        cause = "no confirmed stop"
        text = f"{symbol} has no confirmed stop since {(draft.at_ms - naked.since_ms) / 1000:g} s and is closed."
        draft.tell("P0", instance.book.name, text)
        moved = self._decider.move(instance, "close_now", {}, cause, draft)
        # A machine whose entry is still being filled takes that back first; it is not waited for twice.
        if not moved or naked.closing:
            self._trader.liquidate(instance, cause, draft)
        naked.closing = True

    def _close_stray(self, instance: Instance, key: Key, draft: Draft) -> None:
        if draft.at_ms >= self._stray_ms.get(key, 0):
            self._stray_ms[key] = draft.at_ms + CLOSE_AFTER_MS
            text = f"{key[1]} is held by {key[0]} although its machine is {instance.snapshot.state}: it is closed."
            draft.tell("P0", instance.book.name, text)
            self._trader.liquidate(instance, "a fill after its order had ended", draft)

    def _knows(self, instance: Instance, symbol: str, now_ms: int) -> bool:
        snapshot = instance.snapshot
        if snapshot.state in instance.machine.table.holding or snapshot.state == "EMERGENCY":
            return True
        if next(self._trader.desk.live(instance.book.name, symbol), None) is not None:
            return True
        return instance.machine.may(snapshot, "close_now", Firing(now_ms, instance.symbols, {}, ""))

    def _compare(self, account: str, shown: SeenPosition, position: Position, draft: Draft) -> None:
        key, ours = (account, shown.symbol), self._portfolio.stop(account, shown.symbol)
        if shown.stop is None:
            if ours is not None:
                self._replace(account, shown.symbol, draft)
            return
        wanted, sign = self._wanted.get(key), ONE if position.quantity > 0 else -ONE
        is_short_of = wanted is not None and (wanted - shown.stop) * sign > 0
        is_doubtful = key in self._doubtful
        self._doubtful.discard(key)
        if shown.stop == ours and not (is_doubtful and is_short_of):
            return
        self._portfolio.apply_stop(StopPlaced(draft.at_ms, account, shown.symbol, shown.stop))
        if wanted is not None and is_short_of:
            draft.requests.append(ChangeStop(account, shown.symbol, wanted))
        elif ours is not None:
            text = f"The stop of {shown.symbol} stands at {readable(shown.stop)}, not at {readable(ours)}."
            draft.tell("P2", "", text)

    def _replace(self, account: str, symbol: str, draft: Draft) -> None:
        key, price = (account, symbol), self._portfolio.stop(account, symbol)
        self._portfolio.lose_stop(account, symbol)
        naked = self._naked.setdefault(key, Naked(draft.at_ms, draft.at_ms + CLOSE_AFTER_MS))
        if price is not None and not naked.asked:
            naked.asked = True
            draft.tell("P1", "", f"The stop of {symbol} in {account} is gone from the exchange: it is placed again.")
            self._ask(key, price, draft)

    def _ask(self, key: Key, price: Decimal | None, draft: Draft) -> None:
        if price is not None:
            draft.requests.append(ChangeStop(*key, price))

    def _stop_of(self, instance: Instance, key: Key) -> Decimal | None:
        """Where the stop should stand: as last asked for, as its machine remembers, or as its order carried it."""
        remembered: Decimal | None = getattr(instance.snapshot.memory, "stop", None)
        carried = (
            ticket.request.stop_loss
            for ticket in reversed(self._trader.desk.tickets.values())
            if (ticket.request.account, ticket.request.symbol) == key and ticket.request.stop_loss is not None
        )
        return self._wanted.get(key) or remembered or next(carried, None)

    def _held(self, account: str, symbol: str) -> bool:
        return self._portfolio.has(account, (Market.LINEAR, symbol))

    def _forget(self, key: Key) -> None:
        self._watched.discard(key)
        self._naked.pop(key, None)
        self._wanted.pop(key, None)
        self._doubtful.discard(key)
        self._stray_ms.pop(key, None)
        self.adopted.discard(key)
        self.decided(key)

    # ── state ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def to_plain(self) -> dict[str, Any]:
        """What is watched as plain data."""
        return {
            "naked": [[*key, asdict(naked)] for key, naked in self._naked.items()],
            "stray": [[*key, at_ms] for key, at_ms in self._stray_ms.items()],
            "gone": [[*key, at_ms] for key, at_ms in self._gone_ms.items()],
            "wanted": [[*key, plain(price)] for key, price in self._wanted.items()],
            "doubtful": sorted(map(list, self._doubtful)),
            "adopted": sorted(map(list, self.adopted)),
            "orphans": sorted(map(list, self.orphans)),
        }

    def restore(self, data: Mapping[str, Any]) -> None:
        """Take back what `to_plain` gave."""
        self._watched = set(self._guarded)
        self._naked = {(account, symbol): Naked(**naked) for account, symbol, naked in data["naked"]}
        self._stray_ms = {(account, symbol): at_ms for account, symbol, at_ms in data["stray"]}
        self._gone_ms = {(account, symbol): at_ms for account, symbol, at_ms in data["gone"]}
        self._wanted = {(account, symbol): Decimal(price) for account, symbol, price in data["wanted"]}
        # A snapshot of an older version has none.
        self._doubtful = {(account, symbol) for account, symbol in data.get("doubtful", ())}
        self.adopted = {(account, symbol) for account, symbol in data["adopted"]}
        self.orphans = {(account, symbol) for account, symbol in data["orphans"]}

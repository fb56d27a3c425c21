"""An emergency halt, stage by stage: freeze what would open risk, close what is held, tell the operator.

A stage ends only when it is complete, and each event of a halt takes it as far as it goes, so that a restart anywhere
goes on where the halt stood.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from machines.intents import ClosePair, Leave, Urgency
from machines.lifecycle import Stage, State
from rules.language.governance import Lifecycle
from runtime.decider import Decider
from runtime.decimals import ONE, readable
from runtime.desk import Purpose, Ticket
from runtime.draft import Draft
from runtime.holdings import held, told_positions
from runtime.instance import Instance
from runtime.instrument import Market
from runtime.life import Life
from runtime.requests import PlaceOrder, TimeInForce
from runtime.step import HaltStage, Refused
from runtime.trader import Trader
from runtime.view import World

UNSIZEABLE = "size"


@dataclass(slots=True)
class Progress:
    """How far a halt has come; moments in milliseconds UTC.

    `trades` is how many there were when it began, `tried` when something was last asked for, by order id or by place
    ("book symbol"), `left` why nothing more is asked for a place.
    """

    began_ms: int = 0
    by_breaker: bool = False
    trades: int = 0
    reminded_ms: int = 0
    closing: bool = False
    tried: dict[str, int] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)


class Halt:
    """Carries a halt through its stages; the stage at hand is remembered by the life cycle's machine."""

    def __init__(
        self,
        rules: Lifecycle,
        life: Life,
        world: World,
        decider: Decider,
        trader: Trader,
        instances: Sequence[Instance],
    ) -> None:
        self._rules = rules
        self._life = life
        self._world = world
        self._decider = decider
        self._trader = trader
        self._instances = instances
        self._progress = Progress()
        self._stages = {Stage.FREEZE: self._freeze, Stage.CLOSE: self._close, Stage.TELL: self._tell}

    @property
    def under_way(self) -> bool:
        """Whether trading is halted, complete or not."""
        return self._world.status.lifecycle == State.EMERGENCY

    @property
    def complete(self) -> bool:
        """Whether nothing is left to do but to acknowledge."""
        return self._life.memory.stage is Stage.DONE

    @property
    def by_breaker(self) -> bool:
        """Whether the breaker began it, and no person."""
        return self._progress.by_breaker

    def begin(self, cause: str, by_breaker: bool, draft: Draft) -> None:
        """Halt from now on; what a halt does follows at the end of the step."""
        if self._life.move("emergency", cause, draft, reason=cause):
            trades = len(self._world.trades.all)
            self._progress = Progress(draft.at_ms, by_breaker, trades, reminded_ms=draft.at_ms)

    def advance(self, draft: Draft) -> None:
        """Go as far as it goes now, and once everything is done, close whatever turns up late."""
        self._trader.earn.call_home(self._life.memory.reason, draft)
        while self.under_way and not self.complete:
            stage = self._life.memory.stage
            text = self._stages[stage](draft)
            if text is None:
                self._remind(draft)
                return
            draft.records.append(HaltStage(stage, text))
            self._life.move("stage_done", f"halt: {stage} is complete", draft)
        if self.under_way:
            self._close_late(draft)

    def leave(self, cause: str, draft: Draft) -> None:
        """Begin anew, as if started, where a person has acknowledged; an outage that still lasts is kept."""
        away = self._life.memory.exchange_away
        for instance in self._instances:
            self._decider.move(instance, "acknowledge", {}, cause, draft)
        for trigger in ("acknowledge", "stopped", "start", *(("exchange_lost",) if away else ()), "ready"):
            self._life.move(trigger, cause, draft)

    # ── the stages ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _freeze(self, draft: Draft) -> str | None:
        cause = self._life.memory.reason
        for instance in self._instances:
            self._decider.move(instance, "emergency", {"reason": cause}, cause, draft)
        open_ = self._take_back_entries(draft)
        if not open_:
            return (
                f"Nothing is bought any more; {_count(len(self._progress.tried), 'open entry', 'open entries')} ended."
            )
        if draft.at_ms - self._progress.began_ms < self._rules.cancels_within_ms:
            return None
        names = ", ".join(f"{ticket.request.symbol} of {ticket.book}" for ticket in open_)
        text = f"The end of open entries is not known, and what is held is closed all the same: {names}."
        draft.tell("P0", "", text)
        return text

    def _close(self, draft: Draft) -> str | None:
        self._begin_closing(draft)
        entries, places = self._take_back_entries(draft), self._close_places(draft)
        return None if entries or places else "Everything that can be sold or closed is: no position and no order left."

    def _tell(self, draft: Draft) -> str:
        closed, left = self._told_closed(), told_positions(self._world.portfolio, self._remarks())
        text = f"Trading is halted ({self._life.memory.reason}). Closed: {closed}. Still held: {left}."
        draft.tell("P0", "", f"{text} It goes on when the operator acknowledges.")
        return text

    # ── how ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _begin_closing(self, draft: Draft) -> None:
        if self._progress.closing:
            return
        self._progress.closing = True
        for instance in self._instances:
            self._decider.move(instance, "close_now", {}, self._life.memory.reason, draft)

    def _take_back_entries(self, draft: Draft) -> list[Ticket]:
        """Ask for the end of every entry that may still fill; gives those whose end is not known."""
        open_ = [ticket for ticket in self._trader.desk.live() if ticket.purpose is Purpose.ENTRY]
        self._take_back(open_, draft)
        return open_

    def _take_back(self, tickets: Sequence[Ticket], draft: Draft) -> None:
        self._trader.take_back([t for t in tickets if self._due(t.request.order_id, draft.at_ms)], draft)

    def _close_places(self, draft: Draft) -> list[str]:
        return [
            f"{instance.book.name} {symbol}"
            for instance in self._instances
            for symbol in instance.symbols
            if self._is_open(instance, symbol, draft)
        ]

    def _is_open(self, instance: Instance, symbol: str, draft: Draft) -> bool:
        """Whether something is held that can be closed, or its closing is under way; what is due is asked for."""
        place = f"{instance.book.name} {symbol}"
        waiting = [t for t in self._trader.desk.live(instance.book.name, symbol) if t.purpose is Purpose.EXIT]
        if waiting:
            patient = [t for t in waiting if t.request.time_in_force is TimeInForce.POST_ONLY]
            self._take_back(patient, draft)
            return True
        if not self._holds(instance, symbol):
            self._progress.left.pop(place, None)
            return False
        if self._due(place, draft.at_ms):
            self._leave(instance, symbol, place, draft)
        return place not in self._progress.left

    def _holds(self, instance: Instance, symbol: str) -> bool:
        portfolio, account = self._world.portfolio, instance.book.account
        return any(portfolio.holds(account, Market(market), symbol) for market in instance.book.markets)

    def _leave(self, instance: Instance, symbol: str, place: str, draft: Draft) -> None:
        cause = self._life.memory.reason
        pair = ClosePair(symbol, ONE, Urgency.URGENT, cause)
        intent = pair if instance.book.hedged_on else Leave(symbol, Urgency.URGENT, cause)
        outcome = self._trader.consider(instance, cause, intent, draft)
        if isinstance(outcome, Refused) and outcome.check == UNSIZEABLE:
            self._progress.left[place] = outcome.reason
        else:
            self._progress.left.pop(place, None)

    def _due(self, name: str, now_ms: int) -> bool:
        """Whether it is time to ask, for the first time or again; asking is remembered."""
        last_ms = self._progress.tried.get(name)
        if last_ms is not None and now_ms - last_ms < self._rules.retry_after_ms:
            return False
        self._progress.tried[name] = now_ms
        return True

    def _close_late(self, draft: Draft) -> None:
        """A fill that nobody knew of may still come in."""
        sent = len(draft.requests)
        self._take_back_entries(draft)
        self._close_places(draft)
        if any(isinstance(request, PlaceOrder) for request in draft.requests[sent:]):
            draft.tell("P0", "", f"Something more is being closed: {told_positions(self._world.portfolio, {})}.")

    def _remind(self, draft: Draft) -> None:
        if draft.at_ms - self._progress.reminded_ms < self._rules.remind_every_ms:
            return
        self._progress.reminded_ms = draft.at_ms
        draft.tell("P0", "", f"The halt is not complete. {self.told_open()}")

    # ── words ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def told_open(self) -> str:
        """What is still to be closed or taken back."""
        orders = [t for t in self._trader.desk.live() if t.purpose is Purpose.ENTRY]
        waiting = "".join(f" The entry of {t.request.symbol} by {t.book} has no known end." for t in orders)
        return f"Still held: {told_positions(self._world.portfolio, self._remarks())}.{waiting}"

    def _told_closed(self) -> str:
        trades = self._world.trades.all[self._progress.trades :]
        lines = (f"{t.book} {t.symbol} {readable(t.quantity)} at {readable(t.exit_price)} USDT" for t in trades)
        return "; ".join(lines) or "nothing"

    def _remarks(self) -> dict[tuple[str, str], str]:
        """Why what is held is not closed, by account and symbol."""
        remarks = dict.fromkeys(self._without_book(), "no book trades with it")
        for instance in self._instances:
            for symbol in instance.symbols:
                reason = self._progress.left.get(f"{instance.book.name} {symbol}")
                if reason is not None:
                    remarks[instance.book.account, symbol] = reason
        return remarks

    def _without_book(self) -> Iterator[tuple[str, str]]:
        places = {
            (one.book.account, market, symbol)
            for one in self._instances
            for market in one.book.markets
            for symbol in one.symbols
        }
        for account, position in held(self._world.portfolio):
            if (account, position.market, position.symbol) not in places:
                yield account, position.symbol

    # ── state ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def to_plain(self) -> dict[str, Any]:
        """How far it has come as plain data."""
        return asdict(self._progress)

    def restore(self, plain: Mapping[str, Any]) -> None:
        """Take back what `to_plain` gave."""
        self._progress = Progress(**{**plain, "tried": dict(plain["tried"]), "left": dict(plain["left"])})


def _count(number: int, one: str, many: str) -> str:
    return f"1 {one}" if number == 1 else f"{number or 'no'} {many}"

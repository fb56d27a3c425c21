"""What the drawdown and the operator do to everything that is held: the breaker, closing at once, the halt."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from rules.language.evaluate import compile_live
from rules.language.governance import Close
from rules.language.governance import Ladder as LadderRules
from runtime.binding import ViewBinder
from runtime.decider import Decider
from runtime.decimals import percent
from runtime.draft import Draft
from runtime.facts import FACTS_OF
from runtime.halt import Halt
from runtime.instance import Instance
from runtime.instrument import Market
from runtime.ladder import EMERGENCY, Ladder
from runtime.step import LevelMove
from runtime.trader import Trader
from runtime.view import View, World

HOUR_MS = 3_600_000


class Governance:
    """Watches the drawdown, does what a level of the breaker asks for, and shows the level in the status."""

    def __init__(
        self,
        ladder: Ladder | None,
        world: World,
        decider: Decider,
        trader: Trader,
        halt: Halt,
        instances: Collection[Instance],
    ) -> None:
        self._ladder = ladder
        self._status = world.status
        self._portfolio = world.portfolio
        self._decider = decider
        self._trader = trader
        self._halt = halt
        self._instances = instances

    # ── the breaker ─────────────────────────────────────────────────────────────────────────────────────────────────

    def watch(self, draft: Draft) -> None:
        """Look at the drawdown, and enter the level that it has reached."""
        self._portfolio.observe(draft.at_ms)
        if self._ladder is None:
            return
        was_unknown = self._ladder.unknown
        move = self._ladder.watch(draft.at_ms)
        if self._ladder.unknown and not was_unknown:
            draft.tell("P1", "", "The drawdown is unknown: no risk is opened until it is known again.")
        if move is not None:
            self._enter(move, self._ladder, draft)
        self._show()
        level = self._ladder.level
        if level is not None and level.hourly_report and draft.at_ms % HOUR_MS == 0:
            drawdown = percent(self._portfolio.net_value.drawdown)
            draft.tell("P3", "", f"{level.name}: the portfolio is {drawdown} below its highest value.")

    def _enter(self, move: LevelMove, ladder: Ladder, draft: Draft) -> None:
        draft.records.append(move)
        level = ladder.level
        severity = "P2" if level is None else level.alert
        draft.tell(severity, "", f"The breaker went from {move.before} to {move.after}: {move.reason}.")
        rose = ladder.rank(move.after) > ladder.rank(move.before)
        if level is None or not rose:
            return
        if level.close is Close.DIRECTIONAL:
            self.close(lambda instance: instance.book.directional, f"breaker {level.name}", draft)
        if level.spot_to_cash:
            self._trader.move_to_cash(self._spot_instances(), level.spot_to_cash, f"breaker {level.name}", draft)
        if move.after == EMERGENCY:
            self._halt.begin(f"breaker {level.name}", True, draft)

    def _spot_instances(self) -> list[Instance]:
        """Coins that hedge a perpetual are no holdings: without them the short would stand alone."""
        return [i for i in self._instances if i.book.markets == (Market.SPOT,)]

    def _show(self) -> None:
        status, ladder = self._status, self._ladder
        if ladder is not None:
            status.level, status.entries_allowed = ladder.snapshot.state, ladder.entries_allowed
            status.drawdown_known = not ladder.unknown

    # ── the operator's word ─────────────────────────────────────────────────────────────────────────────────────────

    def close(self, chosen: Callable[[Instance], bool], cause: str, draft: Draft) -> None:
        """Close at once what some machines hold, and take back what they have on its way."""
        for instance in self._instances:
            if chosen(instance):
                self._decider.close(instance, cause, draft)

    def begin_halt(self, cause: str, draft: Draft) -> None:
        """Halt on the operator's word, as if the breaker had risen to its highest level."""
        if self._ladder is not None:
            draft.records.append(self._ladder.halt(draft.at_ms, self._portfolio.net_value.drawdown, cause))
            self._show()
        self._halt.begin(cause, False, draft)

    def leave_halt(self, cause: str, draft: Draft) -> None:
        """Trade again, with small sizes at first.

        Where the drawdown has halted it, or would halt it again at once, it is measured from here on.
        """
        drawdown = self._portfolio.net_value.drawdown
        if self._ladder is not None:
            draft.records.append(self._ladder.acknowledge(draft.at_ms, drawdown))
            if self._halt.by_breaker or self._ladder.would_halt(drawdown):
                self._portfolio.net_value.measure_from_here()
        self._halt.leave(cause, draft)
        self._show()

    # ── state ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def to_plain(self) -> dict[str, Any] | None:
        """The breaker's level as plain data; None where the rules have no breaker."""
        return None if self._ladder is None else self._ladder.to_plain()

    def restore(self, plain: Mapping[str, Any] | None) -> None:
        """Take back what `to_plain` gave."""
        if self._ladder is not None and plain is not None:
            self._ladder.restore(plain)
        self._show()


def ladder_of(rules: LadderRules | None, views: Iterable[View]) -> Ladder | None:
    """Make the breaker of the rules, measured on any book's view: all see one portfolio. None where there is none."""
    if rules is None:
        return None
    return Ladder(rules, compile_live(rules.on, ViewBinder(next(iter(views)), FACTS_OF["breakers"])))

"""Fires the rules of an instance: a condition that holds becomes a transition, intents, and a record of it all."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from machines.intents import Alert, Enter, Lend, TakeBack, Transfer
from machines.table import Firing, Outcome
from rules.language.book import Mode
from rules.language.explain import Explained, prose
from runtime.draft import Draft
from runtime.fences import Fences
from runtime.instance import Instance, Ready
from runtime.step import Approved, Decision, Refused, Transition
from runtime.step import Outcome as Answer
from runtime.trader import Trader

SIDE = "side"
REVIEW = "pre-trade checks"
Around = Callable[[Instance], AbstractContextManager[None]]


class Decider:
    """Goes once through an instance's rules and carries out what they want.

    `around`, where there is one, is entered for each pass, so that it can be measured from outside; it changes nothing.
    """

    def __init__(self, trader: Trader, fences: Fences) -> None:
        self.decisions = 0
        self.around: Around | None = None
        self._trader = trader
        self._fences = fences

    def decide(self, instance: Instance, draft: Draft) -> None:
        """Fire every rule whose condition holds, in order, each seeing the state that the ones before it left.

        Where that fails, the book is fenced off alone.
        """
        if self.around is None:
            self._decide(instance, draft)
        else:
            with self.around(instance):
                self._decide(instance, draft)

    def _decide(self, instance: Instance, draft: Draft) -> None:
        with self._fences.around(instance.book.name, "deciding about", draft, instance):
            for ready in instance.ready(draft.at_ms):
                self._fire(instance, ready, draft)

    def move(self, instance: Instance, trigger: str, arguments: Mapping[str, Any], cause: str, draft: Draft) -> bool:
        """Move a machine because of something that happened; False where its state does not allow it, or it fails.

        One that fails fences its book off and stays as it is.
        """
        moved: list[bool] = []
        with self._fences.around(instance.book.name, f"{trigger} of", draft, instance):
            moved.append(self._move(instance, trigger, arguments, cause, draft))
        return any(moved)

    def _move(self, instance: Instance, trigger: str, arguments: Mapping[str, Any], cause: str, draft: Draft) -> bool:
        firing = Firing(draft.at_ms, instance.symbols, arguments, cause)
        outcome = instance.machine.attempt(instance.snapshot, trigger, firing)
        if outcome is None:
            return False
        instance.snapshot = outcome.after
        draft.records.append(Transition(*instance.key, trigger, outcome.before.state, outcome.after.state, cause))
        for intent in outcome.intents:
            self._trader.consider(instance, cause, intent, draft)
        return True

    def close(self, instance: Instance, cause: str, draft: Draft) -> None:
        """Close at once what a machine holds; for one of a fenced book, which may have failed, it is done here."""
        self.move(instance, "close_now", {}, cause, draft)
        if instance.book.name in self._fences.fenced:
            self._trader.liquidate(instance, cause, draft)

    def insist(self, instance: Instance, ready: Ready, draft: Draft) -> tuple[Answer, ...]:
        """Fire a rule because a person wants it, whatever its condition says; checks and limits hold all the same."""
        rule, firing = ready.live.rule, instance.firing(ready, draft.at_ms)
        if not instance.machine.may(instance.snapshot, rule.trigger, firing):
            return ()
        trace = instance.trace(rule, ready.symbols[0] if rule.each_symbol and not instance.symbol else "")
        outcome = instance.machine.fire(instance.snapshot, rule.trigger, firing)
        return self._carry_out(instance, ready, outcome, trace, draft)

    def rehearse(self, instance: Instance, ready: Ready, now_ms: int) -> tuple[Answer, ...]:
        """Say what firing a rule would lead to; nothing is changed and nothing is placed."""
        rule = ready.live.rule
        outcome = instance.machine.attempt(instance.snapshot, rule.trigger, instance.firing(ready, now_ms))
        intents = () if outcome is None else outcome.intents
        orders = (intent for intent in intents if not isinstance(intent, Alert | Transfer | Lend | TakeBack))
        return tuple(one for intent in orders for one in self._trader.rehearse(instance, rule.id, intent, now_ms))

    def note(self, decision: Decision, draft: Draft) -> None:
        """Record a decision that no machine has made, with the next number."""
        draft.records.append(replace(decision, number=self.number()))

    def number(self) -> int:
        """Give a decision its number, the next one."""
        self.decisions += 1
        return self.decisions

    def _fire(self, instance: Instance, ready: Ready, draft: Draft) -> None:
        rule = ready.live.rule
        opposite = self._opposite(instance, ready, draft.at_ms)
        if ready.missing or opposite is not None:
            reason = f"{opposite} holds as well" if opposite else f"unknown: {', '.join(ready.missing)}"
            if not ready.symbols or opposite is not None or not ready.live.per_symbol_arguments:
                self._record_nothing(instance, ready, reason, draft)
                return
        outcome = instance.machine.attempt(instance.snapshot, rule.trigger, instance.firing(ready, draft.at_ms))
        if outcome is None:
            return
        if rule.mode is Mode.LIVE and outcome.after == instance.snapshot and not outcome.intents:
            return
        trace = instance.trace(rule, "" if instance.symbol or not rule.each_symbol else ready.symbols[0])
        if rule.mode is Mode.SHADOW:
            draft.records.append(self._decision(instance, ready, outcome, trace, ()))
        else:
            self._carry_out(instance, ready, outcome, trace, draft)

    def _carry_out(
        self, instance: Instance, ready: Ready, outcome: Outcome, trace: Explained, draft: Draft
    ) -> tuple[Answer, ...]:
        """Keep the transition unless every intent was refused; where some symbols were, it happens without them."""
        rule = ready.live.rule
        place = len(draft.records)
        answers = tuple(self._trader.consider(instance, rule.id, intent, draft) for intent in outcome.intents)
        refused = {getattr(answer.intent, "symbol", "") for answer in answers if isinstance(answer, Refused)}
        answered = instance.machine.table.answers[outcome.after.state]
        before = instance.snapshot
        if not refused or "refused" in answered:
            instance.snapshot = outcome.after
        else:
            left = () if "" in refused else tuple(symbol for symbol in ready.symbols if symbol not in refused)
            outcome = self._without(instance, ready, left, outcome, draft.at_ms)
            instance.snapshot = outcome.after
        if outcome.after == before and not answers:
            return ()
        draft.records.insert(place, self._decision(instance, ready, outcome, trace, answers))
        if "approved" in answered:
            self._tell_machine(instance, answers, draft)
        return answers

    def _tell_machine(self, instance: Instance, answers: tuple[Answer, ...], draft: Draft) -> None:
        """Say yes or no to a machine that waits for it; a yes carries the stop distance that the review left."""
        entries = [answer.intent for answer in answers if isinstance(answer, Approved)]
        if len(entries) < len(answers):
            self.move(instance, "refused", {}, REVIEW, draft)
            return
        distance = next((intent.stop_distance for intent in entries if isinstance(intent, Enter)), None)
        self.move(instance, "approved", {"stop_distance": distance}, REVIEW, draft)

    def _without(
        self, instance: Instance, ready: Ready, left: tuple[str, ...], outcome: Outcome, now_ms: int
    ) -> Outcome:
        firing = instance.firing(ready, now_ms, left)
        before = instance.snapshot
        again = instance.machine.attempt(before, ready.live.rule.trigger, firing) if left else None
        return Outcome(before, before, outcome.intents) if again is None else again

    def _opposite(self, instance: Instance, ready: Ready, now_ms: int) -> str | None:
        """The other entry that wants the other side at the same moment, if there is one."""
        mine = ready.arguments.get(SIDE)
        if mine is None or not instance.machine.table.triggers[ready.live.rule.trigger].opens:
            return None
        for other in instance.also_ready(ready.live, now_ms):
            if other.arguments.get(SIDE) not in (None, mine):
                return other.live.rule.id
        return None

    def _record_nothing(self, instance: Instance, ready: Ready, reason: str, draft: Draft) -> None:
        trace = instance.trace(ready.live.rule, ready.symbols[0] if ready.live.rule.each_symbol else "")
        draft.tell("P1", instance.book.name, f"{ready.live.rule.id} of {instance.name} did nothing: {reason}.")
        outcome = Outcome(instance.snapshot, instance.snapshot, ())
        draft.records.append(self._decision(instance, ready, outcome, trace, ()))

    def _decision(
        self, instance: Instance, ready: Ready, outcome: Outcome, trace: Explained, answers: tuple[Answer, ...]
    ) -> Decision:
        moved = outcome.before.state, outcome.after.state
        return decision_of(self.number(), instance, ready, moved, trace, answers)


def decision_of(
    number: int,
    instance: Instance,
    ready: Ready,
    moved: tuple[str, str],
    trace: Explained,
    answers: tuple[Answer, ...],
) -> Decision:
    """Tell the firing of a rule of a machine; `moved` are the states before and after."""
    rule, (before, after) = ready.live.rule, moved
    return Decision(
        number=number,
        book=instance.book.name,
        symbol=instance.symbol or ", ".join(ready.symbols),
        rule=rule.id,
        place=rule.place,
        version=instance.book.version,
        why=rule.why,
        before=before,
        after=after,
        trigger=rule.trigger,
        arguments={name: _words(value, rule.arguments[name].kind.unit) for name, value in ready.arguments.items()},
        trace=trace,
        outcomes=answers,
    )


def _words(value: Any, unit: str) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{symbol} {prose(amount, unit)}" for symbol, amount in value.items())
    return prose(value, unit)

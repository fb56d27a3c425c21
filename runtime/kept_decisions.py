"""The decisions of a run in order; what can be told later is written out when somebody asks."""

from collections.abc import Sequence
from dataclasses import replace
from typing import overload

from runtime.outcome_words import outcome_text
from runtime.requests import PlaceOrder
from runtime.run import DecisionRecord
from runtime.step import Approved, Decision, Outcome
from runtime.trail import Moved


class KeptDecisions(Sequence[DecisionRecord]):
    """Decision records, of which some are made when they are first looked at."""

    def __init__(self) -> None:
        self._kept: list[DecisionRecord | Moved] = []

    def keep(self, decision: DecisionRecord | Moved) -> None:
        """Add one at the end."""
        self._kept.append(decision)

    def repeat(self, place: int) -> None:
        """Count one that has said the same again."""
        known = self[place]
        self._kept[place] = replace(known, repeated=known.repeated + 1)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KeptDecisions) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(len(self))

    def __len__(self) -> int:
        return len(self._kept)

    @overload
    def __getitem__(self, place: int) -> DecisionRecord: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[DecisionRecord, ...]: ...
    def __getitem__(self, place: int | slice) -> DecisionRecord | tuple[DecisionRecord, ...]:
        if isinstance(place, slice):
            return tuple(self[one] for one in range(len(self))[place])
        known = self._kept[place]
        if isinstance(known, Moved):
            known = self._kept[place] = decision_record(known.decision(), known.at_ms)
        return known


def decision_record(decision: Decision, at_ms: int) -> DecisionRecord:
    """A decision as it is kept: everything in words."""
    return DecisionRecord(
        number=decision.number,
        at_ms=at_ms,
        book=decision.book,
        symbol=decision.symbol,
        rule=decision.rule,
        place="" if decision.place is None else str(decision.place),
        version=decision.version,
        why=decision.why,
        before=decision.before,
        after=decision.after,
        trigger=decision.trigger,
        arguments=decision.arguments,
        trace=decision.trace,
        outcomes=tuple(map(outcome_text, decision.outcomes)),
        order_ids=tuple(name for outcome in decision.outcomes for name in order_ids(outcome)),
        refused=decision.refused,
    )


def order_ids(outcome: Outcome) -> tuple[str, ...]:
    """The ids of the orders that an outcome led to."""
    if not isinstance(outcome, Approved):
        return ()
    return tuple(request.order_id for request in outcome.requests if isinstance(request, PlaceOrder))

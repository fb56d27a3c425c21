"""What has happened in a scenario, in the engine's own words."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from machines.intents import Buy, Enter
from rules.language.explain import Explained
from runtime.events import Fill, FundingPayment, OrderCancelled, OrderRejected
from runtime.requests import ChangeStop, PlaceOrder, SetLeverage
from runtime.sizing import Limit
from runtime.step import (
    Approved,
    Decision,
    HaltStage,
    LevelMove,
    Notice,
    Record,
    Refused,
    Step,
    Transition,
    VersionTaken,
)


@dataclass(frozen=True, slots=True)
class Placed:
    """An order that was sent, with the decision and the limits behind it where there were any."""

    at_ms: int
    request: PlaceOrder
    decision: Decision | None
    limits: tuple[Limit, ...]


@dataclass(slots=True)
class Journal:
    """All steps; questions are about those since `since`."""

    steps: list[Step] = field(default_factory=list)
    since: int = 0

    def watch(self, step: Step) -> None:
        """Take in one step."""
        self.steps.append(step)

    def start_afresh(self) -> None:
        """Let questions be about what comes from here on."""
        self.since = len(self.steps)

    def recent(self) -> list[Step]:
        """The steps that questions are about."""
        return self.steps[self.since :]

    def records(self) -> Iterator[tuple[Step, Record]]:
        """Everything that was written down."""
        return ((step, record) for step in self.recent() for record in step.records)

    def all_decisions(self) -> list[Decision]:
        """Every rule that has fired, whatever questions are about."""
        return [record for step in self.steps for record in step.records if isinstance(record, Decision)]

    def decisions(self, rule: str = "") -> list[Decision]:
        """The rules that fired; of one rule where it is named."""
        found = [record for _, record in self.records() if isinstance(record, Decision)]
        return [decision for decision in found if rule in ("", decision.rule)]

    def notices(self) -> list[Notice]:
        """What the operator was told."""
        return [record for _, record in self.records() if isinstance(record, Notice)]

    def level_moves(self) -> list[LevelMove]:
        """Every level that the breaker entered."""
        return [record for _, record in self.records() if isinstance(record, LevelMove)]

    def transitions(self) -> list[Transition]:
        """What moved machines without a rule."""
        return [record for _, record in self.records() if isinstance(record, Transition)]

    def halt_stages(self) -> list[HaltStage]:
        """Every stage of a halt that was completed."""
        return [record for _, record in self.records() if isinstance(record, HaltStage)]

    def orders(self) -> list[Placed]:
        """Every order that was sent."""
        return [
            Placed(step.at_ms, request, *_behind(step, request))
            for step in self.recent()
            for request in step.requests
            if isinstance(request, PlaceOrder)
        ]

    def leverages(self) -> list[SetLeverage]:
        """Every request for leverage."""
        return [request for step in self.recent() for request in step.requests if isinstance(request, SetLeverage)]

    def moved_stops(self) -> list[ChangeStop]:
        """Every stop that was asked to move."""
        return [request for step in self.recent() for request in step.requests if isinstance(request, ChangeStop)]

    def fills(self) -> list[Fill]:
        """Every fill."""
        return [step.event for step in self.recent() if isinstance(step.event, Fill)]

    def payments(self) -> list[FundingPayment]:
        """Every funding payment."""
        return [step.event for step in self.recent() if isinstance(step.event, FundingPayment)]

    def rejections(self) -> list[OrderRejected]:
        """Every refusal of the exchange."""
        return [step.event for step in self.recent() if isinstance(step.event, OrderRejected)]

    def cancellations(self) -> list[OrderCancelled]:
        """Every order that ended without being filled whole."""
        return [step.event for step in self.recent() if isinstance(step.event, OrderCancelled)]

    def refusals(self) -> list[tuple[Decision, Refused]]:
        """Every intent that came to nothing, with its decision."""
        return [
            (decision, outcome)
            for decision in self.decisions()
            for outcome in decision.outcomes
            if isinstance(outcome, Refused)
        ]

    def entries(self) -> list[tuple[Decision, Approved]]:
        """Every intent to take risk that became an order."""
        return [
            (decision, outcome)
            for decision in self.decisions()
            for outcome in decision.outcomes
            if isinstance(outcome, Approved) and isinstance(outcome.intent, Enter | Buy)
        ]

    def sentences(self) -> list[str]:
        """Everything that a person can read in it, a sentence each."""
        return [sentence for _, record in self.records() for sentence in _sentences(record)]


def _behind(step: Step, request: PlaceOrder) -> tuple[Decision | None, tuple[Limit, ...]]:
    for record in step.records:
        for outcome in record.outcomes if isinstance(record, Decision) else ():
            if isinstance(outcome, Approved) and request in outcome.requests:
                assert isinstance(record, Decision)
                return record, outcome.limits
    return None, ()


def _sentences(record: Record) -> Iterator[str]:
    match record:
        case Notice():
            yield record.text
        case LevelMove():
            yield f"{record.before} → {record.after}: {record.reason}"
        case Transition():
            yield f"{record.book} {record.symbol} {record.trigger}: {record.before} → {record.after}: {record.cause}"
        case HaltStage():
            yield f"halt {record.stage}: {record.text}"
        case VersionTaken():
            yield f"{record.book} {record.symbol} goes by {record.after} instead of {record.before}"
        case Decision():
            yield f"{record.rule} of {record.book} {record.symbol}: {record.why}"
            for outcome in record.outcomes:
                if isinstance(outcome, Refused):
                    yield f"{outcome.check}: {outcome.reason}"
                else:
                    yield from (limit.text for limit in outcome.limits)


def parts(trace: Explained | None) -> Iterator[Explained]:
    """An explanation and every part of it."""
    if trace is not None:
        yield trace
        for child in trace.children:
            yield from parts(child)

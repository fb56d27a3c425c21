"""What is said beforehand of facts holds what each of them reads when its turn has come."""

import numpy as np
from hypothesis import given, settings

from rules.language.evaluate import Value
from runtime.backtest import within
from runtime.course import Course
from runtime.events import CandleClose
from runtime.fact_columns import COLUMNS, FactColumns, Outlook
from runtime.facts import FACTS_OF
from runtime.feed import Timetable
from runtime.foretold import FORETOLD, Foretold
from runtime.instance import Instance
from runtime.intervals import Interval
from runtime.quote_columns import QuoteColumns
from runtime.step import Step
from tests.runtime.leaping import Case, cases, prepared, rulebook_of, span_of
from tests.runtime.test_leap import drawn

MIDDLE = 100


class Beside:
    """Looks at every fact after each decision of a run, and at what was said of it at the beginning and in the middle.

    `known` counts by fact how often it had a value.
    """

    def __init__(self, case: Case) -> None:
        self.known = dict.fromkeys((*COLUMNS, *FORETOLD), 0)
        self._data = case.data
        _, _, self._backtest = prepared(case, rulebook_of(case), leaping=False, watch=self._look)
        self._table = Timetable(within(case.data.candles, *span_of(case)))
        self._outlooks: list[Outlook] = []

    def run(self) -> None:
        """Step through all of it."""
        self._backtest.run()

    def _look(self, step: Step) -> None:
        if not isinstance(step.event, CandleClose):
            return
        turn = int(np.searchsorted(self._table.at_ms, step.at_ms))
        for outlook in self._outlooks:
            for instance in self._backtest.engine.instances.values():
                self._compare(instance, outlook, turn)
        if turn in (1, MIDDLE):
            self._outlooks.append(self._outlook(turn + 1))

    def _outlook(self, first: int) -> Outlook:
        course, board = Course(self._table), self._backtest.engine.world.board
        foretold = Foretold(self._data, self._table, board, first)
        return Outlook(course, QuoteColumns(course, board.quotes, first), foretold)

    def _compare(self, instance: Instance, outlook: Outlook, turn: int) -> None:
        view, symbol, facts = instance.view, instance.symbol, FACTS_OF[instance.book.machine]
        for name in COLUMNS:
            value = facts[name].read(view, symbol)
            bounds = FactColumns(view, outlook).column(name, symbol, np.array([turn]))
            assert holds(bounds, value), (name, value, bounds)
            self.known[name] += value is not None
        for name in FORETOLD:
            steps, value = outlook.foretold.fact((name, symbol), instance), facts[name].read(view, symbol)
            assert steps.values[int(steps.places(np.array([turn]))[0])] == value, name
            self.known[name] += value is not None


def holds(bounds: Interval, value: Value) -> bool:
    """Whether a value is possible."""
    if value is None:
        return bool(bounds.unknown[0])
    assert not isinstance(value, str)
    return bool(bounds.known[0]) and bounds.low[0] <= float(value) <= bounds.high[0]


@settings(drawn, max_examples=4)
@given(cases(hours=24 * 12, kind="funding"))
def test_no_fact_is_outside_of_what_was_said_of_it(case: Case) -> None:
    beside = Beside(case)
    beside.run()
    assert all(beside.known[name] for name in ("basis", "legs.smallest", "account.cash"))

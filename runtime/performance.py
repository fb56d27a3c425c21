"""Looks once a day at what each engine has made of its money; a poor one is put under review."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from rules.language.evaluate import Value
from rules.language.explain import Explained
from rules.language.sharing import Watch
from runtime.decisions import Note, decision
from runtime.draft import Draft
from runtime.figures import Figures

RULE = "performance_review"
OPEN, CLOSED = "under review", "trusted"


class Performance:
    """The engines that are under review; a review opens and ends as the rule file says, and alerts both times."""

    def __init__(
        self,
        rules: Watch,
        when: Mapping[str, Callable[[], Value]],
        until: Mapping[str, Callable[[], Value]],
        trace: Callable[[str, bool], Explained],
        note: Note,
    ) -> None:
        self.under_review: set[str] = set()
        self._rules = rules
        self._when = when
        self._until = until
        self._trace = trace
        self._note = note

    def halves(self, engine: str) -> bool:
        """Whether an engine has half of its share for now."""
        return self._rules.halves_share and engine in self.under_review

    def look(self, figures: Mapping[str, Figures], draft: Draft) -> None:
        """Open and end reviews."""
        for engine, seen in figures.items():
            if engine not in self._when:
                continue
            if engine not in self.under_review and self._when[engine]() is True:
                self.under_review.add(engine)
                self._tell(engine, seen, opened=True, draft=draft)
            elif engine in self.under_review and self._until[engine]() is True:
                self.under_review.discard(engine)
                self._tell(engine, seen, opened=False, draft=draft)

    def _tell(self, engine: str, seen: Figures, *, opened: bool, draft: Draft) -> None:
        before, after = (CLOSED, OPEN) if opened else (OPEN, CLOSED)
        sharpe = "unknown" if seen.sharpe is None else f"{seen.sharpe:.2f}"
        why = "The engine earns too little for the risk it takes." if opened else "The engine earns its keep again."
        arguments = {"engine": engine, "sharpe_90d": sharpe}
        made = replace(decision(RULE, self._rules.place, why), arguments=arguments, before=before, after=after)
        self._note(replace(made, trace=self._trace(engine, opened)), draft)
        halved = " It has half of its share meanwhile." if opened and self._rules.halves_share else ""
        state = "open" if opened else "over"
        text = f"The review of {engine} is {state}: its Sharpe ratio of 90 days is {sharpe}.{halved}"
        draft.tell(self._rules.alert if opened else "P2", "", text)

    def to_plain(self) -> list[str]:
        """Give the engines under review as plain data."""
        return sorted(self.under_review)

    def restore(self, data: list[str]) -> None:
        """Take back what `to_plain` gave."""
        self.under_review = set(data)

"""What the engine answers to one event: what it decided, what it asks of the exchange, what a person should know."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from machines.intents import Intent
from rules.language.explain import Explained
from rules.language.source import Place
from runtime.events import Event
from runtime.requests import Request
from runtime.sizing import Limit


@dataclass(frozen=True, slots=True)
class Approved:
    """An intent that may become orders, with every limit that made it smaller."""

    intent: Intent
    requests: tuple[Request, ...]
    limits: tuple[Limit, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """An intent that becomes nothing, with the check that said no and its reason."""

    intent: Intent
    check: str
    reason: str
    trace: Explained | None = None


Outcome = Approved | Refused


@dataclass(frozen=True, slots=True)
class Decision:
    """One rule that fired: where it stands, what it saw, how the state moved, and what came of each intent."""

    number: int
    book: str
    symbol: str
    rule: str
    place: Place | None
    version: str
    why: str
    before: str
    after: str
    trigger: str
    arguments: Mapping[str, str]
    trace: Explained | None
    outcomes: tuple[Outcome, ...]

    @property
    def refused(self) -> bool:
        """Whether intents were made and every one of them was refused."""
        return bool(self.outcomes) and all(isinstance(outcome, Refused) for outcome in self.outcomes)


@dataclass(frozen=True, slots=True)
class Transition:
    """A machine moved without a rule: because of a fill, a rejection, a breaker or an operator."""

    book: str
    symbol: str
    trigger: str
    before: str
    after: str
    cause: str


@dataclass(frozen=True, slots=True)
class LevelMove:
    """The breaker entered or left a level."""

    before: str
    after: str
    drawdown: Decimal
    reason: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence for the operator; `severity` is P0 (wake up) to P3 (dashboard only)."""

    severity: str
    book: str
    text: str


@dataclass(frozen=True, slots=True)
class HaltStage:
    """One stage of an emergency halt is complete: freeze, close or tell; `text` says what it has done."""

    stage: str
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """The exchange shows something else than the books: `kind` is position, coin or order, `what` its symbol or id."""

    account: str
    kind: str
    what: str
    ours: str
    theirs: str

    @property
    def text(self) -> str:
        """The difference as a sentence."""
        return f"{self.account}, {self.kind} {self.what}: the books have {self.ours}, the exchange has {self.theirs}."


@dataclass(frozen=True, slots=True)
class VersionTaken:
    """A machine goes by another version of its book from now on; without a book it is that of all rule files."""

    book: str
    symbol: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class VersionKept:
    """A machine holds something and goes on by an older version of its book than the newest."""

    book: str
    symbol: str
    kept: str
    newest: str


Record = Decision | Transition | LevelMove | Notice | HaltStage | Difference | VersionTaken | VersionKept


@dataclass(frozen=True, slots=True)
class Step:
    """One event and everything that followed from it, in order."""

    sequence: int
    at_ms: int
    event: Event
    records: tuple[Record, ...]
    requests: tuple[Request, ...]

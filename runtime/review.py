"""The pre-trade checks of the rule files, asked before every order that adds risk."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from rules.language.book import Book, Mode
from rules.language.evaluate import Value, compile_live
from rules.language.explain import Explained, explain
from rules.language.governance import CapBy, Check
from rules.language.typed import Typed
from runtime.binding import ViewBinder
from runtime.decimals import percent, readable
from runtime.facts import FACTS_OF
from runtime.instance import exact
from runtime.sizing import Limit
from runtime.view import Proposal, View, World

ONE = Decimal(1)
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Passed:
    """The checks let the order through, smaller by `scale` and capped in quote coin (None: no cap)."""

    scale: Decimal
    cap: Decimal | None
    limits: tuple[Limit, ...]


@dataclass(frozen=True, slots=True)
class Stopped:
    """A check refused the order, with the reason for people and what the check saw."""

    check: str
    reason: str
    trace: Explained | None


class Review:
    """The checks compiled for one book."""

    def __init__(self, checks: tuple[Check, ...], world: World, book: Book, view: View) -> None:
        self._view = View(world, book, view.snapshot)
        self._binder = ViewBinder(self._view, FACTS_OF["checks"])
        self._checks = {
            symbol: tuple(_Compiled(check, self._binder, symbol) for check in checks if check.mode is Mode.LIVE)
            for symbol in book.symbols
        }

    def ask(self, proposal: Proposal) -> Passed | Stopped:
        """Go through the checks in order: the first refusal ends it, scales multiply, the smallest cap holds."""
        self._view.proposal = proposal
        scale, cap, limits = ONE, None, []
        for check in self._checks[proposal.symbol]:
            if not check.applies():
                continue
            if check.refuses():
                return check.stopped()
            factor, room = check.scale(), check.cap(self._held(proposal.symbol))
            if factor != ONE:
                scale *= factor
                limits.append(
                    Limit(
                        check.name,
                        f"{check.name}: {percent(factor)} of the size",
                        proposal.notional,
                        proposal.notional * factor,
                    )
                )
            if room is not None and room < proposal.notional * scale:
                if room <= ZERO:
                    return check.full(room)
                limits.append(
                    Limit(
                        check.name, f"{check.name}: at most {readable(room)} USDT more", proposal.notional * scale, room
                    )
                )
            if room is not None:
                cap = room if cap is None else min(cap, room)
        return Passed(scale, cap, tuple(limits))

    def refusals(self, proposal: Proposal) -> tuple[Stopped, ...]:
        """Every check that would refuse the order, not only the first; a cap without room is one."""
        self._view.proposal = proposal
        found = []
        for check in self._checks[proposal.symbol]:
            if check.applies():
                room = check.cap(self._held(proposal.symbol))
                if check.refuses():
                    found.append(check.stopped())
                elif room is not None and room <= ZERO:
                    found.append(check.full(room))
        return tuple(found)

    def _held(self, symbol: str) -> Decimal:
        price = self._view.price(symbol)
        return ZERO if price is None else abs(self._view.position(symbol).quantity) * price


class _Compiled:
    """One check for one symbol."""

    def __init__(self, check: Check, binder: ViewBinder, symbol: str) -> None:
        self.name = check.name
        self._check, self._binder, self._symbol = check, binder, symbol
        self._condition = self._compile(check.condition)
        self._unless = self._compile(check.unless)
        self._refuse = self._compile(check.refuse_if)
        self._scale = self._compile(check.scale)
        self._cap = self._compile(check.cap)

    def _compile(self, expression: Typed | None) -> Callable[[], Value] | None:
        return None if expression is None else compile_live(expression, self._binder, self._symbol)

    def applies(self) -> bool:
        """Unknown counts as yes: what can't be seen doesn't switch a check off."""
        if self._condition is not None and self._condition() is False:
            return False
        return self._unless is None or self._unless() is not True

    def refuses(self) -> bool:
        """Unknown counts as yes: it never opens risk."""
        return self._refuse is not None and self._refuse() is not False

    def scale(self) -> Decimal:
        """The factor of the check; an unknown factor is nothing at all."""
        if self._scale is None:
            return ONE
        factor = exact(self._scale())
        return factor if isinstance(factor, Decimal) else ZERO

    def cap(self, held: Decimal) -> Decimal | None:
        """How much the order may be worth; an unknown cap leaves no room."""
        if self._cap is None:
            return None
        cap = exact(self._cap())
        room = cap if isinstance(cap, Decimal) else ZERO
        return room - held if self._check.cap_by is CapBy.POSITION else room

    def stopped(self) -> Stopped:
        """The refusal, with what the condition saw."""
        assert self._check.refuse_if is not None
        trace = explain(self._check.refuse_if, self._binder, self._symbol)
        return Stopped(self.name, self._check.why or f"{self._check.refuse_if.text} holds.", trace)

    def full(self, room: Decimal) -> Stopped:
        """The refusal of a cap that has no room left."""
        assert self._check.cap is not None
        trace = explain(self._check.cap, self._binder, self._symbol)
        return Stopped(self.name, f"No room is left under {self._check.cap.text} ({readable(room)} USDT).", trace)

"""What an operator can ask for, what comes of it, and why not where it can't be done."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from machines.lifecycle import State
from rules.language.book import Mode, Rule
from rules.language.findings import did_you_mean
from runtime.draft import Draft
from runtime.events import OperatorCommand
from runtime.instance import Instance, Ready
from runtime.outcome_words import outcome_text
from runtime.status import Hold
from runtime.step import Notice, Outcome

if TYPE_CHECKING:
    from runtime.engine import Engine

REMEMBERED = 1_000
PURCHASE = "purchase"
RELOAD = "reload"


class CommandRefusedError(Exception):
    """A command does nothing; the sentence says why, and what to do instead."""


class Commands:
    """Carries out each command once, and answers every one with a sentence.

    One that is carried out is told first, in words; one that is refused is answered with the reason alone. Those of
    the last 1,000 commands that have an id are known; one that comes again does nothing.
    """

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._done: dict[str, None] = {}

    def handle(self, event: OperatorCommand, draft: Draft) -> None:
        """Do what was asked, or say why not."""
        if event.command_id in self._done:
            draft.tell("P3", event.book, f"The command {event.name} ({event.command_id}) was carried out already.")
            return
        if event.command_id:
            self._remember(event.command_id)
        try:
            self._carry_out(event, draft)
        except CommandRefusedError as refusal:
            draft.tell("P2", event.book if event.book in self._engine.books else "", str(refusal))

    def _carry_out(self, event: OperatorCommand, draft: Draft) -> None:
        problem = self._problem(event)
        if problem is not None:
            raise CommandRefusedError(problem)
        before = len(draft.records)
        answer = COMMANDS[event.name](self, event, draft)
        draft.records.insert(before, Notice("P2", event.book, told(event)))
        if answer:
            draft.tell("P2", event.book, answer)

    def _remember(self, command_id: str) -> None:
        self._done[command_id] = None
        while len(self._done) > REMEMBERED:
            del self._done[next(iter(self._done))]

    def _problem(self, event: OperatorCommand) -> str | None:
        if event.name not in COMMANDS:
            there_are = f"There is no command {event.name}; there are {', '.join(sorted(COMMANDS))}."
            return f"{there_are} {did_you_mean(event.name, COMMANDS)}".rstrip()
        books = self._engine.books
        if event.book and event.book not in books and event.book not in self._engine.fences.names:
            near = did_you_mean(event.book, books) or f"There are {', '.join(books)}."
            return f"There is no book {event.book}, so the command {event.name} does nothing. {near}"
        return None

    # ── the commands ────────────────────────────────────────────────────────────────────────────────────────────────

    def pause(self, event: OperatorCommand, draft: Draft) -> str:
        """Open nothing more and take back what is on its way; exits and stops go on."""
        engine, book = self._engine, event.book
        if book:
            if book in engine.paused:
                return f"The book {book} is paused already."
            engine.world.status.hold(book, Hold.PAUSED)
        elif engine.life.memory.paused_by_operator:
            return "The engine is paused already."
        elif not engine.life.move("pause", told(event), draft):
            raise CommandRefusedError(f"The engine is {engine.life.state}, so it can't be paused.")
        engine.trader.take_back_entries(draft, book)
        return ""

    def resume(self, event: OperatorCommand, draft: Draft) -> str:
        """Let entries pass again."""
        engine, book = self._engine, event.book
        if engine.halted:
            raise CommandRefusedError("Trading is halted, so nothing can be resumed: acknowledge first.")
        if not book:
            return self._resume_all(event, draft)
        if book not in engine.paused:
            return f"The book {book} is not paused."
        engine.world.status.release(book, Hold.PAUSED)
        return "" if engine.life.state == State.RUNNING else "The engine as a whole is still paused."

    def _resume_all(self, event: OperatorCommand, draft: Draft) -> str:
        engine, books = self._engine, ", ".join(sorted(self._engine.paused))
        still = f"These books were paused by name and stay so: {books}." if books else ""
        if not engine.life.memory.paused_by_operator:
            return f"The engine is not paused. {still}".rstrip()
        engine.life.move("resume", told(event), draft)
        return f"It goes on when the exchange is back. {still}".rstrip() if engine.life.memory.exchange_away else still

    def flatten(self, event: OperatorCommand, draft: Draft) -> str:
        """Close what is held, of one book or of all; rules go on deciding."""
        engine, book = self._engine, event.book
        if engine.halted and not engine.halt.complete:
            return "The halt is closing everything already."
        engine.governance.close(lambda instance: book in ("", instance.book.name), told(event), draft)
        halted = engine.halted or engine.life.memory.paused_by_operator or (book and book in engine.paused)
        return "" if halted else "Nothing is paused by this: where a rule says so, it is bought again."

    def halt(self, event: OperatorCommand, draft: Draft) -> str:
        """Begin an emergency halt, whatever the breaker says."""
        engine = self._engine
        if event.book:
            raise CommandRefusedError(f"A halt is for all books; pause or flatten {event.book} instead.")
        if engine.halted:
            return "Trading is halted already."
        engine.governance.begin_halt(told(event), draft)
        return ""

    def acknowledge(self, event: OperatorCommand, draft: Draft) -> str:
        """Leave a halt that is complete; one that is not is left on a confirmed word only."""
        engine = self._engine
        if not engine.halted:
            return "Nothing needs to be acknowledged: trading is not halted."
        if not engine.halt.complete and not event.confirmed:
            rest = engine.halt.told_open()
            raise CommandRefusedError(
                f"The halt is not complete. {rest} Acknowledge when it is, or confirm to leave the rest as it stands."
            )
        engine.governance.leave_halt(told(event), draft)
        return ""

    def purchase(self, event: OperatorCommand, draft: Draft) -> str:
        """Make up for a purchase: say what would be bought, and buy it when that was confirmed."""
        instance = self._buyer(event.book)
        found = self._usual_purchase(instance)
        if found is None:
            state = instance.snapshot.state
            raise CommandRefusedError(f"{instance.name} is {state} and has no rule that buys something now.")
        rule, ready = found
        if event.confirmed:
            outcomes = self._engine.decider.insist(instance, ready, draft)
            return f"{rule.id} was carried out: {_told_outcomes(outcomes)}."
        outcomes = self._engine.decider.rehearse(instance, ready, draft.at_ms)
        return f"{rule.id} would be carried out: {_told_outcomes(outcomes)}. Nothing was bought; confirm it to buy."

    def unfence(self, event: OperatorCommand, draft: Draft) -> str:
        """Let a book that was fenced off trade again."""
        fences, book = self._engine.fences, event.book
        if book in fences.faulty and book not in fences.fenced:
            wait = f"{book} is fenced off until its rule file is put right"
            raise CommandRefusedError(f"{wait}: {fences.faulty[book]}")
        fences.unfence(book, told(event), draft)
        return ""

    def adopt(self, event: OperatorCommand, draft: Draft) -> str:
        """Take what the exchange has and no book knows of into the books."""
        engine = self._engine
        engine.react(engine.orphans.adopt(self._of(event.book), told(event), draft), draft)
        return ""

    def close_orphan(self, event: OperatorCommand, draft: Draft) -> str:
        """Close what the exchange has and no book knows of."""
        engine = self._engine
        engine.react(engine.orphans.close(self._of(event.book), told(event), draft), draft)
        return ""

    def _of(self, book: str) -> list[Instance]:
        return [one for one in self._engine.instances.values() if book in ("", one.book.name)]

    def reload(self, event: OperatorCommand, _draft: Draft) -> str:
        """Read the rule files again; whoever runs the engine does, and tells it of them in an event of its own."""
        if event.book:
            raise CommandRefusedError("All rule files are read together; leave out the book.")
        return "The rule files are read, checked and tested; what comes of it is told as soon as that is done."

    def retire(self, event: OperatorCommand, draft: Draft) -> str:
        """Close what a book holds and give it no share any more."""
        engine, book = self._engine, event.book
        if not book:
            raise CommandRefusedError(f"Say which book to retire; there are {', '.join(engine.books)}.")
        engine.fences.retire(book, told(event), draft)
        engine.governance.close(lambda instance: instance.book.name == book, told(event), draft)
        return ""

    def reinstate(self, event: OperatorCommand, draft: Draft) -> str:
        """Take a retired book back."""
        self._engine.fences.reinstate(event.book, told(event), draft)
        return ""

    def _buyer(self, book: str) -> Instance:
        """The machine that buys on a schedule; of the named book, or of the only one there is."""
        buyers = [i for i in self._engine.instances.values() if PURCHASE in i.machine.table.triggers]
        if not book and len(buyers) == 1:
            return buyers[0]
        named = [instance for instance in buyers if instance.book.name == book]
        if named:
            return named[0]
        there_are = ", ".join(instance.book.name for instance in buyers) or "none"
        raise CommandRefusedError(f"Say for which book to purchase; those that buy on a schedule: {there_are}.")

    def _usual_purchase(self, instance: Instance) -> tuple[Rule, Ready] | None:
        """Rules go from the special to the usual: the last one that buys something in this state is meant."""
        for live in reversed(instance.by_state[instance.snapshot.state]):
            if live.rule.trigger == PURCHASE and live.rule.mode is Mode.LIVE:
                ready = instance.would_ask(live.rule.id, instance.symbols)
                if any(amount > 0 for amount in ready.arguments.get("amount", {}).values()):
                    return live.rule, ready
        return None

    # ── state ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def to_plain(self) -> list[str]:
        """The ids of the commands that were carried out."""
        return list(self._done)

    def restore(self, plain: list[str]) -> None:
        """Take back what `to_plain` gave."""
        self._done = dict.fromkeys(plain)


def told(event: OperatorCommand) -> str:
    """A command in words: what, who, from where and why."""
    where = f" ({event.source})" if event.source else ""
    return f"{event.name} by {event.actor}{where}: {event.reason or 'no reason given'}"


def _told_outcomes(outcomes: tuple[Outcome, ...]) -> str:
    return "; ".join(outcome_text(outcome) for outcome in outcomes) or "nothing to buy"


Command = Callable[[Commands, OperatorCommand, Draft], str]
COMMANDS: Mapping[str, Command] = {
    "pause": Commands.pause,
    "resume": Commands.resume,
    "flatten": Commands.flatten,
    "halt": Commands.halt,
    "acknowledge": Commands.acknowledge,
    "purchase": Commands.purchase,
    "unfence": Commands.unfence,
    "adopt": Commands.adopt,
    "close_orphan": Commands.close_orphan,
    RELOAD: Commands.reload,
    "retire": Commands.retire,
    "reinstate": Commands.reinstate,
}

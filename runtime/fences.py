"""Books and accounts that are fenced off, in quarantine or retired: whatever is wrong with them stays with them."""

from collections.abc import Collection, Mapping
from types import TracebackType
from typing import Any, Protocol

from runtime.draft import Draft
from runtime.status import Hold, Status
from runtime.step import Transition

TRADING, FENCED, RETIRED = "TRADING", "FENCED", "RETIRED"


class Named(Protocol):
    """Whatever something is done about."""

    @property
    def name(self) -> str:
        """How people call it."""
        ...


class Guard:
    """Lets an exception fence off the book inside whose code it was raised, and goes on."""

    __slots__ = ("_about", "_book", "_doing", "_draft", "_fences")

    def __init__(self, fences: "Fences", book: str, doing: str, draft: Draft, about: Named | None) -> None:
        self._fences, self._book, self._doing, self._draft, self._about = fences, book, doing, draft, about

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, _trace: TracebackType | None
    ) -> bool:
        """Fence the book off where something went wrong; what ends the program goes on ending it."""
        if problem is None or not isinstance(problem, Exception):
            return False
        told = f"{type(problem).__name__}: {problem}".strip(": ")
        about = "" if self._about is None else f" {self._about.name}"
        self._fences.fence(self._book, f"{self._doing}{about} failed ({told})", self._draft)
        return True


class Fences:
    """Why each book or account is fenced off; a person takes it back in. What they hold back stands in the status.

    Of a fenced account nothing but questions leaves. An account whose positions are not those of the books is in
    quarantine: it opens nothing, and closes what it has. So does a book whose file can't be used (`faulty`): its rules
    as they last were go on deciding about what it holds.
    """

    def __init__(self, status: Status) -> None:
        self.fenced: dict[str, str] = {}
        self.faulty: dict[str, str] = {}
        self.accounts: dict[str, str] = {}
        self.no_entries: dict[str, str] = {}
        self._status = status

    def around(self, book: str, doing: str, draft: Draft, about: Named | None = None) -> "Guard":
        """Fence a book off when an exception is raised inside; what had been decided until then stays."""
        return Guard(self, book, doing, draft, about)

    def fence(self, book: str, reason: str, draft: Draft) -> None:
        """Fence a book off and say so; one that is fenced already stays as it is."""
        if book in self.fenced:
            return
        self.fenced[book] = reason
        self._status.hold(book, Hold.FENCED)
        draft.records.append(Transition(book, "", "fence", TRADING, FENCED, reason))
        text = f"{book} is fenced off: {reason}. It opens nothing until it is unfenced; its stops stand, and it can be"
        draft.tell("P0", book, f"{text} flattened. Everything else trades on.")

    def read(self, faulty: Mapping[str, str], running: Collection[str], draft: Draft) -> None:
        """Fence off the books whose files can't be used, by the reasons given, and let in those whose files can again.

        Of `running` books there is a version that was in force before; the others don't run.
        """
        for book in [book for book in self.faulty if book not in faulty]:
            del self.faulty[book]
            self._status.release(book, Hold.FAULTY)
            draft.records.append(Transition(book, "", "unfence", FENCED, TRADING, "its rule file can be used"))
            draft.tell("P2", book, f"The rule file of {book} can be used again, and is in force.")
        for book, reason in faulty.items():
            if self.faulty.get(book) != reason:
                self._fence_faulty(book, reason, book in running, draft)

    def _fence_faulty(self, book: str, reason: str, runs: bool, draft: Draft) -> None:
        if book not in self.faulty:
            self._status.hold(book, Hold.FAULTY)
            draft.records.append(Transition(book, "", "fence", TRADING, FENCED, reason))
        self.faulty[book] = reason
        left = "what it holds is kept and closed by its rules as they last were" if runs else "it has never run"
        text = f"{book} is fenced off, because its rule file can't be used: {reason} It opens nothing; {left}."
        then = "; it is taken as soon as it can be" if runs else " and start again"
        draft.tell("P0", book, f"{text} Put the file right (`eternal check`){then}. Everything else trades on.")

    def fence_account(self, account: str, reason: str, draft: Draft) -> None:
        """Fence an account off and wake somebody, once."""
        if account not in self.accounts:
            self.accounts[account] = reason
            self._status.revoked.add(account)
            draft.tell("P0", "", f"The account {account} is fenced: {reason}")

    def keeps_out(self, account: str, symbol: str) -> str | None:
        """Say why nothing may be opened in a symbol of an account, or None."""
        return self.no_entries.get(account) or self.no_entries.get(f"{account}/{symbol}")

    def quarantine(self, account: str, reason: str | None) -> None:
        """Let an account (or `account/symbol`) open nothing, for a reason, until there is none."""
        if reason is None:
            self.no_entries.pop(account, None)
        else:
            self.no_entries[account] = reason

    def unfence(self, book: str, cause: str, draft: Draft) -> None:
        """Let a book or an account trade again."""
        if self.accounts.pop(book, None) is not None:
            self._status.revoked.discard(book)
            return
        if self.fenced.pop(book, None) is None:
            draft.tell("P2", book, f"{book or 'No book'} is not fenced; fenced are {', '.join(self.fenced) or 'none'}.")
            return
        self._status.release(book, Hold.FENCED)
        draft.records.append(Transition(book, "", "unfence", FENCED, TRADING, cause))

    def retire(self, book: str, cause: str, draft: Draft) -> None:
        """Take a book out for good: it has no share any more and opens nothing."""
        if book not in self.retired:
            self._status.hold(book, Hold.RETIRED)
            draft.records.append(Transition(book, "", "retire", TRADING, RETIRED, cause))

    def reinstate(self, book: str, cause: str, draft: Draft) -> None:
        """Take a retired book back."""
        if book in self.retired:
            self._status.release(book, Hold.RETIRED)
            draft.records.append(Transition(book, "", "reinstate", RETIRED, TRADING, cause))

    @property
    def names(self) -> frozenset[str]:
        """Every book and account that is fenced off."""
        return frozenset(self.reasons)

    @property
    def reasons(self) -> dict[str, str]:
        """Why each book and account is fenced off; an error counts before a bad rule file."""
        return {**self.faulty, **self.fenced, **self.accounts}

    @property
    def unfunded(self) -> frozenset[str]:
        """The books that may be given no money, because they can open nothing."""
        return frozenset(self.fenced) | frozenset(self.faulty)

    @property
    def retired(self) -> frozenset[str]:
        """The books that were taken out for good."""
        return self._status.held(Hold.RETIRED)

    @property
    def idle(self) -> frozenset[str]:
        """The books that decide nothing."""
        return frozenset(self.fenced) | self.retired

    def decides(self, book: str) -> bool:
        """Whether a book is not among the idle ones."""
        return book not in self.fenced and Hold.RETIRED not in self._status.holds.get(book, ())

    def to_plain(self) -> dict[str, Any]:
        """Give the reasons as plain data."""
        return {
            "books": dict(self.fenced),
            "faulty": dict(self.faulty),
            "accounts": dict(self.accounts),
            "no_entries": dict(self.no_entries),
        }

    def restore(self, plain: Mapping[str, Any]) -> None:
        """Take back what `to_plain` gave."""
        self.fenced, self.accounts = dict(plain["books"]), dict(plain["accounts"])
        self.no_entries, self.faulty = dict(plain["no_entries"]), dict(plain.get("faulty", {}))

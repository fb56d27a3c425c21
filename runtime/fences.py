"""Books and accounts that are shut off because something about them can't be right; a person lets them in again."""

from collections.abc import Mapping
from typing import Any

from runtime.draft import Draft
from runtime.requests import LookAtAccount, LookUpOrder, MoveMoney, Request


class Fences:
    """A fenced book decides nothing; of a fenced account nothing but questions leaves.

    An account whose positions are not those of the books is in quarantine: it opens nothing, and closes what it has.
    """

    def __init__(self) -> None:
        self.books: dict[str, str] = {}
        self.accounts: dict[str, str] = {}
        self.no_entries: dict[str, str] = {}

    def shut_book(self, book: str, reason: str, draft: Draft) -> None:
        """Fence a book and wake somebody, once."""
        if book not in self.books:
            self.books[book] = reason
            draft.tell("P0", book, f"{book} is fenced: {reason}")

    def shut_account(self, account: str, reason: str, draft: Draft) -> None:
        """Fence an account and wake somebody, once."""
        if account not in self.accounts:
            self.accounts[account] = reason
            draft.tell("P0", "", f"The account {account} is fenced: {reason}")

    def lift(self, name: str) -> bool:
        """Let a book or an account in again; False where there was no fence."""
        return (self.books.pop(name, None) or self.accounts.pop(name, None)) is not None

    def stops(self, book: str, account: str) -> bool:
        """Whether a book may not decide."""
        return book in self.books or account in self.accounts

    def keeps_out(self, account: str, symbol: str) -> str | None:
        """Say why nothing may be opened in a symbol of an account, or None."""
        return self.no_entries.get(account) or self.no_entries.get(f"{account}/{symbol}")

    def quarantine(self, account: str, reason: str | None) -> None:
        """Let an account (or `account/symbol`) open nothing, for a reason, until there is none."""
        if reason is None:
            self.no_entries.pop(account, None)
        else:
            self.no_entries[account] = reason

    def refuses(self, request: Request) -> str | None:
        """Say why a request may not leave, or None."""
        if isinstance(request, LookUpOrder | LookAtAccount):
            return None
        account = request.source if isinstance(request, MoveMoney) else request.account
        reason = self.accounts.get(account)
        return None if reason is None else f"the account {account} is fenced: {reason}"

    def to_plain(self) -> dict[str, Any]:
        """All fences as plain data."""
        return {"books": dict(self.books), "accounts": dict(self.accounts), "no_entries": dict(self.no_entries)}

    def restore(self, plain: Mapping[str, Mapping[str, str]]) -> None:
        """Take back what `to_plain` gave."""
        self.books, self.accounts = dict(plain["books"]), dict(plain["accounts"])
        self.no_entries = dict(plain["no_entries"])

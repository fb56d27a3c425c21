"""The engines that share the portfolio: which books each has, what they are worth, and who may be given money."""

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from rules.language.book import Book
from rules.language.sharing import Shares, Sharing
from runtime.capital import RESERVE
from runtime.portfolio import Portfolio

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Holder:
    """One engine with its running books: the account of each, and the part of the engine that it is meant to have."""

    name: str
    accounts: Mapping[str, str]
    parts: Mapping[str, Decimal]


class Holders:
    """All engines that run, by the names of the book of shares; `closed` gives the books that may be given nothing."""

    def __init__(
        self, sharing: Sharing, books: Mapping[str, Book], portfolio: Portfolio, closed: Callable[[], Set[str]]
    ) -> None:
        self.sharing = sharing
        self.portfolio = portfolio
        self._closed = closed
        found = (_holder(sharing, name, books) for name in sharing.base)
        self.all = {holder.name: holder for holder in found if holder.accounts}

    @property
    def has_reserve(self) -> bool:
        """Whether there is an account for what no engine has."""
        return RESERVE in self.portfolio.accounts

    def of_account(self, account: str) -> Holder | None:
        """Give the engine that an account belongs to; None for the reserve."""
        return next((holder for holder in self.all.values() if account in holder.accounts.values()), None)

    def named(self, name: str) -> Holder | None:
        """Give the running engine of a name, or the one that runs in its place."""
        group = next((group for group in self.sharing.alternatives if name in group), frozenset({name}))
        return self.all.get(name) or next((self.all[other] for other in sorted(group) if other in self.all), None)

    def open_books(self, holder: Holder) -> tuple[str, ...]:
        """Give the books of an engine that may be given money."""
        return tuple(book for book in holder.accounts if book not in self._closed())

    def equity(self, holder: Holder) -> Decimal | None:
        """Give what an engine is worth; None while something that it holds has no price."""
        total = ZERO
        for account in holder.accounts.values():
            equity = self.portfolio.equity(account)
            if equity is None:
                return None
            total += equity
        return total

    def receivers(self, to: Shares) -> dict[str, Decimal]:
        """Give the parts of those that can be given money, together 1; empty when there is nobody.

        The part of an engine that doesn't run goes to the reserve, that of one that is closed to the others.
        """
        parts: dict[str, Decimal] = {}
        for name, part in to.items():
            holder = self.named(name)
            if holder is None and self.has_reserve:
                parts[RESERVE] = parts.get(RESERVE, ZERO) + exact(part)
            elif holder is not None and self.open_books(holder):
                parts[holder.name] = parts.get(holder.name, ZERO) + exact(part)
        total = sum(parts.values(), ZERO)
        return {name: part / total for name, part in parts.items() if part} if total else {}

    def within(self, name: str, amount: Decimal, incoming: Mapping[str, Decimal]) -> dict[str, Decimal]:
        """Split an engine's money over the accounts of its open books, those furthest below their part first.

        `incoming` is what lies in an account already and isn't counted as its own.
        """
        holder = self.all.get(name)
        if holder is None:
            return {RESERVE: amount}
        books = self.open_books(holder)
        have = {
            book: (self.portfolio.equity(holder.accounts[book]) or ZERO) - incoming.get(holder.accounts[book], ZERO)
            for book in books
        }
        parts = {book: holder.parts[book] for book in books}
        whole = sum(have.values(), ZERO) + amount
        total = sum(parts.values(), ZERO)
        wanted = {book: (parts[book] / total if total else Decimal(1) / len(books)) * whole for book in books}
        split = most_underweight_first(amount, wanted, have)
        return {holder.accounts[book]: part for book, part in split.items()}


def most_underweight_first(
    amount: Decimal, wanted: Mapping[str, Decimal], have: Mapping[str, Decimal], reserve: Decimal = ZERO
) -> dict[str, Decimal]:
    """Fill up whoever lacks most, then the next, then the reserve; what is left then is split as is wanted.

    `wanted` and `have` are the money of each, `reserve` is what the reserve lacks. The parts add up to the amount,
    unless nobody wants anything.
    """
    lacks = {name: max(ZERO, wanted[name] - have[name]) for name in wanted}
    given: dict[str, Decimal] = {}
    left = amount
    for name, lack in (*sorted(lacks.items(), key=lambda item: -item[1]), (RESERVE, reserve)):
        given[name] = min(left, lack)
        left -= given[name]
    total = sum(wanted.values(), ZERO)
    if left > 0 and total > 0:
        given.update({name: given[name] + left * wanted[name] / total for name in wanted})
    return {name: part for name, part in given.items() if part > 0}


def exact(share: Fraction) -> Decimal:
    """Give a ratio as a decimal."""
    return Decimal(share.numerator) / Decimal(share.denominator)


def _holder(sharing: Sharing, name: str, books: Mapping[str, Book]) -> Holder:
    parts = {book: exact(part) for book, part in sharing.members(name).items() if book in books}
    return Holder(name, {book: books[book].account for book in parts}, parts)

"""What an engine is to trade: rules in force, books, candles and accounts, before anything is asked of an exchange."""

from dataclasses import dataclass
from pathlib import Path

from adapters.cli.configuration import WorkingFolder, accounts_needed
from adapters.cli.places import existing
from adapters.cli.rulebook import books_named, in_force
from adapters.cli.wanted import looked_at, needed
from rules.language.book import Book
from rules.language.rulebook import Rulebook
from runtime.capital import shares_of
from runtime.instrument import Market
from runtime.market_data import Key


@dataclass(frozen=True, slots=True)
class Trading:
    """Everything that follows from a working folder alone."""

    folder: WorkingFolder
    rules: Path
    rulebook: Rulebook
    books: tuple[Book, ...]
    accounts: tuple[str, ...]
    series: tuple[Key, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the books."""
        return tuple(book.name for book in self.books)

    @property
    def traded(self) -> tuple[tuple[Market, str], ...]:
        """What the books trade, and what their rules look at, each once."""
        own = [(Market(market), symbol) for book in self.books for market in book.markets for symbol in book.symbols]
        return tuple(dict.fromkeys([*own, *((market, symbol) for market, symbol, _ in self.series)]))

    @property
    def main(self) -> str | None:
        """The account whose keys may move money between all others."""
        return self.folder.configuration.main or None

    def trades_in(self, account: str) -> bool:
        """Whether a book places orders in an account."""
        return any(book.account == account for book in self.books)


def trading_of(folder: WorkingFolder) -> Trading:
    """Read the rules of a working folder; fails with every mistake in them."""
    configuration = folder.configuration
    rules = existing(folder.place(configuration.rules))
    rulebook = in_force(rules, configuration.environment)
    books = books_named(rulebook, configuration.books)
    shares_of(rulebook, configuration.books, {})
    accounts = accounts_needed(folder, [book.account for book in books])
    series = dict.fromkeys([*needed(rulebook, books), *looked_at(rulebook, books)])
    return Trading(folder, rules, rulebook, books, accounts, tuple(series))

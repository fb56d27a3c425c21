"""What an engine is to trade: rules in force, books, candles and accounts, before anything is asked of an exchange."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from adapters.cli.configuration import WorkingFolder, accounts_needed
from adapters.cli.places import existing
from adapters.cli.rulebook import books_named
from adapters.cli.spared_rules import FilesRead, Rules, read_rules
from adapters.cli.wanted import looked_at, needed
from rules.language.book import Book
from rules.language.rulebook import Rulebook
from rules.language.sparing import Fault
from runtime.capital import shares_of
from runtime.engine import Engine
from runtime.instrument import Market
from runtime.market_data import Key

MONEY = "USDT"


@dataclass(frozen=True, slots=True)
class Trading:
    """Everything that follows from a working folder alone; of its books those run that have usable rules."""

    folder: WorkingFolder
    rules: Rules
    books: tuple[Book, ...]
    accounts: tuple[str, ...]
    series: tuple[Key, ...]

    @property
    def rulebook(self) -> Rulebook:
        """What is in force."""
        return self.rules.rulebook

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What is wrong with the files of configured books."""
        return self.rules.faults_of(self.folder.configuration.books)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the books."""
        return tuple(book.name for book in self.books)

    @property
    def all_names(self) -> tuple[str, ...]:
        """The names of the books, also of those that can't run."""
        return self.folder.configuration.books

    @property
    def traded(self) -> tuple[tuple[Market, str], ...]:
        """What the books trade, and what their rules look at, each once."""
        own = [(Market(market), symbol) for book in self.books for market in book.markets for symbol in book.symbols]
        return tuple(dict.fromkeys([*own, *((market, symbol) for market, symbol, _ in self.series)]))

    @property
    def main(self) -> str | None:
        """The account whose keys may move money between all others."""
        return self.folder.configuration.main or None

    @property
    def lends(self) -> Mapping[str, tuple[str, ...]]:
        """The coins that books may lend out, by account."""
        found: dict[str, tuple[str, ...]] = {}
        for book in self.books:
            coins = tuple(symbol.removesuffix(MONEY) for symbol in book.lends)
            if coins:
                found[book.account] = tuple(dict.fromkeys((*found.get(book.account, ()), *coins)))
        return found

    def after(self, engine: Engine | None) -> "Trading":
        """Add what the rules look at by which an engine has traded so far: some of it may go by them for a while."""
        if engine is None:
            return self
        books = {(one.book.name, one.book.version): one.book for one in engine.instances.values()}
        older = [*engine.books.values(), *books.values()]
        series = [*self.series, *needed(engine.rulebook, older), *looked_at(engine.rulebook, older)]
        return replace(self, series=tuple(dict.fromkeys(series)))

    def trades_in(self, account: str) -> bool:
        """Whether a book places orders in an account."""
        return any(book.account == account for book in self.books)


def rules_of(folder: WorkingFolder) -> FilesRead:
    """Read the rule files of a working folder."""
    configuration = folder.configuration
    return read_rules(existing(folder.place(configuration.rules)), configuration.environment)


def trading_of(folder: WorkingFolder, rules: Rules | None = None) -> Trading:
    """Give what the rules of a working folder lead to; where none are given, fails with every mistake in its files."""
    rules = rules_of(folder).whole() if rules is None else rules
    rulebook, names = rules.rulebook, rules.running(folder.configuration.books)
    books = books_named(rulebook, names)
    shares_of(rulebook, names, {})
    left_out = [one.account for one in rules.faults_of(folder.configuration.books) if not one.runs]
    accounts = accounts_needed(folder, [*(book.account for book in books), *left_out])
    series = dict.fromkeys([*needed(rulebook, books), *looked_at(rulebook, books)])
    return Trading(folder, rules, books, accounts, tuple(series))


def trading_around(folder: WorkingFolder, read: FilesRead, kept: Mapping[str, str]) -> Trading:
    """Give what the rules of a working folder lead to without the books whose files can't be used.

    `kept` are the texts that were last in force, by path. Fails with every mistake where no book is left, or where it
    can't be told which account a book has.
    """
    names = folder.configuration.books
    rules = read.usable(kept, names)
    nowhere = any(not fault.runs and not fault.account for fault in rules.faults_of(names))
    if nowhere or not rules.running(names):
        raise read.refusal
    return trading_of(folder, rules)

"""How the money of a portfolio is split over the sub-accounts of its books."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from rules.language.rulebook import Rulebook
from runtime.instrument import Instrument, Market
from runtime.portfolio import Portfolio

RESERVE = "RESERVE"
ONE = Decimal(1)


class CapitalError(Exception):
    """The books asked for can't share one portfolio; the sentence says why and what to do."""


def shares_of(rulebook: Rulebook, books: Sequence[str], overrides: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """The share of each book, from the rule files or as asked; raises CapitalError where they don't fit together."""
    owners: dict[str, str] = {}
    for name in books:
        account = rulebook.books[name].account
        if account in owners:
            raise CapitalError(f"{owners[account]} and {name} both use the sub-account {account}: run one of them.")
        owners[account] = name
    missing = [name for name in books if name not in overrides and name not in rulebook.shares]
    if missing:
        raise CapitalError(f"{missing[0]} has no share of the portfolio: give it one in rules/governance/shares.yaml.")
    shares = {name: overrides[name] if name in overrides else _decimal(rulebook.shares[name]) for name in books}
    total = sum(shares.values())
    if total > ONE:
        raise CapitalError(f"The shares of {', '.join(books)} add up to {total:.0%}; they can be 100% at most.")
    return shares


def _decimal(share: Fraction) -> Decimal:
    return Decimal(share.numerator) / Decimal(share.denominator)


def portfolio_of(
    rulebook: Rulebook,
    shares: Mapping[str, Decimal],
    capital: Decimal,
    instruments: Mapping[tuple[Market, str], Instrument],
) -> Portfolio:
    """A portfolio in which every book's sub-account has its share; what no book has stays in the reserve."""
    return Portfolio(instruments, wallets_of(rulebook, shares, capital))


def wallets_of(rulebook: Rulebook, shares: Mapping[str, Decimal], capital: Decimal) -> dict[str, dict[str, Decimal]]:
    """The USDT of every sub-account and of the reserve; together exactly the capital."""
    wallets = {rulebook.books[name].account: {"USDT": capital * share} for name, share in shares.items()}
    rest = capital - sum((wallet["USDT"] for wallet in wallets.values()), Decimal(0))
    return {**wallets, RESERVE: {"USDT": rest}}

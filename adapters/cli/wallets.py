"""What the accounts of an exchange on this machine begin with."""

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rules.language.rulebook import Rulebook

WALLETS, HANDED_OUT = "accounts.json", "exchange-keys.json"


def write_wallets(file: Path, rulebook: "Rulebook", books: Sequence[str], capital: Decimal) -> None:
    """Divide the capital (USDT) among the accounts of the books as their shares say, and write it as JSON."""
    from runtime.capital import RESERVE, shares_of, wallets_of

    wallets = wallets_of(rulebook, shares_of(rulebook, books, {}), capital)
    # The first account is the main one, which may move money between all others.
    names = dict.fromkeys([RESERVE, *(rulebook.books[book].account for book in books)])
    coins = {name: {"USDT": str(wallets[name]["USDT"])} for name in names}
    file.write_text(json.dumps(coins, indent=2) + "\n", encoding="utf-8")

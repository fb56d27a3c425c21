"""Money from outside: split over the engines, whoever lacks most first, by transfers from where it arrived."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import ROUND_DOWN, Decimal
from typing import Any

from machines.intents import Transfer
from rules.language.evaluate import Value
from rules.language.sharing import Deposits as DepositRules
from runtime.capital import RESERVE
from runtime.decimals import plain, readable
from runtime.decisions import Note, decision
from runtime.draft import Draft
from runtime.holders import Holder, Holders, exact, most_underweight_first
from runtime.step import Approved, Outcome
from runtime.transfers import NOBODY, STEP, Transfers, transfer_ids

ZERO = Decimal(0)
RULE = "deposit"
WHY = "Money from outside goes to whoever is furthest below its share."


class Deposits:
    """What has arrived and is not split yet by account, and the transfers that are splitting it."""

    def __init__(
        self, rules: DepositRules, when: Callable[[], Value], holders: Holders, transfers: Transfers, note: Note
    ) -> None:
        self.waiting: dict[str, Decimal] = {}
        self.moving: dict[str, tuple[str, Decimal]] = {}
        self._rules = rules
        self._at_least = exact(rules.at_least)
        self._when = when
        self._holders = holders
        self._transfers = transfers
        self._note = note

    def arrived(self, account: str, amount: Decimal) -> None:
        """Remember money that has come to an account from outside."""
        self.waiting[account] = self.waiting.get(account, ZERO) + amount

    def left(self, account: str, amount: Decimal) -> None:
        """Forget what the owner has taken out again before it was split."""
        waiting = self.waiting.pop(account, ZERO) - amount
        if waiting > 0:
            self.waiting[account] = waiting

    def failed(self, transfer_id: str) -> None:
        """Go on waiting with what a refused transfer has not moved."""
        account, amount = self.moving.pop(transfer_id, ("", ZERO))
        if account:
            self.arrived(account, amount)

    def busy(self) -> bool:
        """Whether a split is under way."""
        self.moving = {name: leg for name, leg in self.moving.items() if self._transfers.knows(name)}
        return bool(self.moving)

    def split(self, targets: Mapping[str, Decimal], draft: Draft) -> None:
        """Split what waits, one account's money after the other; it goes on waiting while the rules say so."""
        while self.waiting and not self.busy() and self._when() is True:
            account, arrived = next(iter(self.waiting.items()))
            portfolio = self._holders.portfolio
            amount = min(arrived, portfolio.available(account, portfolio.money))
            split = self._parts(account, amount, targets)
            if split is None:
                return
            del self.waiting[account]
            if amount > 0 and amount >= self._at_least:
                self._send(account, amount, split, draft)

    def _parts(self, account: str, amount: Decimal, targets: Mapping[str, Decimal]) -> dict[str, Decimal] | None:
        """Give what each account gets of a deposit; None while something that is held has no price."""
        holders, portfolio = self._holders, self._holders.portfolio
        total = portfolio.equity()
        open_to = [holder for holder in holders.all.values() if holders.open_books(holder)]
        have = {holder.name: self._own(holder, account, amount) for holder in open_to}
        known = {name: equity for name, equity in have.items() if equity is not None}
        if total is None or len(known) < len(have):
            return None
        lacks = ZERO
        if holders.has_reserve:
            lies = (portfolio.equity(RESERVE) or ZERO) - (amount if account == RESERVE else ZERO)
            lacks = max(ZERO, (1 - sum(targets.values())) * total - lies)
            if len(open_to) < len(holders.all):
                # What would be that of an engine that can be given nothing waits for it.
                lacks = amount
        wanted = {name: targets[name] * total for name in known}
        split: dict[str, Decimal] = {}
        for name, part in most_underweight_first(amount, wanted, known, lacks).items():
            for to, money in holders.within(name, part, {account: amount}).items():
                split[to] = split.get(to, ZERO) + money
        return split

    def _own(self, holder: Holder, account: str, amount: Decimal) -> Decimal | None:
        """Give what an engine has without what has just arrived in its account."""
        equity = self._holders.equity(holder)
        return equity - amount if equity is not None and account in holder.accounts.values() else equity

    def _send(self, account: str, amount: Decimal, split: Mapping[str, Decimal], draft: Draft) -> None:
        parts = {to: part.quantize(STEP, ROUND_DOWN) for to, part in split.items()}
        answers: list[Outcome] = []
        for to, part in parts.items():
            if to != account and part > 0 and part >= self._at_least:
                answers.append(self._transfers.ask(account, NOBODY, RULE, Transfer(to, part), draft))
        for answer in answers:
            if isinstance(answer, Approved):
                self.moving.update({name: (account, moved) for name, moved in transfer_ids(answer)})
        words = ", ".join(f"{readable(part)} to {to}" for to, part in parts.items()) or "all of it stays"
        draft.tell("P2", "", f"{readable(amount)} USDT came to {account}: {words}.")
        arguments = {"account": account, "amount": f"{readable(amount)} USDT"}
        made = decision(RULE, self._rules.place, WHY)
        self._note(replace(made, arguments=arguments, outcomes=tuple(answers)), draft)

    def to_plain(self) -> dict[str, Any]:
        """Give what waits and what moves as plain data."""
        return {
            "waiting": {account: plain(amount) for account, amount in self.waiting.items()},
            "moving": {name: [account, plain(amount)] for name, (account, amount) in self.moving.items()},
        }

    def restore(self, data: Mapping[str, Any]) -> None:
        """Take back what `to_plain` gave."""
        self.waiting = {account: Decimal(amount) for account, amount in data["waiting"].items()}
        self.moving = {name: (account, Decimal(amount)) for name, (account, amount) in data["moving"].items()}

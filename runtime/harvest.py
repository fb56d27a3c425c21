"""Cuts an engine that has outgrown its share back to it, and hands what was cut to the others."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_DOWN, Decimal
from typing import Any

from machines.intents import Sell, Transfer, Urgency
from rules.language.evaluate import Value
from rules.language.explain import Explained
from rules.language.sharing import Cut
from rules.language.sharing import Harvest as HarvestRules
from runtime.decimals import percent, plain, readable
from runtime.decisions import Note, decision
from runtime.draft import Draft
from runtime.figures import Figures
from runtime.holders import Holder, Holders, exact
from runtime.instance import Instance
from runtime.instrument import Market
from runtime.requests import PlaceOrder
from runtime.step import Approved, Outcome
from runtime.trader import Trader
from runtime.transfers import NOBODY, STEP, transfer_ids

ZERO = Decimal(0)
RULE = "volatility_harvest"
WHY = "The engine has outgrown its share, so it is cut back to it."


@dataclass(frozen=True, slots=True)
class Asked:
    """When an engine is harvested, and why, as compiled for it."""

    when: Callable[[], Value]
    trace: Callable[[], Explained]


@dataclass(slots=True)
class Cutting:
    """One harvest under way: the transfers and sales that are not done, and what each book still has to hand over."""

    engine: str
    transfers: set[str] = field(default_factory=set)
    sales: dict[str, str] = field(default_factory=dict)
    rest: dict[str, Decimal] = field(default_factory=dict)

    def to_plain(self) -> dict[str, Any]:
        """Give it as plain data."""
        rest = {book: plain(amount) for book, amount in self.rest.items()}
        return {"engine": self.engine, "transfers": sorted(self.transfers), "sales": dict(self.sales), "rest": rest}

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> "Cutting":
        """Read what `to_plain` wrote."""
        rest = {book: Decimal(amount) for book, amount in data["rest"].items()}
        return cls(data["engine"], set(data["transfers"]), dict(data["sales"]), rest)


class Harvest:
    """One engine at a time: free cash goes at once, that of sold coins when the sales are done."""

    def __init__(
        self,
        rules: HarvestRules,
        asked: Mapping[str, Asked],
        holders: Holders,
        instances: Mapping[tuple[str, str], Instance],
        trader: Trader,
        note: Note,
    ) -> None:
        self.cutting: Cutting | None = None
        self._rules = rules
        self._asked = asked
        self._holders = holders
        self._instances = instances
        self._trader = trader
        self._note = note

    def begin(self, figures: Mapping[str, Figures], draft: Draft) -> None:
        """Cut the first engine that has outgrown its share and has something that can be moved."""
        for holder in self._holders.all.values():
            if self.cutting is not None:
                return
            cut = self._rules.cuts.get(holder.name)
            if cut is not None and self._asked[holder.name].when() is True:
                self._cut(holder, cut, figures[holder.name], draft)

    def follow(self, draft: Draft) -> None:
        """Hand over what finished sales have brought; the harvest ends when nothing of it is under way."""
        cutting = self.cutting
        if cutting is None:
            return
        tickets = self._trader.desk.tickets
        for book in list(dict.fromkeys(cutting.sales.values())):
            orders = [name for name, owner in cutting.sales.items() if owner == book]
            if any(name in tickets and tickets[name].live for name in orders):
                continue
            cutting.sales = {name: owner for name, owner in cutting.sales.items() if owner != book}
            holder, cut = self._holders.all[cutting.engine], self._rules.cuts[cutting.engine]
            answers = self._hand_over(holder, book, cutting.rest.pop(book), cut, draft)
            arguments = {"engine": cutting.engine, "of": "the coins that were sold"}
            made = replace(decision(RULE, self._rules.place, WHY), book=book, arguments=arguments, outcomes=answers)
            self._note(made, draft)
        cutting.transfers = {name for name in cutting.transfers if self._trader.transfers.knows(name)}
        if not cutting.transfers and not cutting.sales:
            self.cutting = None

    # ── one engine ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _cut(self, holder: Holder, cut: Cut, figures: Figures, draft: Draft) -> None:
        total = self._holders.portfolio.equity()
        if total is None or figures.weight is None or figures.target is None or not self._holders.receivers(cut.to):
            return
        excess = (figures.weight - figures.target) * total
        books = self._excess_by_book(holder, excess)
        least = exact(self._rules.at_least) * total
        if sum((self._movable(holder, book, amount, cut) for book, amount in books.items()), ZERO) < least:
            return
        self.cutting = Cutting(holder.name)
        trace = self._asked[holder.name].trace()
        arguments = {
            "engine": holder.name,
            "weight": percent(round(figures.weight, 6)),
            "share": percent(round(figures.target, 6)),
            "excess": f"{readable(excess)} USDT",
        }
        text = (
            f"Volatility harvest: {holder.name} is {percent(round(figures.weight, 4))} of the portfolio, its share is "
        )
        draft.tell("P2", "", f"{text}{percent(round(figures.target, 4))}: {readable(excess)} USDT are cut.")
        for book, amount in books.items():
            answers = self._cut_book(holder, book, amount, cut, draft)
            made = replace(decision(RULE, self._rules.place, WHY), book=book, arguments=arguments)
            self._note(replace(made, trace=trace, outcomes=answers), draft)

    def _excess_by_book(self, holder: Holder, excess: Decimal) -> dict[str, Decimal]:
        """Give what each book has above its part of what the engine shall have left."""
        portfolio = self._holders.portfolio
        have = {book: portfolio.equity(account) or ZERO for book, account in holder.accounts.items()}
        left, parts = sum(have.values(), ZERO) - excess, sum(holder.parts.values(), ZERO)
        above = {book: max(ZERO, have[book] - left * holder.parts[book] / parts) for book in have}
        total = sum(above.values(), ZERO)
        return {book: amount * excess / total for book, amount in above.items() if amount > 0}

    def _movable(self, holder: Holder, book: str, amount: Decimal, cut: Cut) -> Decimal:
        portfolio, account = self._holders.portfolio, holder.accounts[book]
        cash = min(amount, portfolio.available(account, portfolio.money))
        return amount if cut.sells and self._values(book) else cash

    def _cut_book(self, holder: Holder, book: str, amount: Decimal, cut: Cut, draft: Draft) -> tuple[Outcome, ...]:
        portfolio, account = self._holders.portfolio, holder.accounts[book]
        cash = min(amount, portfolio.available(account, portfolio.money))
        handed = self._hand_over(holder, book, cash, cut, draft)
        rest = amount - cash
        return (*handed, *self._sell(book, rest, draft)) if cut.sells and rest > 0 else handed

    def _hand_over(self, holder: Holder, book: str, amount: Decimal, cut: Cut, draft: Draft) -> tuple[Outcome, ...]:
        """Transfer money of a book to those that are given what is cut; as much as is free."""
        portfolio, account = self._holders.portfolio, holder.accounts[book]
        amount = min(amount, portfolio.available(account, portfolio.money))
        split: dict[str, Decimal] = {}
        for name, part in self._holders.receivers(cut.to).items():
            for to, money in self._holders.within(name, amount * part, {}).items():
                split[to] = split.get(to, ZERO) + money.quantize(STEP, ROUND_DOWN)
        answers = [
            self._trader.transfers.ask(account, NOBODY, RULE, Transfer(to, money), draft)
            for to, money in split.items()
            if money > 0
        ]
        assert self.cutting is not None
        self.cutting.transfers |= {name for one in approved(answers) for name, _ in transfer_ids(one)}
        return tuple(answers)

    # ── coins ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _values(self, book: str) -> dict[str, tuple[Instance, Decimal]]:
        """Give what a book's coins are worth by symbol, each with its machine."""
        found: dict[str, tuple[Instance, Decimal]] = {}
        for instance in self._instances.values():
            if instance.book.name != book or instance.view.market is not Market.SPOT:
                continue
            for symbol in instance.symbols:
                price = instance.view.price(symbol)
                if price is not None and self._holders.portfolio.holds(instance.book.account, Market.SPOT, symbol):
                    found[symbol] = instance, instance.view.position(symbol).notional(price)
        return found

    def _sell(self, book: str, amount: Decimal, draft: Draft) -> tuple[Outcome, ...]:
        """Sell the same part of every coin, so that the weights among them stay."""
        values = self._values(book)
        total = sum((value for _, value in values.values()), ZERO)
        answers = []
        for symbol, (instance, value) in values.items():
            intent = Sell(symbol, min(value, amount * value / total), Urgency.NORMAL)
            answers.append(self._trader.consider(instance, RULE, intent, draft))
        orders = [one for answer in approved(answers) for one in answer.requests if isinstance(one, PlaceOrder)]
        assert self.cutting is not None
        self.cutting.sales.update({order.order_id: book for order in orders})
        if orders:
            self.cutting.rest[book] = amount
        return tuple(answers)

    def to_plain(self) -> dict[str, Any] | None:
        """Give the harvest under way as plain data."""
        return None if self.cutting is None else self.cutting.to_plain()

    def restore(self, data: Mapping[str, Any] | None) -> None:
        """Take back what `to_plain` gave."""
        self.cutting = None if data is None else Cutting.from_plain(data)


def approved(answers: Iterable[Outcome]) -> list[Approved]:
    """Give the answers that were a yes."""
    return [answer for answer in answers if isinstance(answer, Approved)]

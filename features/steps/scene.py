"""What a scenario gives before its first candle; the world begins when something is asked of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from features.steps.course import Course
from features.steps.fired import FIRED, remember
from features.steps.rule_files import SHIPPED, RuleFiles
from features.steps.words import Series
from features.steps.world import RESERVE, Beginning, Past, World
from rules.language.rulebook import Rulebook
from runtime.capital import wallets_of
from runtime.instrument import Market

MONDAY_MS = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp() * 1000)
ZERO = Decimal(0)


@dataclass(slots=True)
class Scene:
    """Books, money, holdings and past candles, in any order; `in_force` are the rule files that are traded by."""

    files: RuleFiles
    accounts: dict[str, Decimal | None] = field(default_factory=dict)
    portfolio: Decimal | None = None
    holdings: list[tuple[str, str, Decimal]] = field(default_factory=list)
    past: Past = field(default_factory=dict)
    watched: set[Market] = field(default_factory=set)
    start_ms: int = MONDAY_MS
    slippage: Decimal = ZERO
    follows_shares: bool = False
    in_force: Mapping[str, str] = field(default_factory=dict)
    _world: World | None = None

    @property
    def begun(self) -> bool:
        """Whether anything has happened yet."""
        return self._world is not None

    @property
    def world(self) -> World:
        """What happens; it begins here when it has not begun."""
        if self._world is None:
            self._world = World(self._beginning())
        return self._world

    def before(self) -> None:
        """Make sure that nothing has happened yet."""
        assert not self.begun, "This can only be given before the first candle comes: move the step up."

    # ── what is meant where nothing is named ────────────────────────────────────────────────────────────────────────

    def book(self, name: str | None) -> str:
        """The book that is meant; the only one where none is named."""
        if name is not None:
            return name
        assert len(self.accounts) == 1, f"Say which book is meant: {' or '.join(self.accounts) or 'none is given'}."
        return next(iter(self.accounts))

    def symbol(self, name: str | None) -> str:
        """The symbol that is meant; the first that was given candles where none is named."""
        if name is not None:
            return name
        assert self.past or self.begun, "Give some candles first, or say which symbol is meant."
        return next((of.symbol for of in self.past), "") or self.world.candles.keys[0][1]

    def extend(self, of: Series, courses: Sequence[Course]) -> None:
        """Let candles follow on those that are given already."""
        self.before()
        self.past.setdefault(of, []).extend(courses)

    def last_close(self, of: Series) -> float | None:
        """The close at which the given candles end so far."""
        courses = self.past.get(of)
        return courses[-1].close if courses else None

    # ── the beginning ───────────────────────────────────────────────────────────────────────────────────────────────

    def _beginning(self) -> Beginning:
        """Books that were given money of their own keep it; where one has its share, money follows the shares."""
        rulebook, self.in_force = self.files.rulebook(), self.files.texts
        assert self.accounts, 'Give a book first: Given the book "trend-1" with a sub-account of 100,000 USDT.'
        for name in self.accounts:
            assert name in rulebook.books, f"There is no book {name}; there are {', '.join(rulebook.books)}."
        shared = self.follows_shares or None in self.accounts.values()
        return Beginning(
            rulebook=rulebook if shared else replace(rulebook, sharing=None),
            books=tuple(self.accounts),
            wallets=self._wallets(rulebook),
            past=self.past,
            markets=self._markets(rulebook),
            start_ms=self.start_ms,
            slippage=self.slippage,
        )

    def _wallets(self, rulebook: Rulebook) -> dict[str, dict[str, Decimal]]:
        money = {name: amount for name, amount in self.accounts.items() if amount is not None}
        whole = sum(money.values(), ZERO) if self.portfolio is None else self.portfolio
        by_share = [name for name in self.accounts if name not in money]
        shares = {name: _decimal(rulebook.shares[name]) for name in by_share}
        assert not by_share or self.portfolio, f"Say how much {by_share[0]} has, or give a portfolio to share."
        wallets = wallets_of(rulebook, {**{name: amount / whole for name, amount in money.items()}, **shares}, whole)
        for name, amount in money.items():
            wallets[rulebook.books[name].account]["USDT"] = amount
        rest = whole - sum((w["USDT"] for account, w in wallets.items() if account != RESERVE), ZERO)
        assert rest >= 0, "The sub-accounts have more than the whole portfolio."
        wallets[RESERVE]["USDT"] = rest
        for owner, coin, amount in self.holdings:
            wallet = wallets[RESERVE if owner == RESERVE else rulebook.books[owner].account]
            wallet[coin] = wallet.get(coin, ZERO) + amount
        return wallets

    def _markets(self, rulebook: Rulebook) -> tuple[Market, ...]:
        traded = {Market(market) for name in self.accounts for market in rulebook.books[name].markets}
        held = {Market.SPOT} if any(coin != "USDT" for _, coin, _ in self.holdings) else set()
        named = {of.market for of in self.past if of.market is not None}
        return tuple(sorted(traded | held | named | self.watched))


def _decimal(share: Fraction) -> Decimal:
    return Decimal(share.numerator) / share.denominator


@pytest.fixture
def scene(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Scene]:
    """One scenario; at its end the engine's books have to agree with the exchange's."""
    config = request.config
    scene = Scene(RuleFiles(tmp_path / "rules", config.getoption("--rules", None) or SHIPPED))
    yield scene
    if scene.begun:
        world = scene.world
        books = [world.rulebook.books[name] for name in world.books]
        remember(config.stash.setdefault(FIRED, {}), books, world.journal.all_decisions())
        world.audit()
